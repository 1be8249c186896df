namespace Pursuit.Distribution;

/// <summary>
/// Bytes that several processes exchanged for one selection, as rank 0 counts them; each message counts once per process that gets it.
/// </summary>
public sealed record Traffic
{
    /// <summary>Processes.</summary>
    public required int Processes { get; init; }

    /// <summary>Passes that all processes made together.</summary>
    public required int Passes { get; init; }

    /// <summary>Bytes out for passes: right-hand sides (4 bytes a number), and which rows can't be chosen.</summary>
    public required long PassesOut { get; init; }

    /// <summary>
    /// Bytes back from passes: 8 bytes for each candidate's position and score, more where a fill needs its products too.
    /// </summary>
    public required long PassesBack { get; init; }

    /// <summary>Rows that other processes own and were gathered.</summary>
    public required long Rows { get; init; }

    /// <summary>Bytes back for those rows, 4 a number.</summary>
    public required long RowsBack { get; init; }

    /// <summary>Bytes back for what explanations keep: every row's gain at every kept pass, once.</summary>
    public required long GainsBack { get; init; }

    /// <summary>All other bytes, both ways: openings, sums of rows, scores of all rows.</summary>
    public required long Other { get; init; }

    /// <summary>All bytes.</summary>
    public long Total => PassesOut + PassesBack + RowsBack + GainsBack + Other;
}
