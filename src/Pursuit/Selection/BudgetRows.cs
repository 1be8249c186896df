namespace Pursuit.Selection;

/// <summary>How many rows a budget is worth.</summary>
internal static class BudgetRows
{
    /// <summary>The budget in rows that can be chosen, at least one where there is one: of mean length, where it counts tokens.</summary>
    /// <param name="problem">Budget and lengths.</param>
    /// <param name="canTake">Which rows have features; rows without a token to train on are none anyway.</param>
    public static int RowsOfBudget(this SelectionProblem problem, Func<int, bool> canTake)
    {
        var cost = 0L;
        var rows = 0;
        for (var i = 0; i < problem.ContentIds.Count; i++)
        {
            if (!canTake(i) || problem.TokenCounts?.Supervised[i] == 0) continue;
            cost += problem.Budget.Cost(i, problem.TokenCounts);
            rows++;
        }

        return rows == 0 ? 0 : (int)Math.Clamp(problem.ResolvedBudget * (double)rows / cost, 1, rows);
    }
}
