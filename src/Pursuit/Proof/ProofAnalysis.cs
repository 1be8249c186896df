namespace Pursuit.Proof;

/// <summary>From what every trained model scored to means, paired differences, intervals and verdicts.</summary>
internal sealed class ProofAnalysis
{
    private static readonly ProofMetric[] Metrics = Enum.GetValues<ProofMetric>();

    private readonly IReadOnlyList<string> _targets;
    private readonly IReadOnlyList<string> _budgets;
    private readonly IReadOnlyList<string> _methods;
    private readonly IReadOnlyList<ulong> _seeds;
    private readonly ulong _seed;
    private readonly Dictionary<(string Target, string Method, string? Budget, ulong? Seed), TrainingScores> _scores;

    /// <summary>Takes the scores.</summary>
    /// <param name="scores">
    /// Of every target, method, budget and seed, and the untrained model; a whole epoch's may be of fewer seeds or missing.
    /// </param>
    /// <param name="targets">The targets' names.</param>
    /// <param name="budgets">The budgets' names.</param>
    /// <param name="methods">The methods' labels in the order of the tables.</param>
    /// <param name="seeds">The seeds.</param>
    /// <param name="seed">Seed of the resampling.</param>
    public ProofAnalysis(
        IEnumerable<TrainingScores> scores, IReadOnlyList<string> targets, IReadOnlyList<string> budgets, IReadOnlyList<string> methods,
        IReadOnlyList<ulong> seeds, ulong seed)
    {
        (_targets, _budgets, _methods, _seeds, _seed) = (targets, budgets, methods, seeds, seed);
        _scores = scores.ToDictionary(s => (s.Target, s.Method, s.Budget, s.Seed));
    }

    /// <summary>Every method's figures: per target, then across targets where there are several.</summary>
    public IReadOnlyList<ProofScore> Scores()
    {
        var result = new List<ProofScore>();
        foreach (var group in Groups())
        {
            result.Add(Score(group, ProofReport.Base, null));
            foreach (var budget in _budgets)
                result.AddRange(_methods.Where(m => m != ProofReport.FullEpoch).Select(m => Score(group, m, budget)));
            if (HasEpoch) result.Add(Score(group, ProofReport.FullEpoch, null));
        }

        return result;
    }

    /// <summary>Every method against random, full, a whole epoch, and the methods listed before it.</summary>
    public IReadOnlyList<ProofComparison> Comparisons()
    {
        var result = new List<ProofComparison>();
        foreach (var group in Groups())
        {
            foreach (var budget in _budgets)
            {
                for (var i = 0; i < _methods.Count; i++)
                {
                    foreach (var against in References(i))
                        result.AddRange(
                            Metrics.Select(metric => Compare(group, budget, _methods[i], against, metric)).OfType<ProofComparison>());
                }
            }
        }

        return result;
    }

    /// <summary>The verdicts on the methods that choose, by the loss against random, in words.</summary>
    public static IReadOnlyList<string> Sentences(IEnumerable<ProofComparison> comparisons, int seeds, string unit) =>
        [.. comparisons.Where(
            c => c is { Metric: ProofMetric.Loss, Against: ProofReport.Random, Method: not (ProofReport.Full or ProofReport.FullEpoch) })
            .Select(c => Sentence(c, seeds, unit))];

    private static string Sentence(ProofComparison comparison, int seeds, string unit)
    {
        var (difference, where) = (comparison.Difference, comparison.Target is { } target ? $"on {target}" : "across all targets");
        var figure = difference is { Low: { } low, High: { } high }
            ? FormattableString.Invariant($"{difference.Estimate:+0.0000;-0.0000;0.0000} {unit}, ")
                + FormattableString.Invariant($"95% interval {low:+0.0000;-0.0000;0.0000} to {high:+0.0000;-0.0000;0.0000}, ")
                + FormattableString.Invariant($"{seeds} seed{(seeds == 1 ? "" : "s")}")
            : FormattableString.Invariant($"{difference.Estimate:+0.0000;-0.0000;0.0000} {unit}, too few test examples for an interval");
        var verdict = comparison.Verdict switch
        {
            Verdict.Better => "better than random",
            Verdict.Worse => "worse than random",
            _ => "no difference from random shown",
        };
        return $"{comparison.Method} at {comparison.Budget} {where}: {verdict} ({figure}).";
    }

    private bool HasEpoch => _methods.Contains(ProofReport.FullEpoch);

    /// <summary>Each target alone (its name), then all of them (no name).</summary>
    private IEnumerable<(string? Name, IReadOnlyList<string> Targets)> Groups()
    {
        foreach (var target in _targets) yield return (target, [target]);
        if (_targets.Count > 1) yield return (null, _targets);
    }

    /// <summary>What a method is held against: the three that are always there, and the methods before it.</summary>
    private IEnumerable<string> References(int method)
    {
        string[] always = [ProofReport.Random, ProofReport.Full, .. HasEpoch ? (string[])[ProofReport.FullEpoch] : []];
        return always.Where(a => Array.IndexOf(always, _methods[method]) is var own && (own < 0 || Array.IndexOf(always, a) < own))
            .Concat(always.Contains(_methods[method]) ? [] : _methods.Take(method).Where(m => !always.Contains(m)));
    }

    private ProofScore Score((string? Name, IReadOnlyList<string> Targets) group, string method, string? budget)
    {
        var seeds = SeedsOf(method, budget);
        var loss = Bootstrap.OfTargets(Figures(group.Targets, method, budget, seeds, ProofMetric.Loss)!, _seed);
        return new ProofScore
        {
            Target = group.Name,
            Method = method,
            Budget = budget,
            Loss = loss,
            Perplexity = loss.Map(Math.Exp),
            ExactMatch = Of(ProofMetric.ExactMatch),
            TokenF1 = Of(ProofMetric.TokenF1),
            RougeL = Of(ProofMetric.RougeL),
            GainShare = GainShare(group.Targets, loss.Estimate),
            BySeed = [.. seeds.Select((seed, i) => new ProofSeedScore(
                seed, SeedMean(i, ProofMetric.Loss)!.Value, SeedMean(i, ProofMetric.ExactMatch), SeedMean(i, ProofMetric.TokenF1),
                SeedMean(i, ProofMetric.RougeL)))],
        };

        Interval? Of(ProofMetric metric) =>
            Figures(group.Targets, method, budget, seeds, metric) is { } figures ? Bootstrap.OfTargets(figures, _seed) : null;

        double? SeedMean(int seed, ProofMetric metric) =>
            Figures(group.Targets, method, budget, seeds, metric)?.Average(f => f.Totals[seed].Sum() / f.Size);
    }

    private double? GainShare(IReadOnlyList<string> targets, double loss)
    {
        if (!HasEpoch) return null;
        var start = Mean(ProofReport.Base);
        var gain = start - Mean(ProofReport.FullEpoch);
        return gain > 0 ? (start - loss) / gain : null;

        double Mean(string method) => Figures(targets, method, null, SeedsOf(method, null), ProofMetric.Loss)!.Average(f => f.Mean);
    }

    private ProofComparison? Compare(
        (string? Name, IReadOnlyList<string> Targets) group, string budget, string method, string against, ProofMetric metric)
    {
        // A whole epoch may have been trained with some of the seeds only: pairs are what both were trained with.
        ulong?[] seeds = [.. SeedsOf(method, BudgetOf(method, budget)).Intersect(SeedsOf(against, BudgetOf(against, budget)))];
        if (Figures(group.Targets, method, BudgetOf(method, budget), seeds, metric) is not { } own
            || Figures(group.Targets, against, BudgetOf(against, budget), seeds, metric) is not { } other)
            return null;
        var difference = Bootstrap.OfTargets([.. own.Zip(other, (a, b) => a.Less(b))], _seed);
        return new ProofComparison(
            group.Name, budget, method, against, metric, difference, Verdicts.Of(difference, lowerIsBetter: metric == ProofMetric.Loss));
    }

    private static string? BudgetOf(string method, string budget) => method == ProofReport.FullEpoch ? null : budget;

    /// <summary>The seeds a method was trained with; none by number for the untrained model.</summary>
    private ulong?[] SeedsOf(string method, string? budget) =>
        method == ProofReport.Base
            ? [null]
            : [.. _seeds.Where(s => _scores.ContainsKey((_targets[0], method, budget, s))).Select(s => (ulong?)s)];

    /// <summary>A figure of each target; null where it wasn't measured.</summary>
    private List<ExampleScores>? Figures(
        IReadOnlyList<string> targets, string method, string? budget, IReadOnlyList<ulong?> seeds, ProofMetric metric)
    {
        var result = new List<ExampleScores>();
        foreach (var target in targets)
        {
            TrainingScores[] trainings = [.. seeds.Select(s => _scores[(target, method, budget, s)])];
            if (metric == ProofMetric.Loss)
            {
                result.Add(ExampleScores.OfLosses([.. trainings.Select(t => t.Losses)], trainings[0].Labels));
                continue;
            }

            if (trainings[0].Answers.Count == 0) return null;
            result.Add(ExampleScores.OfValues([.. trainings.Select(t => t.Answers.Select(a => Value(a, metric)).ToArray())]));
        }

        return result;
    }

    private static double Value(AnswerScore score, ProofMetric metric) => metric switch
    {
        ProofMetric.ExactMatch => score.ExactMatch,
        ProofMetric.TokenF1 => score.TokenF1,
        _ => score.RougeL,
    };
}
