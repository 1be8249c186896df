using System.Globalization;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>What a pursuit's memory depends on, and what it comes to.</summary>
internal sealed record PursuitSize
{
    // The runtime, its compiled code, threads' stacks.
    private const long Runtime = 160L << 20;

    // Content ids and the index (136 at most), norms of rows, scores of a pass in both forms, marks, a random choice to compare with.
    private const long BytesPerRow = 256;

    // Norms as stored and as read, multipliers, and a copy while they are checked, for each checkpoint.
    private const long BytesPerRowAndCheckpoint = 16;

    // Packed panels of a matrix product.
    private const long BytesPerThread = 8L << 20;

    // Residuals, targets, means and their copies, in single and double precision.
    private const long BytesPerVectorNumber = 96;

    /// <summary>Rows of the pool.</summary>
    public required long Rows { get; init; }

    /// <summary>Checkpoints.</summary>
    public required long Checkpoints { get; init; }

    /// <summary>Numbers of a row over all checkpoints.</summary>
    public required long Dimension { get; init; }

    /// <summary>Rows in the support at most, candidates among them.</summary>
    public required long Chosen { get; init; }

    /// <summary>Target groups.</summary>
    public required long Groups { get; init; }

    /// <summary>Rows that a pass lists beside the support; 0 where it lists none.</summary>
    public long Listed { get; init; }

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

    /// <summary>Bytes of rows that are pursued again behind a training on the choice; 0 where none are.</summary>
    public long LoopBytes { get; init; }

    /// <summary>Plans the pursuit in an account; with room for a screen where there is some.</summary>
    /// <param name="memory">Bounds it, and is told what was planned.</param>
    /// <param name="method">The method, for the message.</param>
    /// <exception cref="PursuitException">It can't be done within what is allowed; the message has the numbers.</exception>
    public void PlanIn(PursuitMemory memory, string method)
    {
        var block = 3L * SupportRows.BlockRows * Dimension * sizeof(float); // two at once, and a part of near-duplicates' search
        List<(string What, long Bytes)> parts =
        [
            ("the runtime", Runtime),
            ($"{Rows:N0} rows' ids, norms and scores",
                Rows * (BytesPerRow + BytesPerRowAndCheckpoint * Checkpoints + sizeof(float) * Passes)),
            ($"the Gram matrix of up to {Chosen:N0} rows and what fits need", GramBytes()),
            (
                $"{Groups} residuals of {Dimension:N0} numbers and rows being read",
                BytesPerVectorNumber * Groups * Dimension + block + KeptDirections * Dimension * sizeof(float)),
            ($"{Threads} threads", Threads * (BytesPerThread + sizeof(float) * 64 * Dimension + 8192 * Groups)),
        ];
        if (LoopBytes > 0) parts.Add(("rows that are pursued again", LoopBytes));
        var least = parts.Sum(p => p.Bytes);
        var rows = Chosen * Dimension * sizeof(float);
        if (memory.Allowed is { } allowed && least > allowed)
        {
            throw PursuitException.At(
                ApiName.Memory,
                $"{Mebibytes(allowed >> 20)} for {method}",
                $"at least {Text(least)}: {string.Join(", ", parts.Select(p => $"{Text(p.Bytes)} for {p.What}"))}",
                $"Allow more, lower the budget, use fewer {ApiName.Threads}, "
                + (LoopBytes > 0 ? $"set {method}.retrain=0, or take a top-k method such as less." : "or a top-k method such as less."));
        }

        var keepsRows = memory.Allowed is null || least + rows <= memory.Allowed;
        var planned = keepsRows ? least + rows : least;
        // Without a bound, half of all there is: the rest is for the store's pages.
        var screens = ScreenBytes > 0 && planned + ScreenBytes <= (memory.Allowed ?? PursuitMemory.HalfOfAll);
        memory.Take(screens ? planned + ScreenBytes : planned, Chosen, keepsRows, screens);
    }

    /// <summary>
    /// Bytes of a screen, of the residuals whose gains are computed at the end (kept, beside each other, packed), and of their products; 0
    /// where an array of .NET may not hold a shard's or, padded, all those residuals.
    /// </summary>
    /// <param name="onDevice">True where a device holds the screen's bytes.</param>
    public long Screen(bool onDevice = false)
    {
        const int ShardRows = FeatureRows.DefaultShardRows;
        if (Math.Max(ShardRows, Passes * Groups) * Dimension > Array.MaxLength / 2) return 0;
        var perResidual = 3 * sizeof(float) * Dimension + Threads * ShardRows * (sizeof(double) + sizeof(float));
        return RowScreen.BytesOf(Rows, Checkpoints, onDevice ? 0 : Dimension) + Passes * Groups * perResidual;
    }

    /// <summary>The matrix, the smaller one it grew from, and columns of weights and products.</summary>
    private long GramBytes() =>
        2 * sizeof(float) * Chosen * Chosen + 12L * sizeof(double) * Groups * Chosen + FactorBytes
            + sizeof(float) * Listed * (Dimension + Listed + Chosen + 2 * Groups);

    /// <summary>What is needed, rounded up, so that the number told is one that suffices.</summary>
    private static string Text(long bytes) => Mebibytes((bytes + (1 << 20) - 1) >> 20);

    private static string Mebibytes(long count) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} MiB");
}
