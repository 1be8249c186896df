namespace Pursuit.Distribution;

/// <summary>
/// One process's share in making a run's features: which shards are its own, and what one process does before the others go on. Every
/// shard has one maker and comes out the same whoever that is, so no share changes a byte.
/// </summary>
internal abstract class StageShare
{
    /// <summary>A process that makes everything.</summary>
    public static StageShare Whole { get; } = new WholeShare();

    /// <summary>The share of a process among several that run together; each takes every n-th shard.</summary>
    public static StageShare Of(IProcessGroup group) => group.Count == 1 ? Whole : new GroupShare(group);

    /// <summary>True where a shard is this process's to make.</summary>
    public abstract bool Takes(int shard);

    /// <summary>Does what is made once: in one process first, then in the others, which find it made.</summary>
    /// <param name="step">Looks whether it is made, and makes it where it isn't.</param>
    /// <param name="cancellationToken">Stops the wait for another process.</param>
    public abstract T InTurn<T>(Func<T> step, CancellationToken cancellationToken);

    /// <summary>
    /// Called when this process's shards are made: true where it is the one to complete the stage, now. <see cref="Completed"/> follows in
    /// either case.
    /// </summary>
    /// <param name="allThere">Looks whether every shard of the stage is made.</param>
    /// <param name="cancellationToken">Stops the wait for another process.</param>
    public abstract bool Completes(Func<bool> allThere, CancellationToken cancellationToken);

    /// <summary>Called after <see cref="Completes"/>, when what that asked for is done.</summary>
    public abstract void Completed();

    /// <summary>True where it holds in any of the processes that run together.</summary>
    public abstract bool Any(bool here);

    private sealed class WholeShare : StageShare
    {
        public override bool Takes(int shard) => true;

        public override T InTurn<T>(Func<T> step, CancellationToken cancellationToken) => step();

        public override bool Completes(Func<bool> allThere, CancellationToken cancellationToken) => true;

        public override void Completed()
        {
            // Nobody waits.
        }

        public override bool Any(bool here) => here;
    }

    private sealed class GroupShare(IProcessGroup group) : StageShare
    {
        public override bool Takes(int shard) => shard % group.Count == group.Rank;

        public override T InTurn<T>(Func<T> step, CancellationToken cancellationToken)
        {
            if (group.Rank > 0) group.Meet();
            var made = step();
            if (group.Rank == 0) group.Meet();
            return made;
        }

        public override bool Completes(Func<bool> allThere, CancellationToken cancellationToken)
        {
            group.Meet();
            return group.Rank == 0;
        }

        public override void Completed() => group.Meet();

        public override bool Any(bool here)
        {
            if (group.Rank > 0)
            {
                group.Answer([Convert.ToByte(here)]);
                return group.Hear()[0] != 0;
            }

            for (var rank = 1; rank < group.Count; rank++) here |= group.AnswerOf(rank)[0] != 0;
            group.Tell([Convert.ToByte(here)]);
            return here;
        }
    }
}
