using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Omp;

/// <summary>One row per pass, and after each the exact non-negative fit of every group.</summary>
internal sealed class OmpSolver(PursuitProblem problem, PursuitStops stops)
{
    // Products are single precision.
    private const double Rounding = 1e-6;

    /// <summary>Pursues at most <paramref name="budget"/> rows.</summary>
    public PursuitOutcome Run(int budget, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var trace = new PursuitTrace(problem, stops, budget, progress);
        var support = problem.NewSupport();
        var columns = Enumerable.Range(0, problem.Target.Groups).Select(_ => new ActiveColumn(problem.Lambda, Rounding)).ToArray();
        var residual = support.Residual();
        while (support.Count < budget)
        {
            var scores = problem.Identify(trace.Wanted(residual), support, cancellationToken);
            if (scores.Best(1) is not [var best]) return Finish(trace, support, StopReason.Optimal);
            support.Add([best.Position]);
            problem.CountGathered(1);
            foreach (var column in columns) column.Grow();
            var products = Fit(support, columns);
            Keep(support, columns, best.Position);
            residual = support.Residual();
            if (trace.Record(support, residual, products, isFinal: true) is { } reason) return Finish(trace, support, reason);
        }

        return Finish(trace, support, StopReason.BudgetFull);
    }

    private static PursuitOutcome Finish(PursuitTrace trace, SupportSet support, StopReason reason)
    {
        trace.Restore(support);
        return trace.Finish(reason, support.Count == 0 ? 0 : ExactFit.Violation(support));
    }

    private static int Fit(SupportSet support, ActiveColumn[] columns)
    {
        var products = 0;
        var open = Enumerable.Range(0, columns.Length).ToList();
        while (open.Count > 0)
        {
            var fits = open.ConvertAll(j => (columns[j].Weights.ToArray(), new double[support.Count]));
            support.Multiply(fits);
            products++;
            var improved = open.Where((j, k) => columns[j].Improve(support, support.Linear(j), fits[k].Item2)).ToList();
            open = improved;
        }

        support.SetWeights(Array.ConvertAll(columns, c => c.Weights.ToArray()));
        return products;
    }

    /// <summary>Drops rows that no group uses any more; a row that found no use at all isn't offered again.</summary>
    private void Keep(SupportSet support, ActiveColumn[] columns, int added)
    {
        if (!support.IsUsed(support.Count - 1)) problem.Excluded[added] = true;
        var used = Enumerable.Range(0, support.Count).Where(support.IsUsed).ToArray();
        if (used.Length == support.Count) return;
        support.Keep(used);
        foreach (var column in columns) column.Keep(used);
    }
}
