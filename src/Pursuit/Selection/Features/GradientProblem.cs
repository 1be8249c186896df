namespace Pursuit.Selection.Features;

/// <summary>Checks what gradient methods are given before they read a byte of it.</summary>
internal static class GradientProblem
{
    /// <summary>The pool's gradients.</summary>
    /// <exception cref="PursuitException">There are none, or not one row per example.</exception>
    public static IDenseFeatures Pool(SelectionProblem problem, string method)
    {
        var features = problem.PoolGradients
            ?? throw PursuitException.At(method, "no gradient features of the pool", "some", "Let select compute them with --model, or give --features.");
        return features.Rows == problem.ContentIds.Count
            ? features
            : throw PursuitException.At(features.Name, $"{features.Rows:N0} rows", $"the pool's {problem.ContentIds.Count:N0} examples", "Compute the features again for this pool, or give the pool they were made of.");
    }

    /// <summary>The target's gradients.</summary>
    /// <exception cref="PursuitException">There are none, or their groups don't fit.</exception>
    public static IDenseFeatures Target(SelectionProblem problem, string method)
    {
        var target = problem.TargetGradients
            ?? throw PursuitException.At(method, "no gradient features of a target", "some", "Give --target, or --target-features.");
        if (target.Rows == 0)
            throw PursuitException.At(target.Name, "no rows", "at least one target example");
        if (problem.TargetGroups.Count > 0 && problem.TargetGroups.Count != target.Rows)
            throw PursuitException.At(target.Name, $"{target.Rows:N0} rows", $"the target's {problem.TargetGroups.Count:N0} examples", "Compute the features again for this target.");
        return target;
    }

    /// <summary>Each target row's group; all 0 where the target isn't grouped.</summary>
    public static IReadOnlyList<int> Groups(SelectionProblem problem) =>
        problem.TargetGroups.Count > 0 ? problem.TargetGroups : new int[problem.TargetGradients!.Rows];

    /// <summary>How many groups the target has, at least one.</summary>
    public static int GroupCount(SelectionProblem problem) => problem.TargetGroups.Count > 0 ? Math.Max(1, problem.TargetGroupNames.Count) : 1;

    /// <summary>A group's name for messages and results.</summary>
    public static string GroupName(SelectionProblem problem, int group) =>
        group < problem.TargetGroupNames.Count ? problem.TargetGroupNames[group] : "target";
}
