using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Gtp;

/// <summary>The pursuit itself, in either schedule; docs/methods/gtp.md gives the steps.</summary>
internal sealed class GtpSolver(PursuitProblem problem, GtpOptions options, PursuitStops stops)
{
    // Weights of a swap round's over-full support only rank its rows.
    private static readonly NonNegativeSettings Ranking = new(1e-4, 200);

    /// <summary>Pursues at most <paramref name="budget"/> rows.</summary>
    /// <param name="budget">M.</param>
    /// <param name="barred">Rows that candidates may not resemble, or null.</param>
    /// <param name="progress">Told after every iteration.</param>
    /// <param name="cancellationToken">Stops between shards of a pass.</param>
    public (PursuitOutcome Outcome, PursuitTrace Trace) Run(int budget, NearRows? barred, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var trace = new PursuitTrace(problem, stops, budget, progress);
        var support = problem.NewSupport();
        var reason = trace.IsAllNoise(support.Residual()) ? StopReason.NoiseFloor
            : options.Schedule == GtpSchedule.Staged ? Staged(support, trace, budget, barred, cancellationToken)
            : Paper(support, trace, budget, barred, cancellationToken);
        return (trace.Finish(reason), trace);
    }

    private StopReason Staged(SupportSet support, PursuitTrace trace, int budget, NearRows? barred, CancellationToken cancellationToken)
    {
        var residual = support.Residual();
        var steps = Math.Min(options.Iterations, budget); // every step has room for a row, so no row added means none helps
        for (var k = 1; k <= steps; k++)
        {
            var size = (int)Math.Ceiling((double)budget * k / steps);
            var scores = problem.Identify(trace.Wanted(residual), support, cancellationToken);
            var added = CandidateBatch.Add(problem, support, scores, size - support.Count, barred);
            if (added == 0) return Settle(support, trace, StopReason.Optimal);

            var products = support.Solve(k < steps ? NonNegativeSettings.Early : NonNegativeSettings.Final);
            support.KeepUsed(budget);
            residual = support.Residual();
            if (trace.Record(support, residual, products) is { } reason)
                return k < steps ? Settle(support, trace, reason) : reason;
        }

        return Exchange(support, trace, budget, options.SwapRounds, () => budget - support.Count + (int)Math.Ceiling(options.SwapShare * budget), barred, cancellationToken);
    }

    private StopReason Paper(SupportSet support, PursuitTrace trace, int budget, NearRows? barred, CancellationToken cancellationToken) =>
        Exchange(support, trace, budget, options.Iterations, () => 2 * budget, barred, cancellationToken);

    /// <summary>Rounds in which rows are offered to a support beyond the budget, and the best of both stay.</summary>
    private StopReason Exchange(SupportSet support, PursuitTrace trace, int budget, int rounds, Func<int> offered, NearRows? barred, CancellationToken cancellationToken)
    {
        var residual = support.Residual();
        for (var round = 0; round < rounds; round++)
        {
            var before = support.Positions.ToArray();
            var scores = problem.Identify(trace.Wanted(residual), support, cancellationToken);
            if (CandidateBatch.Add(problem, support, scores, offered(), barred) == 0) return StopReason.Optimal;

            var products = support.Solve(Ranking);
            support.KeepUsed(budget);
            products += support.Solve(NonNegativeSettings.Final);
            support.KeepUsed(budget);
            residual = support.Residual();
            if (trace.Record(support, residual, products) is { } reason) return reason;
            if (support.Positions.SequenceEqual(before)) return StopReason.SupportUnchanged;
        }

        return StopReason.IterationLimit;
    }

    /// <summary>Ends growth early: what was fitted loosely is fitted to the end.</summary>
    private static StopReason Settle(SupportSet support, PursuitTrace trace, StopReason reason)
    {
        if (support.Count == 0) return reason;
        var products = support.Solve(NonNegativeSettings.Final);
        support.KeepUsed(support.Count);
        trace.Record(support, support.Residual(), products);
        return reason;
    }
}
