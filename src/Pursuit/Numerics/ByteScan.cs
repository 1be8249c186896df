using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Pursuit.Numerics;

/// <summary>
/// One pass over many rows of signed bytes against a few right-hand sides of 16 bits. Products are whole numbers and exact: their
/// bits depend on no order, width or machine. Twice the speed of <see cref="RowScan"/> on the same bytes, whose sums are in single precision.
/// </summary>
/// <remarks>Single-threaded; callers give each thread its own rows. No allocation.</remarks>
public static class ByteScan
{
    private const int RowsAtOnce = 4;
    private const int RightsAtOnce = PackedRights.Together;

    /// <summary>dots[i, j] = sum over p of rows[i, p] words[j, p]; times the right-hand side's scale it is the product.</summary>
    /// <param name="rows">[rowCount, dimension], row after row.</param>
    /// <param name="rowCount">Rows.</param>
    /// <param name="right">The right-hand sides; their dimension is the rows'.</param>
    /// <param name="dots">[rowCount, right.Count], overwritten.</param>
    /// <exception cref="PursuitException">A span's length doesn't match.</exception>
    public static void Dots(ReadOnlySpan<sbyte> rows, int rowCount, PackedWords right, Span<long> dots) => Dots(Simd.Best, rows, rowCount, right, dots);

    internal static unsafe void Dots(SimdPath path, ReadOnlySpan<sbyte> rows, int rowCount, PackedWords right, Span<long> dots)
    {
        if (rowCount < 0 || rows.Length != (long)rowCount * right.Dimension || dots.Length != (long)rowCount * right.Count)
        {
            throw PursuitException.At("ByteScan", $"rows [{rowCount}, {right.Dimension}] in {rows.Length} bytes, {right.Count} right-hand sides, dots in {dots.Length}",
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Blocks<TWords>(sbyte* rows, int rowCount, PackedWords right, long* dots)
        where TWords : unmanaged, IWords<TWords>
    {
        int dim = right.Dimension, rightCount = right.Count;
        nint whole = dim / PackedWords.Lanes * PackedWords.Lanes;
        var sums = stackalloc long[RowsAtOnce * RightsAtOnce];
        for (nint i = 0; i < rowCount; i += RowsAtOnce)
        {
            var count = (int)Math.Min(RowsAtOnce, rowCount - i);
            // A missing row repeats the last; its sums aren't read.
            nint r1 = Math.Min(1, count - 1) * dim, r2 = Math.Min(2, count - 1) * dim, r3 = Math.Min(3, count - 1) * dim;
            var first = rows + i * dim;
            for (nint j = 0; j < rightCount; j += RightsAtOnce)
            {
                var width = (int)Math.Min(RightsAtOnce, rightCount - j);
                var against = right.Words + j / RightsAtOnce * PackedWords.GroupLength(dim);
                var ahead = j == 0 ? RowScan.AheadBytes : 0;
                new Span<long>(sums, RowsAtOnce * RightsAtOnce).Clear();
                for (nint from = 0; from < whole; from += TWords.MostNumbers)
                {
                    var numbers = Math.Min(TWords.MostNumbers, whole - from);
                    if (width == 1)
                        Rows4<TWords, WordSums1<TWords>>(first + from, r1, r2, r3, ahead, against + from * RightsAtOnce, numbers, sums);
                    else
                        Rows4<TWords, WordSums4<TWords>>(first + from, r1, r2, r3, ahead, against + from * RightsAtOnce, numbers, sums);
                }

                for (nint r = 0; r < count; r++)
                {
                    for (nint q = 0; q < width; q++)
                    {
                        var sum = sums[r * RightsAtOnce + q];
                        for (var p = whole; p < dim; p++) sum += first[r * dim + p] * against[whole * RightsAtOnce + q * PackedWords.Lanes + (p - whole)];
                        dots[(i + r) * rightCount + j + q] = sum;
                    }
                }
            }
        }
    }

    /// <summary>Adds the sums of four rows over some numbers, few enough for lanes of 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Rows4<TWords, TSums>(sbyte* row, nint r1, nint r2, nint r3, nint ahead, short* right, nint numbers, long* sums)
        where TWords : unmanaged, IWords<TWords>
        where TSums : unmanaged, IWordSums<TSums, TWords>
    {
        TSums s0 = default, s1 = default, s2 = default, s3 = default;
        for (nint p = 0; p < numbers; p += PackedWords.Lanes)
        {
            RowScan.Prefetch((byte*)(row + RowsAtOnce * p) + ahead, 2);
            for (nint lane = 0; lane < PackedWords.Lanes; lane += TWords.Count)
            {
                var against = TSums.Load(right + lane);
                s0 = TSums.MultiplyAdd(TWords.Widen(row + p + lane), against, s0);
                s1 = TSums.MultiplyAdd(TWords.Widen(row + r1 + p + lane), against, s1);
                s2 = TSums.MultiplyAdd(TWords.Widen(row + r2 + p + lane), against, s2);
                s3 = TSums.MultiplyAdd(TWords.Widen(row + r3 + p + lane), against, s3);
            }

            right += PackedWords.Lanes * RightsAtOnce;
        }

        TSums.AddTo(s0, sums);
        TSums.AddTo(s1, sums + RightsAtOnce);
        TSums.AddTo(s2, sums + 2 * RightsAtOnce);
        TSums.AddTo(s3, sums + 3 * RightsAtOnce);
    }
}
