namespace Pursuit.Selection.Pursuits;

/// <summary>What of a pursuit's question is known before its features are made.</summary>
/// <param name="HasTarget">It is toward a target.</param>
/// <param name="HasQuotas">Sources have quotas.</param>
/// <param name="ChoosesAll">The budget is the whole pool.</param>
/// <param name="CanTrain">There is a model that can be trained on the choice.</param>
internal readonly record struct PursuitQuestion(bool HasTarget, bool HasQuotas, bool ChoosesAll, bool CanTrain)
{
    /// <summary>That of a selection.</summary>
    public static PursuitQuestion Of(SelectionProblem problem, SelectionContext context) => new(
        problem.Gradients.Target is not null,
        problem.Quotas.Count > 0,
        IsAll(problem.Budget, problem.ContentIds.Count),
        context.Trained is not null);

    /// <summary>Whether a budget of rows is a whole pool's.</summary>
    public static bool IsAll(Budget budget, int rows) => budget.Unit == BudgetUnit.Rows && budget.Resolve(rows) >= rows;
}
