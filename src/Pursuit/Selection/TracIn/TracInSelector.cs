using Pursuit.Selection.Less;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.TracIn;

/// <summary>
/// TracInCP (Pruthi et al., "Estimating Training Data Influence by Tracing Gradient Descent", NeurIPS 2020, arXiv 2002.08484,
/// section 3.2): score_i = sum_t eta_t mean_v &lt;g_i(t), g_v(t)&gt; over all target examples, unnormalized; the top is kept.
/// </summary>
/// <remarks>eta enters as etabar (its shares), which scales all scores alike and changes no order.</remarks>
internal sealed class TracInSelector(TracInOptions options) : IAttributor
{
    /// <summary>The method's name.</summary>
    public const string Name = "tracin";

    /// <inheritdoc/>
    public void Attribute(SelectionProblem problem, SelectionContext context, Action<int, double[]> visit) =>
        new ExampleScores(problem, Name, RowConstruction.Unscaled, options.Centre, context).ForEachTarget(visit);

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var ungrouped = problem with { TargetGroups = [], TargetGroupNames = [] };
        var scores = TaskScores.Compute(ungrouped, Name, RowConstruction.Unscaled, options.Centre, context).Scores;
        return BudgetFiller.Fill(Name, problem, RowOrder.ByScore(scores, problem.ContentIds), problem.Gradients.Pool);
    }
}
