using Pursuit.Selection.Neighbours;

namespace Pursuit.Selection.Rds;

/// <summary>
/// As <see cref="RdsSelector"/>, but target examples take turns: in each round every one, in the target's order, takes the most
/// similar row that is still free, as RDS+ does it.
/// </summary>
internal sealed class RdsRoundRobinSelector(RdsOptions options) : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "rds-round-robin";

    /// <summary>Rows of a target example's list beyond its share of the budget, for those that others take first.</summary>
    private const int Spare = 64;

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var scan = new SimilarityScan(problem, Name, options.Similarity, context);
        var rows = problem.ContentIds.Count;
        var empty = FeaturelessRows.Find(problem.Embeddings.Pool);
        var least = Enumerable.Range(0, rows)
            .Select(i => problem.Budget.Cost(i, problem.TokenCounts))
            .Where(cost => cost > 0)
            .DefaultIfEmpty(1)
            .Min();
        var wanted = (long)Math.Min(rows, Math.Max(Spare, problem.ResolvedBudget / Math.Max(1, Total(problem) / rows)));
        for (var length = (int)Math.Min(rows, 2 * (wanted / scan.Targets) + Spare); ; length = (int)Math.Min(rows, 2L * length))
        {
            var ranked = TakeTurns(scan.MostSimilar(length), rows);
            if (ranked.Count == 0) continue;
            // Lists that end early leave the rest of the ranking unknown: longer ones, until what is known fills the budget.
            var selection = BudgetFiller.Fill(Name, problem, ranked, problem.Embeddings.Pool);
            var usable = ranked.Count(r => IsTrainable(problem, r) && empty?[r.Position] != true);
            var isFull = selection.Budget - selection.Spent < least || (problem.Quotas.Count == 0 && selection.Rows.Count < usable);
            if (isFull || length == rows) return selection;
        }
    }

    private static long Total(SelectionProblem problem)
    {
        long total = 0;
        for (var i = 0; i < problem.ContentIds.Count; i++) total += problem.Budget.Cost(i, problem.TokenCounts);
        return total;
    }

    private static bool IsTrainable(SelectionProblem problem, RankedRow row) =>
        problem.TokenCounts is null || problem.TokenCounts.Supervised[row.Position] > 0;

    /// <summary>Rows in the order they are taken, up to the turn whose target example has no row left in its list.</summary>
    private static List<RankedRow> TakeTurns(NeighbourLists lists, int rows)
    {
        var taken = new bool[rows];
        var ranked = new List<RankedRow>();
        var next = new int[lists.Queries];
        for (var turn = 0; ranked.Count < rows; turn = (turn + 1) % lists.Queries)
        {
            var list = lists.Rows[turn];
            while (next[turn] < list.Length && taken[list[next[turn]]]) next[turn]++;
            if (next[turn] == list.Length) break;
            taken[list[next[turn]]] = true;
            ranked.Add(new RankedRow(list[next[turn]], lists.Distances[turn][next[turn]]));
        }

        return ranked;
    }
}
