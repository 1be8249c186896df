using System.Globalization;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Pursuits;

/// <summary>
/// What of the process's own memory a pursuit may use, planned before it begins: chosen rows are kept where there is room for them, else read
/// from the store again. No result depends on it.
/// </summary>
public sealed class PursuitMemory
{
    // The runtime, its compiled code, threads' stacks.
    private const long Runtime = 160L << 20;

    // Content ids and the index (136 at most), norms of rows, scores of a pass in both forms, marks, a random choice to compare with.
    private const long BytesPerRow = 256;

    // Norms as stored and as read, multipliers, and a copy while they are checked, for each checkpoint.
    private const long BytesPerRowAndBlock = 16;

    // Packed panels of a matrix product.
    private const long BytesPerThread = 8L << 20;

    // Residuals, targets, means and their copies, in single and double precision.
    private const long BytesPerVectorNumber = 96;

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

    /// <summary>Bytes of the features that weren't read thanks to the screen; below zero where passes were so few that the one for their gains cost more.</summary>
    public long BytesSpared { get; private set; }

    /// <summary>Bytes of other processes' rows that may be kept.</summary>
    internal long Cache { get; private set; } = UsualCache;

    /// <summary>Rows in a support at most, as planned.</summary>
    internal long MostRows { get; private set; } = Array.MaxLength;

    /// <summary>Plans a pursuit.</summary>
    /// <param name="method">The method, for the message.</param>
    /// <param name="size">How large it is.</param>
    /// <exception cref="PursuitException">It can't be done within what is allowed; the message has the numbers.</exception>
    internal void Plan(string method, PursuitSize size)
    {
        var block = 3L * SupportRows.BlockRows * size.Dimension * sizeof(float); // two at once, and a part of near-duplicates' search
        (string What, long Bytes)[] parts =
        [
            ("the runtime", Runtime),
            ($"{size.Rows:N0} rows' ids, norms and scores", size.Rows * (BytesPerRow + BytesPerRowAndBlock * size.Blocks + sizeof(float) * size.Passes)),
            ($"the Gram matrix of up to {size.Chosen:N0} rows and what fits need", GramBytes(size)),
            ($"{size.Groups} residuals of {size.Dimension:N0} numbers and rows being read", BytesPerVectorNumber * size.Groups * size.Dimension + block + size.KeptDirections * size.Dimension * sizeof(float)),
            ($"{size.Threads} threads", size.Threads * (BytesPerThread + sizeof(float) * 64 * size.Dimension + 8192 * size.Groups)),
        ];
        var least = parts.Sum(p => p.Bytes);
        var rows = size.Chosen * size.Dimension * sizeof(float);
        if (Allowed is { } allowed && least > allowed)
            throw PursuitException.At("--memory", $"{Mebibytes(allowed >> 20)} for {method}", $"at least {Text(least)}: {string.Join(", ", parts.Select(p => $"{Text(p.Bytes)} for {p.What}"))}", "Allow more, lower the budget, use fewer --threads, or a top-k method such as less.");
        MostRows = size.Chosen;
        KeepsRows = Allowed is null || least + rows <= Allowed;
        Planned = KeepsRows ? least + rows : least;
        // Without a bound, half of all there is: the rest is for the store's pages.
        Screens = size.ScreenBytes > 0 && Planned + size.ScreenBytes <= (Allowed ?? HalfOfAll);
        if (Screens) Planned += size.ScreenBytes;
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

    /// <summary>The matrix, the smaller one it grew from, and columns of weights and products.</summary>
    private static long GramBytes(PursuitSize size) => 2 * sizeof(float) * size.Chosen * size.Chosen + 12L * sizeof(double) * size.Groups * size.Chosen + size.FactorBytes;

    /// <summary>What is needed, rounded up, so that the number told is one that suffices.</summary>
    private static string Text(long bytes) => Mebibytes((bytes + (1 << 20) - 1) >> 20);

    private static string Mebibytes(long count) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} MiB");
}

/// <summary>What a pursuit's memory depends on.</summary>
internal sealed record PursuitSize
{
    /// <summary>Rows of the pool.</summary>
    public required long Rows { get; init; }

    /// <summary>Checkpoints.</summary>
    public required long Blocks { get; init; }

    /// <summary>Numbers of a row over all checkpoints.</summary>
    public required long Dimension { get; init; }

    /// <summary>Rows in the support at most, candidates among them.</summary>
    public required long Chosen { get; init; }

    /// <summary>Target groups.</summary>
    public required long Groups { get; init; }

    /// <summary>Threads.</summary>
    public required long Threads { get; init; }

    /// <summary>Passes whose gains are kept and may be looked at together.</summary>
    public required long Passes { get; init; }

    /// <summary>Directions that are kept beside the support.</summary>
    public long KeptDirections { get; init; }

    /// <summary>Bytes of a screen and what comes with it; 0 where passes make none.</summary>
    public long ScreenBytes { get; init; }

    /// <summary>Bytes of matrix factors beside the Gram matrix.</summary>
    public long FactorBytes { get; init; }

    /// <summary>Bytes of a screen, of the residuals whose gains are computed at the end (kept, beside each other, packed), and of their products; 0 where an array of .NET may not hold a shard's or, padded, all those residuals.</summary>
    public long Screen() => Math.Max(FeatureRows.DefaultShardRows, Passes * Groups) * Dimension > Array.MaxLength / 2 ? 0 : RowScreen.BytesOf(Rows, Blocks, Dimension) + Passes * Groups * (3 * sizeof(float) * Dimension + Threads * FeatureRows.DefaultShardRows * (sizeof(double) + sizeof(float)));
}
