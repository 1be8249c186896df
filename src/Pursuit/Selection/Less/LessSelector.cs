namespace Pursuit.Selection.Less;

/// <summary>
/// LESS (Xia et al., "LESS: Selecting Influential Data for Targeted Instruction Tuning", ICML 2024, arXiv 2402.04333):
/// score_i = max over tasks of mean over the task's examples of sum_t etabar_t cos(gradient_i(t), gradient_v(t)); the top is kept.
/// </summary>
/// <remarks>LESS-exact wants pool features with <c>adam</c> preconditioning and plain target gradients.</remarks>
internal sealed class LessSelector : IAttributor
{
    /// <summary>The method's name.</summary>
    public const string Name = "less";

    private readonly LessOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public LessSelector(LessOptions options)
    {
        options.Validate(Name);
        _options = options;
    }

    /// <inheritdoc/>
    public void Attribute(SelectionProblem problem, SelectionContext context, Action<int, double[]> visit) =>
        new ExampleScores(problem, Name, _options.Rows, _options.Centre, context).ForEachTarget(visit);

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var tasks = TaskScores.Compute(problem, Name, _options.Rows, _options.Centre, context);
        var best = new int[problem.ContentIds.Count];
        var scores = new double[best.Length];
        for (var i = 0; i < best.Length; i++)
        {
            for (var t = 1; t < tasks.Tasks; t++)
                if (tasks.Scores[i * tasks.Tasks + t] > tasks.Scores[i * tasks.Tasks + best[i]]) best[i] = t;
            scores[i] = tasks.Scores[i * tasks.Tasks + best[i]];
        }

        var selection = BudgetFiller.Fill(Name, problem, RowOrder.ByScore(scores, problem.ContentIds), problem.Gradients.Pool);
        var chosenFor = new int[tasks.Tasks];
        foreach (var row in selection.Rows) chosenFor[best[row.Position]]++;
        return selection with { Details = new LessDetails { Tasks = tasks.Names, ChosenFor = chosenFor, BytesRead = tasks.BytesRead } };
    }
}
