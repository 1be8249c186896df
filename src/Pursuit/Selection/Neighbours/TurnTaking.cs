using Pursuit.Selection.Features;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// Target examples take turns: in each round every one, in the target's order, takes its best row that is still free. None is drowned by
/// others that are easier to match.
/// </summary>
internal static class TurnTaking
{
    /// <summary>Rows of a target example's list beyond its share of the budget, for those that others take first.</summary>
    private const int Spare = 64;

    /// <summary>Fills the budget in turns.</summary>
    /// <param name="method">The method's name.</param>
    /// <param name="problem">Budget and quotas.</param>
    /// <param name="features">The pool's features; rows of zeros are passed over.</param>
    /// <param name="targets">Who take turns, V.</param>
    /// <param name="best">
    /// Each one's best rows with their scores, best first; told how many. Asked again for longer lists where they end.
    /// </param>
    /// <returns>The selection, and whose turn each taken row was.</returns>
    public static (SelectionResult Selection, IReadOnlyDictionary<int, int> TakenBy) Fill(
        string method, SelectionProblem problem, IDenseFeatures features, int targets, Func<int, NeighbourLists> best)
    {
        var rows = problem.ContentIds.Count;
        var empty = FeaturelessRows.Find(features);
        var least = Enumerable.Range(0, rows)
            .Select(i => problem.Budget.Cost(i, problem.TokenCounts))
            .Where(cost => cost > 0)
            .DefaultIfEmpty(1)
            .Min();
        var wanted = (long)Math.Min(rows, Math.Max(Spare, problem.ResolvedBudget / Math.Max(1, Total(problem) / rows)));
        for (var length = (int)Math.Min(rows, 2 * (wanted / targets) + Spare); ; length = (int)Math.Min(rows, 2L * length))
        {
            var (ranked, takenBy) = Take(best(length), rows);
            if (ranked.Count == 0) continue;
            // Lists that end early leave the rest of the ranking unknown: longer ones, until what is known fills the budget.
            var selection = BudgetFiller.Fill(method, problem, ranked, features);
            var usable = ranked.Count(r => IsTrainable(problem, r) && empty?[r.Position] != true);
            var isFull = selection.Budget - selection.Spent < least || (problem.Quotas.Count == 0 && selection.Rows.Count < usable);
            if (isFull || length == rows) return (selection, takenBy);
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

    /// <summary>Rows in the order they are taken, up to the turn of one who has no row left in its list.</summary>
    private static (List<RankedRow> Ranked, Dictionary<int, int> TakenBy) Take(NeighbourLists lists, int rows)
    {
        var takenBy = new Dictionary<int, int>();
        var ranked = new List<RankedRow>();
        var next = new int[lists.Queries];
        for (var turn = 0; ranked.Count < rows; turn = (turn + 1) % lists.Queries)
        {
            var list = lists.Rows[turn];
            while (next[turn] < list.Length && takenBy.ContainsKey(list[next[turn]])) next[turn]++;
            if (next[turn] == list.Length) break;
            takenBy.Add(list[next[turn]], turn);
            ranked.Add(new RankedRow(list[next[turn]], lists.Distances[turn][next[turn]]));
        }

        return (ranked, takenBy);
    }
}
