using Pursuit.Selection.Passes;

namespace Pursuit.Selection.TracIn;

/// <summary>
/// Self-influence (TracIn's section 4.1): score_i = sum_t eta_t ||g_i(t)||^2, the influence of an example on its own loss; the
/// top is kept. High scores are hard, rare or mislabelled examples.
/// </summary>
internal sealed class TracInSelfSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "tracin-self";

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var rows = GradientRows.OfPool(problem.RequirePoolGradients(Name), RowConstruction.Unscaled);
        return BudgetFiller.Fill(
            Name,
            problem,
            RowOrder.ByScore([.. rows.Norms.Select(n => n * n)], problem.ContentIds),
            problem.Gradients.Pool);
    }
}
