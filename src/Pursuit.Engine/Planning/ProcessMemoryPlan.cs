using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Storage;

namespace Pursuit.Engine.Planning;

/// <summary>
/// Bytes of memory of a process's own in each stage; stores and files that are mapped belong to the system's cache and aren't among them.
/// </summary>
internal sealed class ProcessMemoryPlan(CostPlan plan, int processes)
{
    /// <summary>Of an example in a pool's index: its place, fate, content id and the slots of the tables over them.</summary>
    private const double IndexBytes = 100;

    /// <summary>
    /// Lists of which the index is made, and what they are for a while while it is; a longer one is in a temporary file, which is mapped.
    /// </summary>
    private const double IndexLists = 12;

    /// <summary>Of rows that rank 0 fetched, at most.</summary>
    private const double CacheBytes = 1L << 30;

    private double Index => Math.Min(IndexBytes * plan.Examples, IndexLists * SpillableMemory.UsualLimit);

    /// <summary>While the pool is read, and while it isn't a process's turn.</summary>
    /// <param name="isFirst">True for the process that plans and decides.</param>
    public double Reading(bool isFirst) => Base(isFirst) + Index;

    /// <summary>While rank 0 trains: weights, their gradients and two moments, and the threads' arenas.</summary>
    public double WarmingUp(MachineGroup machine) =>
        Reading(isFirst: true) + plan.TrainingMemory + machine.Cores * (double)plan.TrainingThreadMemory;

    /// <summary>While shards are made.</summary>
    /// <param name="machine">The process's machine.</param>
    /// <param name="isFirst">True for the process that plans and decides.</param>
    public double Making(MachineGroup machine, bool isFirst) =>
        Reading(isFirst) + plan.ModelMemory + machine.Cores * (double)plan.ThreadMemory + plan.ShardMemory * (isFirst ? 1 : OthersShare);

    /// <summary>While passes are made, in a process that is told what to do.</summary>
    public double Passing => Reading(isFirst: false) + RowBytes * plan.Examples + PassBytes * (double)plan.Examples / processes;

    /// <summary>
    /// The same in rank 0: the chosen rows with their Gram matrix while they grow, rows it fetched, and in the end every row's gain at
    /// every pass.
    /// </summary>
    public double Deciding
    {
        get
        {
            var dimension = (double)plan.Checkpoints * plan.Dimension;
            var chosen = 1.1 * plan.Chosen;
            var fetched = processes > 1 ? Math.Min(CacheBytes, 2.0 * plan.Chosen * dimension * sizeof(float)) : 0;
            // A Gram matrix that grows stands beside the one it takes the place of.
            return Reading(
                isFirst: true) + (RowBytes + PassBytes + sizeof(
                    float) * plan.Passes) * plan.Examples + sizeof(float) * chosen * (dimension + 2 * chosen) + fetched;
        }
    }

    /// <summary>Of a row in a pass: its score, and its gain on the way.</summary>
    private const int PassBytes = 2 * sizeof(float);

    /// <summary>
    /// Of a row beside its features: norms, multipliers and losses at every checkpoint, its length, and what sorting lengths takes for a
    /// while.
    /// </summary>
    private double RowBytes => 12 * plan.Checkpoints + sizeof(double) + 28;

    /// <summary>Of a whole shard, the largest that another process makes: the pool's second.</summary>
    private double OthersShare => Math.Clamp((double)plan.Examples / FeatureManifest.ShardRows - 1, 0, 1);

    private static double Base(bool isFirst) => isFirst ? CostSample.FirstBaseBytes : CostSample.BaseBytes;
}
