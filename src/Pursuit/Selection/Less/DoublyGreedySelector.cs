namespace Pursuit.Selection.Less;

/// <summary>
/// The rows whose gradient is nearest to some target example's: <c>score_i = max_v sum_t etabar_t cos(gradient_i(t), gradient_v(t))</c>, as
/// "doubly greedy" in "A Critical Look at Targeted Instruction Selection", arXiv 2602.14696. <c>rds</c> is the same of embeddings.
/// </summary>
internal sealed class DoublyGreedySelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "doubly-greedy";

    private readonly LessOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public DoublyGreedySelector(LessOptions options)
    {
        options.Validate(Name);
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var scores = new ExampleScores(problem, Name, _options.Rows, _options.Centre, context);
        var largest = new double[problem.ContentIds.Count];
        Array.Fill(largest, double.NegativeInfinity);
        var nearest = new int[largest.Length];
        scores.ForEachPart((part, first, count) =>
        {
            for (var i = 0; i < largest.Length; i++)
            {
                for (var v = 0; v < count; v++)
                {
                    var score = part[(long)i * count + v];
                    if (score > largest[i]) (largest[i], nearest[i]) = (score, first + v);
                }
            }
        });
        var selection = BudgetFiller.Fill(Name, problem, RowOrder.ByScore(largest, problem.ContentIds), problem.Gradients.Pool);
        return selection with { Details = scores.Details(selection, position => nearest[position]) };
    }
}
