using Pursuit.Data;
using static System.FormattableString;

namespace Pursuit.Jobs;

/// <summary>Examples of a target that stand in the pool too, by content id.</summary>
internal static class TargetOverlap
{
    /// <summary>Rows of the pool that were left out because they are the target's.</summary>
    public static long ExcludedRows(Pool pool) =>
        pool.Ledger.ReasonCounts.Where(r => r.Reason == PoolOptions.ExcludedReason).Sum(r => r.Count);

    /// <summary>What to say of them; null where there are none, or no target.</summary>
    public static string? Note(Pool pool, Pool? target, bool excluded)
    {
        if (target is null) return null;
        if (excluded)
        {
            var rows = ExcludedRows(pool);
            var (what, were) = rows == 1 ? ("row of the pool is an example", "was") : ("rows of the pool are examples", "were");
            return rows == 0 ? null : Invariant($"{rows:N0} {what} of the target and {were} excluded as asked");
        }

        var own = target.ContentIdList.ToHashSet();
        var both = pool.ContentIdList.Count(own.Contains);
        if (both == 0) return null;
        var counted = Invariant($"{both:N0} of {target.Count:N0} target {(target.Count == 1 ? "example" : "examples")} ")
            + Invariant($"{(both == 1 ? "stands" : "stand")}");
        return $"{counted} in the pool too, where methods that compare with the target find them first; "
            + "excluding the target leaves them out";
    }
}
