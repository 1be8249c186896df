namespace Pursuit.Selection;

/// <summary>A method whose measure of an example toward a target comes from its measures toward each target example.</summary>
internal interface IAttributor : ISelector
{
    /// <summary>Measures every example toward each target example: how far training on the one should lower the other's loss.</summary>
    /// <param name="problem">Pool and target; its budget doesn't matter.</param>
    /// <param name="context">How to work; changes no score.</param>
    /// <param name="visit">
    /// Told a target example's row and the scores [pool], NaN where the definition gives an example none; not told of a target example
    /// that nothing can be measured toward. The array is used again.
    /// </param>
    /// <exception cref="PursuitException">The problem lacks something this method needs.</exception>
    void Attribute(SelectionProblem problem, SelectionContext context, Action<int, double[]> visit);
}
