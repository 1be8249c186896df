using System.Collections.Concurrent;
using Pursuit.Distribution;

namespace Pursuit.TestKit;

/// <summary>A group of processes played by threads: the same messages in the same order, and no library.</summary>
internal sealed class ProcessThreads : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly BlockingCollection<byte[]>[] _told;
    private readonly BlockingCollection<byte[]>[] _answers;

    private ProcessThreads(int count)
    {
        _told = [.. Enumerable.Range(0, count).Select(_ => new BlockingCollection<byte[]>())];
        _answers = [.. Enumerable.Range(0, count).Select(_ => new BlockingCollection<byte[]>())];
    }

    /// <summary>Runs the first rank's work here and the others' on threads of their own, and returns what the first gave.</summary>
    /// <param name="count">Processes.</param>
    /// <param name="first">Rank 0's work.</param>
    /// <param name="other">Every other rank's.</param>
    public static T Run<T>(int count, Func<IProcessGroup, T> first, Action<IProcessGroup> other)
    {
        using var threads = new ProcessThreads(count);
        var others = Enumerable.Range(1, count - 1).Select(rank => Task.Factory.StartNew(
            () => other(new Member(threads, rank, count)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))
            .ToArray();
        T made;
        try
        {
            made = first(new Member(threads, 0, count));
        }
        catch (TimeoutException) when (others.Any(o => o.IsFaulted))
        {
            throw others.First(o => o.IsFaulted).Exception!; // what the first waited for in vain
        }

        if (!Task.WaitAll(others, Patience)) throw new TimeoutException("a process waits for what nobody tells it");
        return made;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var queue in _told.Concat(_answers)) queue.Dispose();
    }

    private static byte[] Take(BlockingCollection<byte[]> queue) =>
        queue.TryTake(out var message, Patience) ? message : throw new TimeoutException("nobody speaks");

    private sealed class Member(ProcessThreads threads, int rank, int count) : IProcessGroup
    {
        public int Rank => rank;

        public int Count => count;

        public void Tell(ReadOnlySpan<byte> message)
        {
            foreach (var queue in threads._told.Skip(1)) queue.Add(message.ToArray());
        }

        public byte[] Hear() => Take(threads._told[rank]);

        public void Answer(ReadOnlySpan<byte> message) => threads._answers[rank].Add(message.ToArray());

        public byte[] AnswerOf(int other) => Take(threads._answers[other]);
    }
}
