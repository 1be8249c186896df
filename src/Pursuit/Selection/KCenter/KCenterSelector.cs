using Pursuit.Selection.Features;

namespace Pursuit.Selection.KCenter;

/// <summary>
/// Farthest-first k-center (Gonzalez, 1985; as a core-set: Sener and Savarese, ICLR 2018, arXiv 1708.00489): the row nearest the pool's
/// mean, then each time the row farthest from all chosen. The largest distance left is at most twice the least possible.
/// </summary>
public sealed class KCenterSelector(KCenterOptions options) : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "kcenter";

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var pool = EmbeddingRows.Of(EmbeddingProblem.Pool(problem, Name), null, options.Unit).Pool;
        var traversal = new FarthestFirst(pool, problem);
        var ranked = new List<RankedRow>();
        var budget = problem.ResolvedBudget;
        long cost = 0;
        for (var row = traversal.First(cancellationToken); row >= 0; row = traversal.Farthest())
        {
            cost += problem.Budget.Cost(row, problem.TokenCounts);
            // Filling stops at the first row that doesn't fit; with quotas any later one may be wanted.
            if (cost > budget && ranked.Count > 0 && problem.Quotas.Count == 0) break;
            ranked.Add(new RankedRow(row, traversal.Take(row, cancellationToken)));
            progress?.Report(new WorkProgress(Name, Math.Min(cost, budget), budget, Budget.UnitName(problem.Budget.Unit)));
            if (cost >= budget && problem.Quotas.Count == 0) break;
        }

        var selection = BudgetFiller.Fill(Name, problem, ranked);
        var distances = traversal.Distances.ToArray();
        return selection with { Details = new KCenterDetails { Radius = distances.Max(), MeanDistance = distances.Average() } };
    }
}
