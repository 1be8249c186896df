namespace Pursuit.Selection.Length;

/// <summary>
/// Keeps the longest (or shortest) examples: a baseline that needs no model and is hard to beat where long answers carry more
/// supervision (Zhao et al., "Long Is More for Alignment", arXiv 2402.04833).
/// </summary>
internal sealed class LengthSelector(LengthOptions options) : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "length";

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var counts = problem.TokenCounts!;
        var lengths = options.Of == LengthOf.Answer ? counts.Supervised : counts.Tokens;
        var scores = new double[lengths.Count];
        for (var i = 0; i < scores.Length; i++)
            scores[i] = options.Keep == LengthKeep.Longest ? lengths[i] : -lengths[i];
        return BudgetFiller.Fill(Name, problem, RowOrder.ByScore(scores, problem.ContentIds));
    }
}
