namespace Pursuit.Selection.Features;

/// <summary>Checks what gradient methods are given before they read a byte of it.</summary>
internal static class GradientProblem
{
    private const string What = "gradient features";

    /// <summary>The pool's gradients.</summary>
    /// <exception cref="PursuitException">There are none, or not one row per example.</exception>
    public static IDenseFeatures Pool(SelectionProblem problem, string method) => DenseProblem.Pool(problem.PoolGradients, problem, method, What);

    /// <summary>The target's gradients.</summary>
    /// <exception cref="PursuitException">There are none, or their groups don't fit.</exception>
    public static IDenseFeatures Target(SelectionProblem problem, string method) => DenseProblem.Target(problem.TargetGradients, problem, method, What);

    /// <summary>Each target row's group; all 0 where the target isn't grouped.</summary>
    public static IReadOnlyList<int> Groups(SelectionProblem problem) =>
        problem.TargetGroups.Count > 0 ? problem.TargetGroups : new int[problem.TargetGradients!.Rows];

    /// <summary>How many groups the target has, at least one.</summary>
    public static int GroupCount(SelectionProblem problem) => problem.TargetGroups.Count > 0 ? Math.Max(1, problem.TargetGroupNames.Count) : 1;

    /// <summary>A group's name for messages and results.</summary>
    public static string GroupName(SelectionProblem problem, int group) =>
        group < problem.TargetGroupNames.Count ? problem.TargetGroupNames[group] : "target";
}
