namespace Pursuit.Selection;

/// <summary>
/// What of the process's own memory a pursuit may use, planned before it begins: chosen rows are kept where there is room for them, else
/// read
/// from the store again. No result depends on it.
/// </summary>
internal sealed class PursuitMemory
{
    private const long UsualCache = 1L << 30;

    /// <summary>A pursuit's memory.</summary>
    /// <param name="allowed">Bytes; null for no bound.</param>
    public PursuitMemory(long? allowed) => Allowed = allowed;

    /// <summary>Bytes that may be used; null for no bound.</summary>
    public long? Allowed { get; }

    /// <summary>Bytes that are planned for; 0 before a pursuit was.</summary>
    public long Planned { get; private set; }

    /// <summary>True where chosen rows stay in memory.</summary>
    public bool KeepsRows { get; private set; } = true;

    /// <summary>Bytes of chosen rows that were read again because there was no room for them.</summary>
    public long BytesReread { get; private set; }

    /// <summary>True where there is room for a screen of the rows, which spares passes most of them.</summary>
    public bool Screens { get; private set; }

    /// <summary>Rows that passes over a screen had to tell apart, over all passes.</summary>
    public long RowsScreened { get; private set; }

    /// <summary>Rows of those that were read again, because the screen didn't tell.</summary>
    public long RowsReadAgain { get; private set; }

    /// <summary>
    /// Bytes of the features that weren't read thanks to the screen; below zero where passes were so few that the one for their gains cost
    /// more.
    /// </summary>
    public long BytesSpared { get; private set; }

    /// <summary>Bytes of other processes' rows that may be kept.</summary>
    internal long Cache { get; private set; } = UsualCache;

    /// <summary>Rows in a support at most, as planned.</summary>
    internal long MostRows { get; private set; } = Array.MaxLength;

    /// <summary>Takes over what was planned.</summary>
    /// <param name="planned">Bytes that are planned for.</param>
    /// <param name="mostRows">Rows in a support at most.</param>
    /// <param name="keepsRows">Chosen rows stay in memory.</param>
    /// <param name="screens">There is room for a screen of the rows.</param>
    internal void Take(long planned, long mostRows, bool keepsRows, bool screens)
    {
        (Planned, MostRows, KeepsRows, Screens) = (planned, mostRows, keepsRows, screens);
        Cache = Allowed is null ? UsualCache : Math.Min(UsualCache, Allowed.Value - Planned);
    }

    /// <summary>Half of the machine's memory, or of its container's.</summary>
    internal static long HalfOfAll => ProcessMemory.OfMachine / 2;

    internal void CountReread(long bytes) => BytesReread += bytes;

    internal void CountSpared(long bytes) => BytesSpared += bytes;

    internal void CountScreened(long screened, long readAgain)
    {
        RowsScreened += screened;
        RowsReadAgain += readAgain;
    }
}
