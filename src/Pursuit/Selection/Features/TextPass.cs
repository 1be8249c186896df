using System.Collections.Concurrent;

namespace Pursuit.Selection.Features;

/// <summary>One pass over texts by several threads.</summary>
internal static class TextPass
{
    /// <summary>Texts that one thread takes at a time.</summary>
    private const int Batch = 64;

    /// <summary>Texts are read by whichever thread is free, one batch after another, while the others work.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="threads">At most this many; what is made must not depend on it.</param>
    /// <param name="onTexts">Told how many are done.</param>
    /// <param name="start">Makes a thread's state.</param>
    /// <param name="visit">Sees a text with its position.</param>
    /// <param name="end">Sees a thread's state when it is done; one thread at a time.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public static void Each<TState>(
        ITextFeatures texts,
        int threads,
        Action<int>? onTexts,
        Func<TState> start,
        Action<TState, int, string> visit,
        Action<TState> end,
        CancellationToken cancellationToken)
    {
        var gate = new Lock();
        var done = 0;
        Parallel.ForEach(
            Partitioner.Create(texts.Read(cancellationToken).Chunk(Batch).Index(), EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken },
            start,
            (batch, _, state) =>
            {
                for (var i = 0; i < batch.Item.Length; i++) visit(state, batch.Index * Batch + i, batch.Item[i]);
                onTexts?.Invoke(Interlocked.Add(ref done, batch.Item.Length));
                return state;
            },
            state =>
            {
                lock (gate) end(state);
            });
    }
}
