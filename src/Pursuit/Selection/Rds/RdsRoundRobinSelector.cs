using Pursuit.Selection.Neighbours;

namespace Pursuit.Selection.Rds;

/// <summary>
/// As <see cref="RdsSelector"/>, but target examples take turns: in each round every one, in the target's order, takes the most
/// similar row that is still free, as RDS+ does it.
/// </summary>
internal sealed class RdsRoundRobinSelector(RdsOptions options) : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "rds-round-robin";

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var scan = new SimilarityScan(problem, Name, options.Similarity, context);
        return TurnTaking.Fill(Name, problem, problem.Embeddings.Pool!, scan.Targets, scan.MostSimilar).Selection;
    }
}
