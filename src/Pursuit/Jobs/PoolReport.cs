using Pursuit.Data;

namespace Pursuit.Jobs;

/// <summary>Passes a pool's reading on as work in megabytes, and what is done to it after that as work in rows.</summary>
internal sealed class PoolReport(IProgress<WorkProgress> progress, string work) : IProgress<PoolProgress>
{
    /// <summary>The adapter, or null where nobody listens.</summary>
    public static PoolReport? To(IProgress<WorkProgress>? progress, string work) =>
        progress is null ? null : new PoolReport(progress, work);

    /// <inheritdoc/>
    public void Report(PoolProgress value) => progress.Report(value.Work is { } after
        ? new WorkProgress($"near duplicates: {after}", value.RowsRead, value.RowsTotal, "rows")
        : new WorkProgress(work, value.BytesRead / 1e6, value.BytesTotal / 1e6, "MB", $"{value.RowsRead:N0} rows"));
}
