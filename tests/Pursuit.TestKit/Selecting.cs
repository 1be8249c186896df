using Pursuit.Selection;

namespace Pursuit.TestKit;

/// <summary>Selecting as tests do it.</summary>
internal static class Selecting
{
    /// <summary>A method's choice with some threads.</summary>
    public static SelectionResult SelectWith(
        this ISelector selector, SelectionProblem problem, int threads, CancellationToken cancellationToken) =>
        selector.Select(problem, new SelectionContext { Threads = threads, CancellationToken = cancellationToken });
}
