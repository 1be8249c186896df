using Pursuit.Data;
using Pursuit.Selection;
using Pursuit.Selection.Methods;
using Pursuit.Selection.Pursuits;

namespace Pursuit.Jobs;

/// <summary>The memory a pursuit may use, planned as early as can be.</summary>
internal static class PlannedMemory
{
    // What a target makes of itself where its files don't say more.
    private const int UsualGroups = 8;

    /// <summary>The memory of a job; where its features are still to be made, what is too little is refused before that.</summary>
    /// <param name="options">The job's options.</param>
    /// <param name="method">The method.</param>
    /// <param name="source">Makes the features; null where it isn't known, or another process plans.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="counts">Its tokens, where the budget counts them.</param>
    /// <exception cref="PursuitException">The pursuit can't be done within the bound.</exception>
    public static PursuitMemory Of(
        SelectJobOptions options, MethodDescriptor method, IFeatureSource? source, Pool pool, TokenCounts? counts)
    {
        var memory = new PursuitMemory(options.Memory);
        if (memory.Allowed is null || options.Features is not null || source?.Shape is not var (blocks, dimension)) return memory;
        var sketch = new SelectionProblem { ContentIds = pool.ContentIdList, Budget = options.Budget, TokenCounts = counts };
        var pursuit = (PursuitOptions)MethodOptions.Read(method, options.Settings);
        PursuitSession.Size(
            sketch,
            pursuit,
            blocks,
            dimension,
            Math.Max(UsualGroups, options.Targets.Count),
            options.Pool.Threads,
            options is { Targets.Count: > 0, Quotas.Count: 0 } ? (source as IChoiceTrainer)?.FollowsWarmup : null)
            .PlanIn(memory, method.Name);
        return memory;
    }
}
