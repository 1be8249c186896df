namespace Pursuit.Selection;

/// <summary>A method that orders a pool by one score per example: what <c>pursuit score</c> writes.</summary>
public interface IScorer : ISelector
{
    /// <summary>The scores the method orders by, highest first.</summary>
    /// <returns>[pool]; NaN where the method's definition gives an example none.</returns>
    /// <exception cref="PursuitException">The problem lacks something this method needs.</exception>
    double[] Scores(SelectionProblem problem, IProgress<WorkProgress>? progress, CancellationToken cancellationToken);
}
