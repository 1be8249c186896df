namespace Pursuit.Selection.Features;

/// <summary>The mean row of each target group.</summary>
internal static class TaskMeans
{
    /// <summary>b_j = mean over v in group j of phi_v, [groups, Dimension].</summary>
    /// <exception cref="PursuitException">A group is empty or all its gradients are zero.</exception>
    public static double[] Of(SelectionProblem problem, GradientRows target, IReadOnlyList<int> group, int groups, CancellationToken cancellationToken)
    {
        var sums = RowSums.Of(target, group, groups, problem.Threads, cancellationToken);
        for (var g = 0; g < groups; g++)
        {
            var members = Enumerable.Range(0, target.Count).Where(v => group[v] == g).ToArray();
            var where = $"{target.Features.Name}: target group '{GradientProblem.GroupName(problem, g)}'";
            if (members.Length == 0)
                throw PursuitException.At(where, "no examples", "at least one", "Drop the group or give it examples.");
            if (members.All(v => target.Norms[v] == 0))
                throw PursuitException.At(where, $"the gradients of all its {members.Length:N0} examples are zero", "at least one that isn't", "Give examples the model doesn't already know by heart, and check that their answers carry loss.");
            var sum = sums.AsSpan(g * target.Dimension, target.Dimension);
            foreach (ref var value in sum) value /= members.Length;
        }

        return sums;
    }
}
