using Pursuit.Selection.Features;

namespace Pursuit.Selection.Less;

/// <summary>score[i, task] = mean over the task's examples v of phi_i . phi_v: what every inner-product method orders by.</summary>
internal sealed record TaskScores(int Tasks, double[] Scores, IReadOnlyList<string> Names, long BytesRead)
{
    /// <summary>One pass over the pool for all tasks.</summary>
    public static TaskScores Compute(SelectionProblem problem, string method, RowConstruction construction, bool centre, CancellationToken cancellationToken)
    {
        var pool = GradientRows.OfPool(GradientProblem.Pool(problem, method), construction);
        var passes = 1;
        if (centre)
        {
            pool = pool.Centred(problem.Threads, cancellationToken);
            passes += 2;
        }

        var target = pool.OfTarget(GradientProblem.Target(problem, method));
        var tasks = GradientProblem.GroupCount(problem);
        var means = TaskMeans.Of(problem, target, GradientProblem.Groups(problem), tasks, cancellationToken);
        var scores = new double[pool.Count * tasks];
        pool.Scan(Array.ConvertAll(means, m => (float)m), tasks, scores, problem.Threads, cancellationToken);
        return new TaskScores(tasks, scores, [.. Enumerable.Range(0, tasks).Select(t => GradientProblem.GroupName(problem, t))], passes * pool.PassBytes);
    }
}
