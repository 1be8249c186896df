using System.Diagnostics;
using System.Text.Json;
using Pursuit.Engine.Features;
using Pursuit.Proof;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Engine.Proof;

/// <summary>
/// Proves selections by training: every method chooses at every budget and seed, the same base model is trained on each choice
/// by the same recipe for the same steps, and all are measured on tests that no method saw. What is finished is kept by
/// fingerprint, so a killed job goes on, and one with another method more trains that one only.
/// </summary>
public sealed class ProveJob
{
    private readonly ProveOptions _options;
    private readonly IProgress<WorkProgress>? _progress;

    /// <summary>Takes what to do.</summary>
    /// <exception cref="PursuitException">An option is out of range or missing; every fault is named.</exception>
    public ProveJob(ProveOptions options, IProgress<WorkProgress>? progress = null)
    {
        options.Validate();
        // What a lent run lacks is told before anything is trained, and what it has instead stands in the methods' names.
        if (options.FeaturesRun is { } lender)
            options = options with { Methods = [.. options.Methods.Select(m => FeatureSources.Lent(lender, m))] };
        (_options, _progress) = (options, progress);
    }

    /// <summary>Told what a person should know at once: a test that stands in the pool, a plan that was cut.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Does the job.</summary>
    /// <param name="run">Keeps everything: <c>proof.json</c>, and <c>result.json</c>, the same without seconds.</param>
    /// <param name="cancellationToken">Stops it; the same job continues where it was.</param>
    /// <exception cref="PursuitException">Bad input; the message says what to do.</exception>
    public ProofReport Run(RunDirectory run, CancellationToken cancellationToken = default)
    {
        var started = Stopwatch.GetTimestamp();
        using var inputs = ProofInputs.Read(run, _options, OnWarning, _progress, cancellationToken);
        var plan = new ProofPlan(_options, inputs);
        var progress = new ProofProgress(_progress, inputs.Material.StepTokens);
        var work = new ProofWork(run, _options, inputs, plan, progress, _progress);
        progress.Plan(0, inputs.Tests);
        foreach (var seed in plan.Seeds) work.Announce(seed);

        var scores = work.Untrained(cancellationToken).ToList();
        var costs = new List<ProofCost>();
        var remarks = new List<string>();
        var seeds = plan.Seeds.ToList();
        for (var i = 0; i < seeds.Count; i++)
        {
            foreach (var (cost, found) in work.Do(seeds[i], cancellationToken))
            {
                costs.Add(cost);
                scores.AddRange(found);
            }

            if (i > 0 || Fitting(plan, costs, started) is not { } fitting || fitting >= seeds.Count) continue;
            remarks.Add(FormattableString.Invariant($"{fitting} of {seeds.Count} seeds: one takes {Seconds(costs) / 60:0.0} minutes here, ")
                + FormattableString.Invariant($"and the time allowed is {_options.Time!.Value.TotalMinutes:0.#}."));
            OnWarning?.Invoke(remarks[^1]);
            for (; seeds.Count > fitting; seeds.RemoveAt(seeds.Count - 1)) work.Withdraw(seeds[^1]);
        }

        return Finish(run, inputs, plan, scores, costs, seeds, remarks.Concat(work.Remarks), Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Seeds that fit into the time, judged by the first; null where no time was given.</summary>
    private int? Fitting(ProofPlan plan, IReadOnlyList<ProofCost> first, long started)
    {
        if (_options.Time is not { } time) return null;
        // What an earlier process of the same run spent on the first seed counts as spent: stopping must not buy more seeds.
        var seed = Seconds(first);
        var spent = Math.Max(seed + first.Max(c => c.Selection?.FeatureSeconds ?? 0), Stopwatch.GetElapsedTime(started).TotalSeconds);
        var left = time.TotalSeconds - spent;
        var epoch = Seconds(first.Where(c => c.Method == ProofReport.FullEpoch));
        var fitting = 1;
        for (; fitting < plan.Seeds.Count; fitting++)
        {
            left -= seed - (plan.EpochSeeds.Contains(plan.Seeds[fitting]) ? 0 : epoch);
            if (left < 0) break;
        }

        return fitting;
    }

    /// <summary>Without the features, which further seeds share.</summary>
    private static double Seconds(IEnumerable<ProofCost> costs) =>
        costs.Sum(c => (c.Selection is { } s ? s.Seconds - s.FeatureSeconds : 0) + (c.TrainingSeconds ?? 0) + (c.TestSeconds ?? 0));

    private ProofReport Finish(
        RunDirectory run,
        ProofInputs inputs,
        ProofPlan plan,
        IReadOnlyList<TrainingScores> scores,
        IReadOnlyList<ProofCost> costs,
        List<ulong> seeds,
        IEnumerable<string> remarks,
        TimeSpan time)
    {
        string[] methods = [.. plan.Methods.Select(m => m.Label)];
        string[] budgets = [.. plan.Budgets.Select(b => b.Name)];
        var analysis = new ProofAnalysis(scores, [.. inputs.Tests.Select(t => t.Name)], budgets, methods, seeds, _options.FirstSeed);
        var comparisons = analysis.Comparisons();
        var report = new ProofReport
        {
            Recipe = new ProofRecipe(
                Path.GetFullPath(_options.Model),
                _options.Epochs,
                _options.BatchExamples,
                _options.LearningRate,
                _options.Warmup,
                inputs.MaxLength,
                _options.Use.ToString().ToLowerInvariant(),
                inputs.LossUnit,
                _options.FromScratch),
            PoolExamples = inputs.Pool.Count,
            Targets =
            [
                .. inputs.Tests.Select(
                    (t, i) =>
                        new ProofTarget(
                            t.Name,
                            _options.Targets.Count > 0 ? Path.GetFullPath(_options.Targets[i]) : null,
                            Path.GetFullPath(_options.Tests[i]),
                            t.Count,
                            t.Labels.Sum(l => (long)l),
                            t.Generated)),
            ],
            Budgets = plan.Budgets,
            Methods = methods,
            Seeds = seeds,
            Overlaps = inputs.Overlaps,
            Scores = analysis.Scores(),
            Comparisons = comparisons,
            Verdicts = ProofAnalysis.Sentences(comparisons, seeds.Count, inputs.LossUnit),
            Remarks = [.. Remarks(inputs, seeds.Count, seeds.Intersect(plan.EpochSeeds).Count()), .. remarks.Distinct()],
            Costs = costs,
            Seconds = time.TotalSeconds,
        };
        AtomicFile.Write(run.PathOf(ProofReport.ResultName), s => JsonSerializer.Serialize(s, report.WithoutSeconds(), RunJson.Indented));
        SealedJson.Write(run.PathOf(ProofReport.FileName), report);
        return report;
    }

    private static IEnumerable<string> Remarks(ProofInputs inputs, int seeds, int epochSeeds)
    {
        foreach (var note in inputs.Notes) yield return note;
        foreach (var overlap in inputs.Overlaps.Where(o => o.Any)) yield return overlap + ".";
        if (inputs.Material.Refused > 0)
            yield return $"{inputs.Material.Refused:N0} pool examples can't be printed by the model's chat template; no training sees "
                + "them.";
        if (seeds == 1) yield return "One seed: the intervals leave out what another seed would change.";
        if (epochSeeds > 0 && epochSeeds < seeds)
            yield return $"A whole epoch was trained with {epochSeeds} of {seeds} seeds; what is held against it, is with "
                + $"{(epochSeeds == 1 ? "that one" : "those")}.";
        foreach (var test in inputs.Tests.Where(t => t.Count < 30))
            yield return $"{test.Name}: {test.Count:N0} test examples are few; its intervals are wide.";
    }
}
