using System.Diagnostics;
using System.Text;
using Pursuit.Engine.Statistics;
using Pursuit.Jobs;
using Pursuit.Jobs.Export;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;
using Pursuit.Storage;

namespace Pursuit.Engine.Proof;

/// <summary>Makes a proof's selections, each in a directory of its own that <c>pursuit select</c> could have written.</summary>
internal sealed class ProofSelections(RunDirectory run, ProveOptions options, ProofInputs inputs, IProgress<WorkProgress>? progress)
{
    private const string CostName = "cost.json";

    private readonly ProofFeatures _features = new(run, options, inputs.Pool, inputs.MaxLength, progress);
    private readonly Lazy<Dictionary<ContentId, int>> _positions = new(
        () => Enumerable.Range(0, inputs.Pool.Count).ToDictionary(i => inputs.Pool.ContentIds[i]));

    /// <summary>Chooses.</summary>
    /// <param name="method">How.</param>
    /// <param name="budget">How much.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="target">The target's number, or null for a method that reads none.</param>
    /// <param name="targetName">Its name, for the directory.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public ProofSelection Select(
        ProofMethod method, Budget budget, ulong seed, int? target, string? targetName, CancellationToken cancellationToken)
    {
        if (method.IsAuto) return SelectByTrial(budget, seed, target!.Value, targetName!, cancellationToken);
        var directory = Path.Combine(
            run.PathOf("selections"),
            FileNames.Spell($"{method.Label} {budget}{(targetName is null ? "" : " " + targetName)} seed {seed}"));
        Disk.CreateDirectory(directory);
        var reads = method.Needs.ReadsFeatures();
        var selecting = new SelectJobOptions
        {
            Pool = options.Pool,
            Targets = target is { } t ? [options.Targets[t]] : [],
            Features = options.Features,
            TargetFeatures = reads && target is { } f && options.TargetFeatures.Count > 0 ? options.TargetFeatures[f] : null,
            ComputesFeatures = options.Features is null,
            ModelDirectory = options.Model,
            Budget = budget,
            Method = method.Name,
            On = method.On,
            Settings = [.. options.Settings, .. method.Settings],
            Out = Path.Combine(directory, "selected.jsonl"),
            Seed = seed,
            MaxLength = inputs.MaxLength,
            TemplateSettings = options.TemplateSettings,
        };
        var (summary, featureSeconds, tokens, bytes) = reads && options.Features is null
            ? _features.Use(
                method,
                target,
                targetName,
                source => Run(selecting, source, cancellationToken),
                cancellationToken)
            : (
                Run(selecting, null, cancellationToken),
                0,
                0,
                reads ? SizeOf(options.Features!) + (selecting.TargetFeatures is { } own ? SizeOf(own) : 0) : 0);

        var costPath = Path.Combine(directory, CostName);
        var isKept = SealedJson.TryRead<KeptCost>(costPath, out var kept, out _) && kept.Selection == summary.Selection;
        if (!isKept || !summary.Reused)
        {
            // A method that tells how often it passed over the features knows the bytes better.
            if (summary.Details?.As<MethodDetails>()?.FeatureBytes is { } read) bytes = read;
            var cost = new SelectionCost(
                summary.Seconds + featureSeconds, tokens, bytes + inputs.Pool.Sources.Sum(s => s.Bytes))
            { FeatureSeconds = featureSeconds };
            kept = new KeptCost(summary.Selection!, cost);
            SealedJson.Write(costPath, kept);
        }

        return new ProofSelection(Rows(summary.Files["facts"]), kept!.Cost, summary.Remarks);
    }

    /// <summary>Lets trainings on halves of the target choose the method, and selects by it.</summary>
    private ProofSelection SelectByTrial(Budget budget, ulong seed, int target, string targetName, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var auto = AutoOptions.Of(options.Settings);
        var directory = Path.Combine(run.PathOf("auto"), FileNames.Spell($"{budget} {targetName} seed {seed}"));
        using var own = RunDirectory.Open(directory);
        own.OnDamage = run.OnDamage;
        foreach (var candidate in auto.Candidates(options.FeaturesRun).Where(c => c.Needs.ReadsFeatures()))
            _features.Make(candidate, cancellationToken);
        var recipe = options with { FeaturesRun = _features.Directory };
        var verdict = new AutoTrial(own, recipe, auto, progress)
            .Choose(inputs, [options.Targets[target]], budget, seed, cancellationToken);
        SealedJson.Write(own.PathOf(AutoVerdict.FileName), verdict);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var selection = Select(verdict.Chosen, budget, seed, target, targetName, cancellationToken);
        // A trial that is only read again took its time in an earlier process.
        var kept = own.PathOf(CostName);
        if (!SealedJson.TryRead<KeptTrial>(kept, out var cost, out _))
        {
            cost = new KeptTrial(seconds, verdict.Tokens);
            SealedJson.Write(kept, cost);
        }

        return selection with
        {
            Cost = selection.Cost with
            {
                Seconds = selection.Cost.Seconds + cost.Seconds,
                ModelTokens = selection.Cost.ModelTokens + cost.Tokens,
            },
            Remarks = [.. selection.Remarks, $"{targetName}: {verdict}"],
        };
    }

    /// <summary>What choosing a method by trainings took.</summary>
    private sealed record KeptTrial(double Seconds, long Tokens);

    /// <summary>What a selection took, and the fingerprint that says which selection.</summary>
    private sealed record KeptCost(string Selection, SelectionCost Cost);

    private SelectSummary Run(SelectJobOptions selecting, IFeatureSource? source, CancellationToken cancellationToken)
    {
        using var own = RunDirectory.Open(selecting.RunPath);
        own.OnDamage = run.OnDamage;
        var job = new SelectJob(selecting, progress)
        {
            Features = source,
            Statistics = Statistics(selecting),
            RowDevice = options.Device.RowDevice,
        };
        return job.Run(own, cancellationToken);
    }

    /// <summary>
    /// Token statistics by the proof's model, made once in the proof's own run for all selections. From scratch the model is a shape
    /// that knows nothing: data probes are trained on the pool instead.
    /// </summary>
    private StatisticsSource Statistics(SelectJobOptions selecting)
    {
        var probe = new ProbeOptions();
        MethodOptions.Fill(probe, MethodOptions.ProbeOwner, selecting.Settings);
        var recipe = new StatisticsRecipe
        {
            Model = options.FromScratch ? null : options.Model,
            MaxLength = inputs.MaxLength,
            TemplateSettings = options.TemplateSettings,
            Options = probe,
            Warmup = options.FeatureOptions,
            Threads = options.Workers.Threads,
            Device = options.Device,
        };
        return new StatisticsSource(recipe, run, progress);
    }

    private List<RankedRow> Rows(string facts) =>
    [
        .. File.ReadLines(facts)
            .Select((line, k) => JsonFile.Read<SelectedRecord>(
                Encoding.UTF8.GetBytes(line), $"{facts}, line {k + 1}", RunJson.Compact, "a line of a .selection.jsonl"))
            .Select(r => new RankedRow(_positions.Value[ContentId.Parse(r.ContentId)], r.Score, r.Weight)),
    ];

    private static long SizeOf(string path) =>
        Directory.Exists(path)
            ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length)
            : new FileInfo(path).Length;
}

/// <summary>What was chosen, and what choosing took.</summary>
/// <param name="Rows">The chosen rows with their weights.</param>
/// <param name="Cost">What it took.</param>
/// <param name="Remarks">What the method wants known.</param>
internal sealed record ProofSelection(IReadOnlyList<RankedRow> Rows, SelectionCost Cost, IReadOnlyList<string> Remarks);
