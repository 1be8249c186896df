using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Pursuit.Numerics;

/// <summary>
/// One pass over many rows of signed bytes against a few right-hand sides of 16 bits. Products are whole numbers and exact: their
/// bits depend on no order, width or machine. Twice as fast as widening the bytes to single precision for <see cref="RowScan"/>'s sums.
/// </summary>
/// <remarks>Single-threaded; callers give each thread its own rows. No allocation.</remarks>
internal static class ByteScan
{
    private const int RightsAtOnce = PackedRights.Together;
    private const int TileRows = 64;

    /// <summary>Numbers of four right-hand sides at once in the first-level cache: 32 KB.</summary>
    private const int CachedNumbers = 4096;

    /// <summary>How far ahead of the row being read memory is asked for: more than its latency at full speed.</summary>
    private const int AheadBytes = 16 << 10;

    /// <summary>dots[i, j] = sum over p of rows[i, p] words[j, p]; times the right-hand side's scale it is the product.</summary>
    /// <param name="rows">[rowCount, dimension], row after row.</param>
    /// <param name="rowCount">Rows.</param>
    /// <param name="right">The right-hand sides; their dimension is the rows'.</param>
    /// <param name="dots">[rowCount, right.Count], overwritten.</param>
    /// <exception cref="PursuitException">A span's length doesn't match.</exception>
    public static void Dots(ReadOnlySpan<sbyte> rows, int rowCount, PackedWords right, Span<long> dots) =>
        Dots(Simd.Best, rows, rowCount, right, dots);

    internal static unsafe void Dots(SimdPath path, ReadOnlySpan<sbyte> rows, int rowCount, PackedWords right, Span<long> dots)
    {
        if (rowCount < 0 || rows.Length != (long)rowCount * right.Dimension || dots.Length != (long)rowCount * right.Count)
        {
            throw PursuitException
                .At("ByteScan", $"rows [{rowCount}, {right.Dimension}] in {rows.Length} bytes, {right.Count} right-hand sides, dots in "
                    + $"{dots.Length}",
                $"{(long)rowCount * right.Dimension} bytes and {(long)rowCount * right.Count} dots");
        }

        fixed (sbyte* pRows = rows)
        fixed (long* pDots = dots)
        {
            switch (path)
            {
                case SimdPath.Vector512 when Avx512BW.IsSupported:
                    Blocks<Words512>(pRows, rowCount, right, pDots);
                    break;
                case SimdPath.Vector256 when Avx2.IsSupported:
                    Blocks<Words256>(pRows, rowCount, right, pDots);
                    break;
                default:
                    Blocks<WordsPlain>(pRows, rowCount, right, pDots);
                    break;
            }
        }

        GC.KeepAlive(right);
    }

    /// <summary>
    /// A tile of rows against four right-hand sides, then against the next four; within it a segment of those that the first-level cache
    /// holds against all rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Blocks<TWords>(sbyte* rows, int rowCount, PackedWords right, long* dots)
        where TWords : unmanaged, IWords<TWords>
    {
        int dim = right.Dimension, rightCount = right.Count;
        nint whole = dim / PackedWords.Lanes * PackedWords.Lanes, segment = Math.Min(TWords.MostNumbers, CachedNumbers);
        var words = right.Words;
        new Span<long>(dots, rowCount * rightCount).Clear();
        for (nint i = 0; i < rowCount; i += TileRows)
        {
            var end = Math.Min(rowCount, i + TileRows);
            for (nint j = 0; j < rightCount; j += RightsAtOnce)
            {
                var width = (int)Math.Min(RightsAtOnce, rightCount - j);
                var against = words + j / RightsAtOnce * PackedWords.GroupLength(dim);
                // for further right-hand sides these rows are near already
                var ahead = j == 0 ? Math.Max(1, AheadBytes / Math.Max(1, dim)) * (nint)dim : 0;
                for (nint from = 0; from < whole; from += segment)
                {
                    var numbers = Math.Min(segment, whole - from);
                    for (var r = i; r < end; r++)
                    {
                        if (width == 1)
                            Row<TWords, WordSums1<TWords>>(
                                rows + r * dim + from, ahead, against + from * RightsAtOnce, numbers, dots + r * rightCount + j, width);
                        else
                            Row<TWords, WordSums4<TWords>>(
                                rows + r * dim + from, ahead, against + from * RightsAtOnce, numbers, dots + r * rightCount + j, width);
                    }
                }

                for (var r = i; r < end && whole < dim; r++)
                {
                    for (nint q = 0; q < width; q++)
                    {
                        for (var p = whole; p < dim; p++)
                        {
                            var word = against[whole * RightsAtOnce + q * PackedWords.Lanes + (p - whole)];
                            dots[r * rightCount + j + q] += rows[r * dim + p] * word;
                        }
                    }
                }
            }
        }
    }

    /// <summary>
    /// Adds the sums of one row over some numbers, few enough for lanes of 32 bits. A row alone is one stream: several at once are read no
    /// faster than half of memory's speed.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Row<TWords, TSums>(sbyte* row, nint ahead, short* right, nint numbers, long* dots, int width)
        where TWords : unmanaged, IWords<TWords>
        where TSums : unmanaged, IWordSums<TSums, TWords>
    {
        TSums sums = default;
        for (nint p = 0; p < numbers; p += PackedWords.Lanes)
        {
            // The machine's own prefetching stops at each page's end; an address that isn't there does no harm.
            if (Sse.IsSupported) Sse.Prefetch0(row + p + ahead);
            sums = TSums.MultiplyAdd(TWords.Widen(row + p), TSums.Load(right), sums);
            for (nint lane = TWords.Count; lane < PackedWords.Lanes; lane += TWords.Count)
                sums = TSums.MultiplyAdd(TWords.Widen(row + p + lane), TSums.Load(right + lane), sums);
            right += PackedWords.Lanes * RightsAtOnce;
        }

        TSums.AddTo(sums, dots, width);
    }
}
