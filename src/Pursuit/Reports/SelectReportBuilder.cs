using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Reports;

/// <summary>Builds the model of a selection's report.</summary>
internal sealed class SelectReportBuilder
{
    private const int MostSources = 200;
    private const int MostReasons = 20;
    private const int MostPairs = 1_000;

    private readonly SelectedRun _run;
    private readonly SelectSummary _summary;
    private readonly IReadOnlyList<RankedRow> _rows;
    private readonly ShownPaths _paths;

    private SelectReportBuilder(SelectedRun run, SelectSummary summary)
    {
        _run = run;
        _summary = summary;
        _rows = run.Selection.Rows;
        _paths = new ShownPaths(run.Options.RunPath);
    }

    /// <summary>Builds it.</summary>
    /// <param name="run">The selection with what it was made of.</param>
    /// <param name="summary">What it came to.</param>
    /// <param name="command">The command that repeats it.</param>
    /// <param name="progress">Told how far long work has come.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    public static SelectReport Build(
        SelectedRun run, SelectSummary summary, string command, IProgress<WorkProgress>? progress, CancellationToken cancellationToken) =>
        new SelectReportBuilder(run, summary).Build(command, progress, cancellationToken);

    private SelectReport Build(string command, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var lengths = AnswerLengths.Of(_run, AnswerLengths.MostRead, cancellationToken);
        var sources = Sources();
        var course = Course();
        var pairs = Pairs();
        var distributions = new List<Distribution> { Distributions.Of(
            lengths.Title, lengths.Unit, lengths.Pool, lengths.Chosen, _run.Pool.Count, _rows.Count) };
        if (_run.Problem.Gradients.Losses is { } losses)
            distributions.Add(Spread(
                "loss", "nats per answer token at the last checkpoint",
                [.. Enumerable.Range(0, losses.Rows).Select(i => (double)losses.Row(i)[^1])]));
        if (GradientNorms() is { } norms) distributions.Add(Spread("gradient norm", "mean over checkpoints", norms));
        var report = new SelectReport
        {
            Pursuit = RunDirectory.PursuitVersion,
            Method = _summary.Method,
            MethodSummary = MethodRegistry.Find(_run.Options.Method).Summary,
            Seed = _summary.Seed,
            Headline = "",
            Findings = [],
            Notes = _summary.Remarks,
            Ledger = _summary.Input,
            Quarantined = [.. _run.Pool.Ledger.ReasonCounts.Where(r => r.Reason != PoolOptions.ExcludedReason).Take(MostReasons)
                .Select(r => new ReasonCount(r.Reason, r.Count))],
            Pool = _run.Pool.Count,
            Selected = _rows.Count,
            Budget = new BudgetUse(_summary.Budget, _summary.BudgetResolved, _summary.Spent, Budget.UnitName(_summary.Unit)),
            EffectiveSize = _summary.EffectiveSize,
            Target = Target(),
            Gradients = _run.FeaturesMade is GradientReport gradients ? gradients with { WarmupRows = [] } : null,
            Embeddings = _run.FeaturesMade as EmbeddingReport,
            WarmupShareChosen = _summary.WarmupShareChosen,
            Course = course,
            Figures = _summary.Details?.Lines ?? [],
            SourceKind = _run.Options.SourceField ?? "file",
            Sources = [.. sources.Take(MostSources)],
            SourcesLeft = Math.Max(0, sources.Count - MostSources),
            Distributions = distributions,
            NearDuplicates = pairs is null ? null : [.. pairs.Take(MostPairs)],
            NearDuplicatePairs = pairs?.Count ?? 0,
            Examples = new ExampleListing(_run, lengths.Unit, pairs ?? []).Build(progress, cancellationToken),
            Seconds = _summary.Seconds,
            Command = command,
            Files = _summary.Files,
        };
        return report with { Headline = SelectVerdict.Headline(report), Findings = SelectVerdict.Findings(report) };
    }

    /// <summary>The spread of a number that every example of the pool has; [pool].</summary>
    private Distribution Spread(string title, string unit, double[] values) =>
        Distributions.Of(title, unit, values, [.. _rows.Select(r => (values[r.Position], r.Weight))], _run.Pool.Count, _rows.Count);

    private double[]? GradientNorms()
    {
        if (_run.Problem.Gradients.Pool is not { } features) return null;
        var norms = new double[features.Rows];
        for (var checkpoint = 0; checkpoint < features.Checkpoints; checkpoint++)
        {
            var ofCheckpoint = features.Norms(checkpoint);
            for (var i = 0; i < norms.Length; i++) norms[i] += (double)ofCheckpoint[i] / features.Checkpoints;
        }

        return norms;
    }

    private List<ReportBin> Sources()
    {
        string[] names = [.. _run.Sources.Names.Select(n => _run.Sources.AreFiles ? _paths.Of(n) : n)];
        var inPool = new int[names.Length];
        var taken = new int[names.Length];
        var weights = new double[names.Length];
        foreach (var group in _run.Sources.Groups) inPool[group]++;
        foreach (var row in _rows)
        {
            taken[_run.Sources.Groups[row.Position]]++;
            weights[_run.Sources.Groups[row.Position]] += row.Weight;
        }

        var total = weights.Sum();
        return
        [
            .. Enumerable.Range(0, names.Length)
                .OrderByDescending(g => taken[g]).ThenByDescending(g => inPool[g]).ThenBy(g => names[g], StringComparer.Ordinal)
                .Select(g => Distributions.Bin(
                    names[g], inPool[g], taken[g], total > 0 ? weights[g] / total : 0, _run.Pool.Count, _rows.Count)),
        ];
    }

    private TargetUse? Target()
    {
        if (_run.Target is { } target) return new TargetUse([.. _run.Options.Targets.Select(_paths.Of)], target.Count);
        return (_run.Problem.Gradients.Target ?? _run.Problem.Embeddings.Target) is { } features
            ? new TargetUse([Path.Exists(features.Name) ? _paths.Of(features.Name) : features.Name], features.Rows)
            : null;
    }

    private PursuitDetails? PursuitDetails() => _run.Details?.As<PursuitDetails>();

    private PursuitCourse? Course() => PursuitDetails() is not { } details ? null : new PursuitCourse(
        details.Iterations,
        details.HeldOutIterations,
        [.. details.Groups.Select(
            (name, j) => new PursuitGroup(name, details.Shares[j], details.GroupResiduals[j], details.GroupNoiseFloors[j]))],
        details.Residual,
        details.UniformResidual,
        details.Wanted,
        Selection.Pursuits.PursuitDetails.Describe(details.Reason));

    private List<NearPair>? Pairs()
    {
        if (PursuitDetails() is not { } details) return null;
        var ranks = _rows.Index().ToDictionary(r => r.Item.Position, r => r.Index + 1);
        return [.. details.NearDuplicates.Select(p => new NearPair(ranks[p.First], ranks[p.Second], p.Cosine))];
    }
}
