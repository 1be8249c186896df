using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Grand;

/// <summary>
/// GraNd (Paul et al., "Deep Learning on a Data Diet", NeurIPS 2021, arXiv 2107.07075): score_i = the mean over checkpoints of
/// ||g_i(t)||; the largest are kept. It reads norms only, never the store's rows.
/// </summary>
internal sealed class GrandSelector(GrandOptions options) : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "grand";

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var features = GradientRows.OfPool(problem.RequirePoolGradients(Name), RowConstruction.Unscaled).Features;
        var sign = options.Keep == GrandKeep.Largest ? 1.0 : -1.0;
        var scores = new double[features.Rows];
        for (var checkpoint = 0; checkpoint < features.Checkpoints; checkpoint++)
        {
            var norms = features.Norms(checkpoint);
            for (var i = 0; i < scores.Length; i++) scores[i] += sign * norms[i] / features.Checkpoints;
        }

        return BudgetFiller.Fill(Name, problem, RowOrder.ByScore(scores, problem.ContentIds), problem.Gradients.Pool);
    }
}
