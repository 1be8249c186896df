using Pursuit.Selection.Passes;

namespace Pursuit.Selection.KCenter;

/// <summary>
/// Farthest-first k-center (Gonzalez, 1985; as a core-set: Sener and Savarese, ICLR 2018, arXiv 1708.00489): the row nearest the pool's
/// mean, then each time the row farthest from all chosen. The largest distance left is at most twice the least possible.
/// </summary>
internal sealed class KCenterSelector(KCenterOptions options) : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "kcenter";

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var pool = EmbeddingRows.Open(problem.RequirePoolEmbeddings(Name), null, options.Unit).Pool;
        var traversal = new Traversal(pool, problem, context.Threads);
        var ranked = new List<RankedRow>();
        var budget = problem.ResolvedBudget;
        long cost = 0;
        // The first row has no distance to any before it: its score is 0.
        for (var next = new TakeableRow(traversal.First(context.CancellationToken), 0); next.Row >= 0;)
        {
            cost += problem.Budget.Cost(next.Row, problem.TokenCounts);
            // Filling stops at the first row that doesn't fit; with quotas any later one may be wanted.
            if (cost > budget && ranked.Count > 0 && problem.Quotas.Count == 0) break;
            ranked.Add(new RankedRow(next.Row, next.Score));
            next = traversal.Take(next.Row, context.CancellationToken);
            context.Progress?.Report(new WorkProgress(Name, Math.Min(cost, budget), budget, Budget.UnitName(problem.Budget.Unit)));
            if (cost >= budget && problem.Quotas.Count == 0) break;
        }

        var selection = BudgetFiller.Fill(Name, problem, ranked, problem.Embeddings.Pool);
        var distances = traversal.Distances();
        return selection with { Details = new KCenterDetails { Radius = distances.Max(), MeanDistance = distances.Average() } };
    }
}
