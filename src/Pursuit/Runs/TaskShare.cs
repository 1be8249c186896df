using System.Globalization;
using Pursuit.Distribution;
using Pursuit.Storage;

namespace Pursuit.Runs;

/// <summary>
/// The share of one task among n that a scheduler starts, together or one after the other, in one run directory: every n-th shard. Tasks
/// know of each other by files alone, so any may be missing, repeated or restarted.
/// </summary>
internal sealed class TaskShare : StageShare
{
    private const string LockName = "turn.lock";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private readonly RunDirectory _run;
    private readonly Action? _onWait;
    private FileStream? _turn;

    /// <summary>A task's share.</summary>
    /// <param name="run">The directory that all tasks write.</param>
    /// <param name="task">This task, 0 to <paramref name="tasks"/> - 1.</param>
    /// <param name="tasks">Tasks, 1 or more.</param>
    /// <param name="onWait">Told when this task has to wait for another.</param>
    public TaskShare(RunDirectory run, int task, int tasks, Action? onWait = null)
    {
        (_run, _onWait) = (run, onWait);
        (Task, Tasks) = (task, tasks);
    }

    /// <summary>This task.</summary>
    public int Task { get; }

    /// <summary>All tasks.</summary>
    public int Tasks { get; }

    /// <summary>Reads "3/16".</summary>
    /// <exception cref="PursuitException">The text isn't a task and a number of tasks.</exception>
    public static (int Task, int Tasks) Parse(string text)
    {
        return text.Split('/') is [var first, var second]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var task)
            && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var tasks)
            && tasks is >= 1 and <= 1_000_000 && task < tasks
            ? (task, tasks)
            : throw PursuitException.At(
                ApiName.Shard, $"'{text}'", "K/N with K from 0 to N - 1, such as 3/16",
                $"In a Slurm array of 0 to 15: {ApiName.Shard} $SLURM_ARRAY_TASK_ID/16.");
    }

    /// <inheritdoc/>
    public override bool Takes(int shard) => shard % Tasks == Task;

    /// <inheritdoc/>
    public override T InTurn<T>(Func<T> step, CancellationToken cancellationToken)
    {
        using (TakeTurn(cancellationToken)) return step();
    }

    /// <inheritdoc/>
    public override bool Completes(Func<bool> allThere, CancellationToken cancellationToken)
    {
        _turn = TakeTurn(cancellationToken);
        return allThere();
    }

    /// <inheritdoc/>
    public override void Completed()
    {
        _turn?.Dispose();
        _turn = null;
    }

    /// <inheritdoc/>
    public override bool Any(bool here) => here;

    /// <summary>A lock that the system takes back from a process that ends in whatever way.</summary>
    private FileStream TakeTurn(CancellationToken cancellationToken)
    {
        for (var waited = false; ; waited = true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return Disk.OpenInPlace(_run.PathOf(LockName), FileShare.None, bufferSize: 0);
            }
            catch (IOException e) when (RunDirectory.IsInUse(e))
            {
                if (!waited) _onWait?.Invoke();
                cancellationToken.WaitHandle.WaitOne(Pause);
            }
        }
    }
}
