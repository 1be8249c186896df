using System.Globalization;
using Pursuit.Selection.TokenScores;

namespace Pursuit.Selection.AskLlm;

/// <summary>
/// Keeps the examples that a judge model calls informative: those with the largest P("yes") to a question about them (Sachdeva et al., "How
/// to Train Data-Efficient LLMs", arXiv 2402.09668, section 3.1).
/// </summary>
internal sealed class AskLlmSelector : IScorer
{
    /// <summary>The method's name.</summary>
    public const string Name = "ask-llm";

    /// <summary>A median P below this says that the judge answers something else.</summary>
    private const double RareAnswer = 1e-3;

    private readonly AskLlmOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public AskLlmSelector(AskLlmOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var scores = Scores(problem, context);
        var selection = BudgetFiller.Fill(Name, problem, RowOrder.ByScore(scores, problem.ContentIds));
        var details = TokenScoreDetails.Of(new AlignedMeasures(scores, null, null));
        return selection with { Remarks = [.. selection.Remarks, .. Remarks(problem, details.Quantiles[1])], Details = details };
    }

    /// <inheritdoc/>
    public double[] Scores(SelectionProblem problem, SelectionContext context)
    {
        var answers = problem.Statistics.Judge
            ?? throw PursuitException.At(
                Name, "no answers of a judge about the pool", "some", $"Let {ApiName.SelectJob}, 'prune' or 'score' ask one.");
        return answers.Rows == problem.ContentIds.Count
            ? [.. Enumerable.Range(0, answers.Rows).Select(answers.Probability)]
            : throw PursuitException.At(
                Name, $"a judge's answers about {answers.Rows:N0} examples", $"the pool's {problem.ContentIds.Count:N0}");
    }

    private IEnumerable<string> Remarks(SelectionProblem problem, double median)
    {
        if (problem.Statistics.Judge!.Cut is > 0 and var cut)
            yield return MessageText.Counted(cut, "example's text was", "examples' texts were")
                + " cut to fit into the judge's context: it saw the beginning.";
        if (median < RareAnswer)
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"For half of the pool the judge answers '{_options.Answer}' with a probability below {median:G2}: it may not follow the "
                + $"prompt, and its order then says little. Compare with {Name}.prompt and {Name}.answer.");
    }
}
