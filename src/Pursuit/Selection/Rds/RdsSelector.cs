namespace Pursuit.Selection.Rds;

/// <summary>
/// RDS+ (Ivison et al., "Large-Scale Data Selection for Instruction Tuning", 2025, arXiv 2503.01807): the rows whose embedding is most
/// similar to some target example's. <c>score_k = max_j sim(x_k, q_j)</c>.
/// </summary>
internal sealed class RdsSelector(RdsOptions options) : IAttributor
{
    /// <summary>The method's name.</summary>
    public const string Name = "rds";

    /// <inheritdoc/>
    public void Attribute(SelectionProblem problem, SelectionContext context, Action<int, double[]> visit) =>
        new SimilarityScan(problem, Name, options.Similarity, context).ForEachTarget(visit);

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var scores = new SimilarityScan(problem, Name, options.Similarity, context).Largest();
        return BudgetFiller.Fill(Name, problem, RowOrder.ByScore(scores, problem.ContentIds), problem.Embeddings.Pool);
    }
}
