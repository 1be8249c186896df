namespace Pursuit.Selection;

/// <summary>A selection by one score per example, where some examples may have none.</summary>
internal static class ScoredSelection
{
    /// <summary>Fills the budget with the highest scores; examples without a score are passed over and counted in a remark.</summary>
    /// <param name="method">The method's name.</param>
    /// <param name="problem">Budget and quotas.</param>
    /// <param name="scores">One per example, [pool]; NaN where there is none.</param>
    /// <param name="without">What an example without a score lacks, as in "3 examples have no word".</param>
    /// <exception cref="PursuitException">No example has a score, or the budget can't be met.</exception>
    public static SelectionResult Select(string method, SelectionProblem problem, ReadOnlySpan<double> scores, string without)
    {
        var ranked = Ranked(scores, problem);
        var missing = scores.Length - ranked.Count;
        if (ranked.Count == 0)
            throw PursuitException.At(
                ApiName.Pool, $"none of the {scores.Length:N0} examples has {without}", $"examples that '{method}' can score");
        var selection = BudgetFiller.Fill(method, problem, ranked);
        return missing == 0
            ? selection
            : selection with
            {
                Remarks = [.. selection.Remarks, $"{missing:N0} examples without {without} have no score and were passed over."],
            };
    }

    /// <summary>The examples that have a score, best first.</summary>
    public static List<RankedRow> Ranked(ReadOnlySpan<double> scores, SelectionProblem problem)
    {
        var present = new double[scores.Length];
        var has = new bool[scores.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            has[i] = !double.IsNaN(scores[i]);
            present[i] = has[i] ? scores[i] : double.NegativeInfinity;
        }

        return [.. RowOrder.ByScore(present, problem.ContentIds).Where(r => has[r.Position])];
    }
}
