namespace Pursuit.Selection.Features;

/// <summary>Checks what text methods are given before they read a word of it.</summary>
internal static class TextProblem
{
    /// <summary>The pool's texts.</summary>
    /// <exception cref="PursuitException">There are none, or not one per example.</exception>
    public static ITextFeatures Pool(SelectionProblem problem, string method)
    {
        var texts = problem.PoolTexts ?? throw PursuitException.At(method, "no texts of the pool", "the pool's records", "Let select read them with --pool.");
        return texts.Count == problem.ContentIds.Count
            ? texts
            : throw PursuitException.At(method, $"{texts.Count:N0} texts", $"the pool's {problem.ContentIds.Count:N0} examples");
    }

    /// <summary>The target's texts.</summary>
    /// <exception cref="PursuitException">There are none.</exception>
    public static ITextFeatures Target(SelectionProblem problem, string method) =>
        problem.TargetTexts is { Count: > 0 } texts
            ? texts
            : throw PursuitException.At(method, "no texts of a target", "at least one target example", "Give --target.");
}
