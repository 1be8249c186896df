using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Less;

/// <summary>score[i, task] = mean over the task's examples v of phi_i . phi_v: what every inner-product method orders by.</summary>
internal sealed record TaskScores(int Tasks, double[] Scores, IReadOnlyList<string> Names, long BytesRead)
{
    /// <summary>One pass over the pool for all tasks.</summary>
    public static TaskScores Compute(
        SelectionProblem problem, string method, RowConstruction construction, bool centre, SelectionContext context)
    {
        var (threads, cancellationToken) = (context.Threads, context.CancellationToken);
        var pool = GradientRows.OfPool(problem.RequirePoolGradients(method), construction);
        var passes = 1;
        if (centre)
        {
            pool = pool.Centred(threads, cancellationToken);
            passes += 2;
        }

        var target = pool.OfTarget(problem.RequireTargetGradients(method));
        var names = problem.NamesOfTargetGroups();
        var means = GroupMeans.Compute(target, problem.GroupsOfTargetGradients(), names, threads, cancellationToken);
        var scores = new double[pool.Count * names.Count];
        pool.Scan(Array.ConvertAll(means, m => (float)m), names.Count, scores, threads, cancellationToken);
        return new TaskScores(names.Count, scores, names, passes * pool.PassBytes);
    }
}
