using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Pursuit.Numerics;

/// <summary>
/// One pass over many rows against a few right-hand sides: what pursuit and gradient influence do on every iteration.
/// Reads each row once from memory, so a pass over a mapped store runs at memory speed for a handful of right-hand sides.
/// </summary>
/// <remarks>
/// dot(i, j) sums fma(row_i[p], right_j[p], lane p mod 16) in ascending p, then adds the upper half of the 16 lanes onto
/// the lower until one is left. So its bits depend on that row and that right-hand side alone: not on the block, the
/// number of rows or right-hand sides, the path or the machine. NaN and infinity spread as that order says.
/// Single-threaded; callers give each thread its own rows. No allocation.
/// </remarks>
public static class RowScan
{
    private const int Lanes = 16;
    private const int RowsAtOnce = 4;
    private const int RightsAtOnce = 4;
    private const int TileRows = 32;

    /// <summary>Numbers of right-hand sides at once in the first-level cache: 32 KB.</summary>
    private const int CachedNumbers = 8192;

    /// <summary>dots[i, j] = rows[i] . right[j].</summary>
    /// <param name="rows">bf16 [rowCount, dim], row after row.</param>
    /// <param name="rowCount">Rows.</param>
    /// <param name="dim">Numbers per row.</param>
    /// <param name="right">[rightCount, dim]: each right-hand side in one piece.</param>
    /// <param name="rightCount">Right-hand sides.</param>
    /// <param name="dots">[rowCount, rightCount], overwritten.</param>
    /// <exception cref="PursuitException">A span's length doesn't match.</exception>
    public static void Dots(ReadOnlySpan<ushort> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots) =>
        Dots(Simd.Best, rows, rowCount, dim, right, rightCount, dots);

    /// <inheritdoc cref="Dots(ReadOnlySpan{ushort}, int, int, ReadOnlySpan{float}, int, Span{float})"/>
    public static void Dots(ReadOnlySpan<float> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots) =>
        Dots(Simd.Best, rows, rowCount, dim, right, rightCount, dots);

    /// <inheritdoc cref="Dots(ReadOnlySpan{ushort}, int, int, ReadOnlySpan{float}, int, Span{float})"/>
    public static void Dots(ReadOnlySpan<sbyte> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots) =>
        Dots(Simd.Best, rows, rowCount, dim, right, rightCount, dots);

    /// <summary>scores[i] = || max(0, dots[i, :]) ||, the pursuit score of a row: its positive gain over all targets.</summary>
    /// <param name="dots">[rowCount, rightCount].</param>
    /// <param name="rightCount">Right-hand sides.</param>
    /// <param name="scores">[rowCount], overwritten. NaN where a dot is NaN.</param>
    /// <exception cref="PursuitException">A span's length doesn't match.</exception>
    public static void PositiveNorms(ReadOnlySpan<float> dots, int rightCount, Span<float> scores)
    {
        if (rightCount < 1 || dots.Length != (long)scores.Length * rightCount)
            throw PursuitException.At("RowScan", $"{dots.Length} dots of {rightCount} right-hand sides for {scores.Length} scores", $"{(long)scores.Length * rightCount} dots and at least 1 right-hand side");
        for (var i = 0; i < scores.Length; i++)
        {
            var sum = 0f;
            foreach (var dot in dots.Slice(i * rightCount, rightCount))
            {
                if (!(dot <= 0)) // so that NaN isn't hidden
                    sum = MathF.FusedMultiplyAdd(dot, dot, sum);
            }

            scores[i] = MathF.Sqrt(sum);
        }
    }

    internal static unsafe void Dots(SimdPath path, ReadOnlySpan<ushort> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots)
    {
        Check(rows.Length, rowCount, dim, right.Length, rightCount, dots.Length);
        fixed (ushort* pRows = rows)
        fixed (float* pRight = right, pDots = dots)
            Dots<ushort, BFloat16Source>(path, pRows, rowCount, dim, pRight, rightCount, pDots);
    }

    internal static unsafe void Dots(SimdPath path, ReadOnlySpan<sbyte> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots)
    {
        Check(rows.Length, rowCount, dim, right.Length, rightCount, dots.Length);
        fixed (sbyte* pRows = rows)
        fixed (float* pRight = right, pDots = dots)
            Dots<sbyte, Int8Source>(path, pRows, rowCount, dim, pRight, rightCount, pDots);
    }

    internal static unsafe void Dots(SimdPath path, ReadOnlySpan<float> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots)
    {
        Check(rows.Length, rowCount, dim, right.Length, rightCount, dots.Length);
        fixed (float* pRows = rows, pRight = right, pDots = dots)
            Dots<float, SingleSource>(path, pRows, rowCount, dim, pRight, rightCount, pDots);
    }

    private static unsafe void Dots<TElement, TSource>(SimdPath path, TElement* rows, int rowCount, int dim, float* right, int rightCount, float* dots)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        switch (path)
        {
            case SimdPath.Vector512:
                Blocks<TElement, TSource, Simd512>(rows, rowCount, dim, right, rightCount, dots);
                break;
            case SimdPath.Vector256:
                Blocks<TElement, TSource, Simd256>(rows, rowCount, dim, right, rightCount, dots);
                break;
            default:
                Blocks<TElement, TSource, SimdPlain>(rows, rowCount, dim, right, rightCount, dots);
                break;
        }
    }

    /// <summary>
    /// A tile of rows against four right-hand sides, then against the next four; within it a segment of the right-hand sides
    /// that the first-level cache holds against all rows, then the next segment. The lanes' sums wait in between.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Blocks<TElement, TSource, TVector>(TElement* rows, int rowCount, int dim, float* right, int rightCount, float* dots)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
    {
        var sums = stackalloc float[TileRows * RightsAtOnce * Lanes];
        // With more right-hand sides it is the rows that must stay near.
        var tile = rightCount <= RightsAtOnce ? TileRows : RowsAtOnce;
        var segment = rightCount == 1 ? CachedNumbers : rightCount <= RightsAtOnce ? CachedNumbers / RightsAtOnce : Math.Max(dim, Lanes);
        for (nint i = 0; i < rowCount; i += tile)
        {
            var count = (int)Math.Min(tile, rowCount - i);
            for (nint j = 0; j < rightCount; j += RightsAtOnce)
            {
                var width = (int)Math.Min(RightsAtOnce, rightCount - j);
                var first = rows + i * dim;
                var against = right + j * dim;
                if (width == 1)
                    Tile<TElement, TSource, TVector, LaneSums1<TVector>>(first, count, width, against, dim, segment, sums);
                else
                    Tile<TElement, TSource, TVector, LaneSums4<TVector>>(first, count, width, against, dim, segment, sums);
                for (nint r = 0; r < count; r++)
                {
                    for (nint q = 0; q < width; q++)
                        dots[(i + r) * rightCount + j + q] = LaneSum.Of16(sums + (r * RightsAtOnce + q) * Lanes);
                }
            }
        }
    }

    private static unsafe void Tile<TElement, TSource, TVector, TSums>(TElement* rows, int rowCount, int width, float* right, int dim, int segment, float* sums)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
        where TSums : unmanaged, ILaneSums<TSums, TVector>
    {
        // A missing right-hand side repeats the last; its sums aren't read.
        nint step = dim, last = (width - 1) * step;
        nint q1 = Math.Min(step, last), q2 = Math.Min(2 * step, last), q3 = Math.Min(3 * step, last);
        nint whole = dim / Lanes * Lanes, inFours = rowCount / RowsAtOnce * RowsAtOnce;
        new Span<float>(sums, rowCount * RightsAtOnce * Lanes).Clear();
        for (nint from = 0; from < whole; from += segment)
        {
            var numbers = Math.Min(segment, whole - from);
            for (nint r = 0; r < inFours; r += RowsAtOnce)
            {
                // What is read next: the next four rows, or the next segment of the first.
                var next = r + RowsAtOnce < inFours || from + segment >= whole ? rows + (r + RowsAtOnce) * step + (r + RowsAtOnce < inFours ? from : 0) : rows + from + segment;
                Rows4<TElement, TSource, TVector, TSums>(rows + r * step + from, next, right + from, q1, q2, q3, step, numbers, sums + r * RightsAtOnce * Lanes);
            }
        }

        for (var r = inFours; r < rowCount; r++)
            Rows1<TElement, TSource, TVector, TSums>(rows + r * step, right, q1, q2, q3, whole, sums + r * RightsAtOnce * Lanes);
        for (nint r = 0; r < rowCount && whole < dim; r++)
            Tail<TElement, TSource, TSums, TVector>(rows + r * step, right, q1, q2, q3, whole, dim, sums + r * RightsAtOnce * Lanes);
    }

    /// <summary>Goes on with the lanes' sums of four rows over some numbers, a multiple of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Rows4<TElement, TSource, TVector, TSums>(TElement* rows, TElement* next, float* right, nint q1, nint q2, nint q3, nint step, nint numbers, float* sums)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
        where TSums : unmanaged, ILaneSums<TSums, TVector>
    {
        TElement* row1 = rows + step, row2 = row1 + step, row3 = row2 + step;
        TElement* next1 = next + step, next2 = next1 + step, next3 = next2 + step;
        float* sums1 = sums + RightsAtOnce * Lanes, sums2 = sums1 + RightsAtOnce * Lanes, sums3 = sums2 + RightsAtOnce * Lanes;
        // A vector narrower than the 16 lanes takes several passes over the rows, which the cache holds by then.
        for (nint lane = 0; lane < Lanes; lane += TVector.Count)
        {
            var s0 = TSums.Load(sums + lane, Lanes, 2 * Lanes, 3 * Lanes);
            var s1 = TSums.Load(sums1 + lane, Lanes, 2 * Lanes, 3 * Lanes);
            var s2 = TSums.Load(sums2 + lane, Lanes, 2 * Lanes, 3 * Lanes);
            var s3 = TSums.Load(sums3 + lane, Lanes, 2 * Lanes, 3 * Lanes);
            for (var p = lane; p < numbers; p += Lanes)
            {
                // The machine's own prefetching stops at each page's end.
                Prefetch(next + p);
                Prefetch(next1 + p);
                Prefetch(next2 + p);
                Prefetch(next3 + p);
                var against = TSums.Load(right + p, q1, q2, q3);
                s0 = TSums.MultiplyAdd(TSource.Load<TVector>(rows + p), against, s0);
                s1 = TSums.MultiplyAdd(TSource.Load<TVector>(row1 + p), against, s1);
                s2 = TSums.MultiplyAdd(TSource.Load<TVector>(row2 + p), against, s2);
                s3 = TSums.MultiplyAdd(TSource.Load<TVector>(row3 + p), against, s3);
            }

            TSums.Store(s0, sums + lane, Lanes);
            TSums.Store(s1, sums1 + lane, Lanes);
            TSums.Store(s2, sums2 + lane, Lanes);
            TSums.Store(s3, sums3 + lane, Lanes);
        }
    }

    /// <summary>Asks for a cache line; it need not exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch<TElement>(TElement* address)
        where TElement : unmanaged
    {
        if (Sse.IsSupported)
            Sse.Prefetch1(address);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Rows1<TElement, TSource, TVector, TSums>(TElement* row, float* right, nint q1, nint q2, nint q3, nint whole, float* sums)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
        where TSums : unmanaged, ILaneSums<TSums, TVector>
    {
        for (nint lane = 0; lane < Lanes; lane += TVector.Count)
        {
            TSums s0 = default;
            for (var p = lane; p < whole; p += Lanes)
                s0 = TSums.MultiplyAdd(TSource.Load<TVector>(row + p), TSums.Load(right + p, q1, q2, q3), s0);
            TSums.Store(s0, sums + lane, Lanes);
        }
    }

    /// <summary>The last dim mod 16 numbers, each onto its lane.</summary>
    private static unsafe void Tail<TElement, TSource, TSums, TVector>(TElement* row, float* right, nint q1, nint q2, nint q3, nint whole, nint dim, float* sums)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
        where TSums : unmanaged, ILaneSums<TSums, TVector>
    {
        for (nint q = 0; q < TSums.Count; q++)
        {
            var against = right + (q switch { 0 => 0, 1 => q1, 2 => q2, _ => q3 });
            for (var p = whole; p < dim; p++)
            {
                var lane = sums + q * Lanes + (p - whole);
                SimdPlain.Store(SimdPlain.FusedMultiplyAdd(TSource.Load<SimdPlain>(row + p), SimdPlain.Load(against + p), SimdPlain.Load(lane)), lane);
            }
        }
    }

    private static void Check(int rowsLength, int rowCount, int dim, int rightLength, int rightCount, int dotsLength)
    {
        if (rowCount < 0 || dim < 0 || rightCount < 0 || rowsLength != (long)rowCount * dim || rightLength != (long)rightCount * dim || dotsLength != (long)rowCount * rightCount)
        {
            throw PursuitException.At("RowScan", $"rows [{rowCount}, {dim}] in {rowsLength} numbers, right-hand sides [{rightCount}, {dim}] in {rightLength}, dots in {dotsLength}",
                $"{(long)rowCount * dim}, {(long)rightCount * dim} and {(long)rowCount * rightCount} numbers");
        }
    }
}
