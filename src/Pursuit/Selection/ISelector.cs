namespace Pursuit.Selection;

/// <summary>
/// A method, ready with its options. A selector is a pure function of the problem: no clock, no files beyond the stores it
/// is given, no thread count in its result; equal scores are ordered by content id.
/// </summary>
public interface ISelector
{
    /// <summary>Chooses within the budget.</summary>
    /// <exception cref="PursuitException">The problem lacks something this method needs, or the budget can't be met.</exception>
    SelectionResult Select(SelectionProblem problem, IProgress<WorkProgress>? progress, CancellationToken cancellationToken);
}
