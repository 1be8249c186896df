using Pursuit.Selection.Features;

namespace Pursuit.Selection;

/// <summary>How a method works: nothing here changes what it chooses, and all of it may be left out.</summary>
public sealed record SelectionContext
{
    /// <summary>All threads, no progress, nothing kept and no bound.</summary>
    public static SelectionContext Default { get; } = new();

    /// <summary>At most this many threads. Default: the machine's.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Told how far the work is.</summary>
    public IProgress<WorkProgress>? Progress { get; init; }

    /// <summary>Keeps what a pursuit finds as it goes, so that a killed one continues; null keeps nothing.</summary>
    internal PursuitJournal? Journal { get; init; }

    /// <summary>What a pursuit may use of memory, and what it came to; null for no bound.</summary>
    internal PursuitMemory? Memory { get; init; }

    /// <summary>Trains on a choice and takes gradients there; null where no model is at hand.</summary>
    internal ITrainedGradients? Trained { get; init; }

    /// <summary>Holds a pool's rows and makes passes over them; null leaves them to the processor.</summary>
    internal IRowDevice? RowDevice { get; init; }

    /// <summary>Stops the work between parts.</summary>
    public CancellationToken CancellationToken { get; init; }
}
