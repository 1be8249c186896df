using Pursuit.Selection.TokenScores;

namespace Pursuit.Selection.Vog;

/// <summary>
/// Keeps the examples whose gradients vary most over a training (Agarwal, D'souza and Hooker, "Estimating Example Difficulty Using
/// Variance of Gradients", CVPR 2022, arXiv 2008.11600). Theirs is the gradient of the true class's output at an image's pixels; for a
/// language model it is that of the mean log probability of the answer's tokens at the input embeddings.
/// </summary>
internal sealed class VogSelector(VogOptions options) : IScorer
{
    /// <summary>The method's name.</summary>
    public const string Name = "vog";

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var scores = Scores(problem, context);
        var ranked = BandOrder.Ranked(scores, options.Band, problem);
        if (ranked.Count == 0)
            throw PursuitException.At(
                ApiName.Pool, $"none of the {scores.Length:N0} examples has an answer", $"examples that '{Name}' can measure",
                $"Look at some with {ApiName.DatasetAudit}.");
        var selection = BudgetFiller.Fill(Name, problem, ranked);
        var missing = scores.Length - ranked.Count;
        return selection with
        {
            Remarks = missing == 0
                ? selection.Remarks
                :
                [
                    .. selection.Remarks,
                    MessageText.Counted(missing, "example lacks", "examples lack") + " an answer and can't be chosen.",
                ],
            Details = TokenScoreDetails.Of(new AlignedMeasures(scores, null, null)),
        };
    }

    /// <inheritdoc/>
    public double[] Scores(SelectionProblem problem, SelectionContext context)
    {
        var variances = problem.Statistics.GradientVariances
            ?? throw PursuitException.At(
                Name, "no variances of the pool's gradients", "those along a training",
                $"Let {ApiName.SelectJob}, 'prune' or 'score' compute them.");
        return variances.Count == problem.ContentIds.Count
            ? [.. variances.Select(v => (double)v)]
            : throw PursuitException.At(
                Name, $"variances of {variances.Count:N0} examples", $"the pool's {problem.ContentIds.Count:N0}");
    }
}
