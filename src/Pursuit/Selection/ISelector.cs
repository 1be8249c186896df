namespace Pursuit.Selection;

/// <summary>
/// A method, ready with its options. A selector is a pure function of the problem: no clock, no files beyond the stores it
/// is given, no thread count in its result; equal scores are ordered by content id.
/// </summary>
public interface ISelector
{
    /// <summary>Chooses within the budget.</summary>
    /// <param name="problem">What is asked.</param>
    /// <param name="context">How to work; changes no choice.</param>
    /// <exception cref="PursuitException">The problem lacks something this method needs, or the budget can't be met.</exception>
    SelectionResult Select(SelectionProblem problem, SelectionContext context);
}

/// <summary>What every method can do.</summary>
public static class Selectors
{
    /// <summary>Chooses within the budget, with <see cref="SelectionContext.Default"/>.</summary>
    /// <param name="selector">The method.</param>
    /// <param name="problem">What is asked.</param>
    /// <param name="cancellationToken">Stops the work between parts.</param>
    /// <exception cref="PursuitException">The problem lacks something this method needs, or the budget can't be met.</exception>
    public static SelectionResult Select(
        this ISelector selector, SelectionProblem problem, CancellationToken cancellationToken = default) =>
        selector.Select(problem, SelectionContext.Default with { CancellationToken = cancellationToken });
}
