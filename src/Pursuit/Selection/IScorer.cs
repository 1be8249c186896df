namespace Pursuit.Selection;

/// <summary>A method that measures each example by itself: what <c>pursuit score</c> writes.</summary>
public interface IScorer : ISelector
{
    /// <summary>The method's measure of every example, as its page defines it; which end is kept is the method's.</summary>
    /// <param name="problem">The examples; its budget doesn't matter.</param>
    /// <param name="context">How to work; changes no score.</param>
    /// <returns>[pool]; NaN where the definition gives an example none.</returns>
    /// <exception cref="PursuitException">The problem lacks something this method needs.</exception>
    double[] Scores(SelectionProblem problem, SelectionContext context);
}
