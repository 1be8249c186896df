namespace Pursuit.Distribution;

/// <summary>
/// The processes that do one job together. The first, rank 0, decides and speaks; the others hear, work and answer. Every message is
/// whole, and every process makes the same calls in the same order.
/// </summary>
public interface IProcessGroup
{
    /// <summary>This process, 0 to <see cref="Count"/> - 1.</summary>
    int Rank { get; }

    /// <summary>Processes, 1 or more.</summary>
    int Count { get; }

    /// <summary>Rank 0 sends a message to all others.</summary>
    void Tell(ReadOnlySpan<byte> message);

    /// <summary>Another rank waits for what rank 0 tells next, without using the processor while nothing comes.</summary>
    byte[] Hear();

    /// <summary>Another rank sends rank 0 a message.</summary>
    void Answer(ReadOnlySpan<byte> message);

    /// <summary>Rank 0 waits for the next message of another rank.</summary>
    byte[] AnswerOf(int rank);
}

/// <summary>What every group can do.</summary>
public static class ProcessGroups
{
    /// <summary>One process alone.</summary>
    public static IProcessGroup Alone { get; } = new SingleProcess();

    /// <summary>Returns when every process has come here: what each wrote before, all may read after.</summary>
    public static void Meet(this IProcessGroup group)
    {
        if (group.Rank > 0)
        {
            group.Answer([]);
            _ = group.Hear();
            return;
        }

        for (var rank = 1; rank < group.Count; rank++) _ = group.AnswerOf(rank);
        group.Tell([]);
    }

    private sealed class SingleProcess : IProcessGroup
    {
        public int Rank => 0;

        public int Count => 1;

        public void Tell(ReadOnlySpan<byte> message)
        {
            // Nobody else is there.
        }

        public byte[] Hear() => throw new InvalidOperationException("a process alone has nobody to hear");

        public void Answer(ReadOnlySpan<byte> message) => throw new InvalidOperationException("a process alone has nobody to answer");

        public byte[] AnswerOf(int rank) => throw new InvalidOperationException("a process alone has nobody who answers");
    }
}
