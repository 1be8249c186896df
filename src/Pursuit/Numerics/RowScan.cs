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
internal static class RowScan
{
    private const int Lanes = 16;
    private const int LaneBits = 4;
    private const int RowsAtOnce = 4;
    private const int RightsAtOnce = PackedRights.Together;

    private const int TileRows = 32;

    /// <summary>Numbers of right-hand sides at once in the first-level cache: 16 KB.</summary>
    private const int CachedNumbers = 4096;

    /// <summary>Bytes of rows at once in the second-level cache.</summary>
    private const int CachedBytes = 256 << 10;

    /// <summary>
    /// How far ahead of the rows being read memory is asked for: more than its latency at full speed, far less than the second-level cache.
    /// </summary>
    private const int AheadBytes = 64 << 10;

    /// <summary>dots[i, j] = rows[i] . right[j].</summary>
    /// <param name="rows">[rowCount, dim], row after row.</param>
    /// <param name="rowCount">Rows.</param>
    /// <param name="dim">Numbers per row.</param>
    /// <param name="right">[rightCount, dim]: each right-hand side in one piece.</param>
    /// <param name="rightCount">Right-hand sides; several are packed at every call.</param>
    /// <param name="dots">[rowCount, rightCount], overwritten.</param>
    /// <exception cref="PursuitException">A span's length doesn't match.</exception>
    public static void Dots(ReadOnlySpan<float> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots) =>
        Dots(Simd.Best, rows, rowCount, dim, right, rightCount, dots);

    /// <summary>dots[i, j] = rows[i] . right[j], against right-hand sides that were packed once for many rows.</summary>
    /// <param name="rows">bf16 [rowCount, dim], row after row.</param>
    /// <param name="rowCount">Rows.</param>
    /// <param name="right">The right-hand sides; their dimension is the rows'.</param>
    /// <param name="dots">[rowCount, right.Count], overwritten.</param>
    /// <exception cref="PursuitException">A span's length doesn't match.</exception>
    public static void Dots(ReadOnlySpan<ushort> rows, int rowCount, PackedRights right, Span<float> dots) =>
        Dots<ushort, BFloat16Source>(Simd.Best, rows, rowCount, right, dots);

    /// <inheritdoc cref="Dots(ReadOnlySpan{ushort}, int, PackedRights, Span{float})"/>
    public static void Dots(ReadOnlySpan<float> rows, int rowCount, PackedRights right, Span<float> dots) =>
        Dots<float, SingleSource>(Simd.Best, rows, rowCount, right, dots);

    internal static void Dots(
        SimdPath path, ReadOnlySpan<ushort> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots) =>
        Dots<ushort, BFloat16Source>(path, rows, rowCount, dim, right, rightCount, dots);

    internal static void Dots(
        SimdPath path, ReadOnlySpan<float> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots) =>
        Dots<float, SingleSource>(path, rows, rowCount, dim, right, rightCount, dots);

    private static unsafe void Dots<TElement, TSource>(
        SimdPath path, ReadOnlySpan<TElement> rows, int rowCount, PackedRights right, Span<float> dots)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        Check(rows.Length, rowCount, right.Dimension, (long)right.Count * right.Dimension, right.Count, dots.Length);
        fixed (TElement* pRows = rows)
        fixed (float* pDots = dots)
            Dots<TElement, TSource>(path, pRows, rowCount, right.Dimension, right.Numbers, right.Count, pDots);
        GC.KeepAlive(right);
    }

    private static unsafe void Dots<TElement, TSource>(
        SimdPath path, ReadOnlySpan<TElement> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        Check(rows.Length, rowCount, dim, right.Length, rightCount, dots.Length);
        fixed (TElement* pRows = rows)
        fixed (float* pRight = right, pDots = dots)
        {
            var packed = pRight;
            if (rightCount > 1)
            {
                packed = PackingBuffers.OfThread.B(PackedRights.Length(rightCount, dim));
                PackedRights.Pack(pRight, rightCount, dim, dim, packed);
            }

            Dots<TElement, TSource>(path, pRows, rowCount, dim, packed, rightCount, pDots);
        }
    }

    private static unsafe void Dots<TElement, TSource>(
        SimdPath path, TElement* rows, int rowCount, int dim, float* right, int rightCount, float* dots)
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
    /// A tile of rows against four right-hand sides, then against the next four; within it a segment of those that the first-level cache
    /// holds
    /// against all rows, then the next segment. The lanes' sums wait in between.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Blocks<TElement, TSource, TVector>(
        TElement* rows, int rowCount, int dim, float* right, int rightCount, float* dots)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
    {
        var sums = stackalloc float[TileRows * RightsAtOnce * Lanes];
        // Where there are more right-hand sides, the second-level cache keeps the rows for them.
        var tile = rightCount <= RightsAtOnce
            ? TileRows
            : Math.Clamp(CachedBytes / (Math.Max(1, dim) * sizeof(TElement)) / RowsAtOnce * RowsAtOnce, RowsAtOnce, TileRows);
        for (nint i = 0; i < rowCount; i += tile)
        {
            var count = (int)Math.Min(tile, rowCount - i);
            var against = right;
            for (nint j = 0; j < rightCount; j += RightsAtOnce)
            {
                var width = (int)Math.Min(RightsAtOnce, rightCount - j);
                if (width == 1)
                    Tile<TElement, TSource, TVector, LaneSums1<TVector>>(rows + i * dim, j == 0, count, against, dim, sums);
                else
                    Tile<TElement, TSource, TVector, LaneSums4<TVector>>(rows + i * dim, j == 0, count, against, dim, sums);
                for (nint r = 0; r < count; r++)
                {
                    for (nint q = 0; q < width; q++)
                        dots[(i + r) * rightCount + j + q] = LaneSum.Of16(sums + (r * RightsAtOnce + q) * Lanes);
                }

                against += PackedRights.GroupLength(width, dim);
            }
        }
    }

    private static unsafe void Tile<TElement, TSource, TVector, TSums>(
        TElement* rows, bool fetches, int rowCount, float* right, int dim, float* sums)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
        where TSums : unmanaged, ILaneSums<TSums, TVector>
    {
        nint step = dim, whole = dim / Lanes * Lanes, segment = CachedNumbers / TSums.Count;
        nint ahead = Math.Clamp(AheadBytes / (Math.Max(1, dim) * sizeof(TElement)) / RowsAtOnce, 1, TileRows / RowsAtOnce) * RowsAtOnce;
        var inFours = rowCount / RowsAtOnce * RowsAtOnce;
        new Span<float>(sums, rowCount * RightsAtOnce * Lanes).Clear();
        for (nint from = 0; from < whole; from += segment)
        {
            var numbers = Math.Min(segment, whole - from);
            for (nint r = 0; r < inFours; r += RowsAtOnce)
            {
                // What is read some rows later: in this segment, the next, or the next tile.
                var later = r + ahead;
                var next = !fetches ? rows + r * step + from
                    : later < inFours ? rows + later * step + from
                    : from + segment < whole ? rows + (later - inFours) * step + from + segment
                    : rows + later * step;
                Rows4<TElement, TSource, TVector, TSums>(
                    rows + r * step + from, next, right + from * TSums.Count, step, numbers, sums + r * RightsAtOnce * Lanes);
            }
        }

        for (nint r = inFours; r < rowCount; r++)
            Rows1<TElement, TSource, TVector, TSums>(rows + r * step, right, whole, sums + r * RightsAtOnce * Lanes);
        for (nint r = 0; r < rowCount && whole < dim; r++)
            Tail<TElement, TSource, TSums, TVector>(
                rows + r * step, right + whole * TSums.Count, whole, dim, sums + r * RightsAtOnce * Lanes);
    }

    /// <summary>Goes on with the lanes' sums of four rows over some numbers, a multiple of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Rows4<TElement, TSource, TVector, TSums>(
        TElement* rows, TElement* next, float* right, nint step, nint numbers, float* sums)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
        where TSums : unmanaged, ILaneSums<TSums, TVector>
    {
        TElement* row1 = rows + step, row2 = row1 + step, row3 = row2 + step;
        // A vector narrower than the 16 lanes takes several passes over the rows, which the cache holds by then.
        for (nint lane = 0; lane < Lanes; lane += TVector.Count)
        {
            var s0 = TSums.Load(sums + lane);
            var s1 = TSums.Load(sums + lane + RightsAtOnce * Lanes);
            var s2 = TSums.Load(sums + lane + 2 * RightsAtOnce * Lanes);
            var s3 = TSums.Load(sums + lane + 3 * RightsAtOnce * Lanes);
            var against = right + lane;
            for (var p = lane; p < numbers; p += Lanes)
            {
                Prefetch(next + p, p, step);
                var columns = TSums.Load(against);
                s0 = TSums.MultiplyAdd(TSource.Load<TVector>(rows + p), columns, s0);
                s1 = TSums.MultiplyAdd(TSource.Load<TVector>(row1 + p), columns, s1);
                s2 = TSums.MultiplyAdd(TSource.Load<TVector>(row2 + p), columns, s2);
                s3 = TSums.MultiplyAdd(TSource.Load<TVector>(row3 + p), columns, s3);
                against += TSums.Count * Lanes;
            }

            TSums.Store(s0, sums + lane);
            TSums.Store(s1, sums + lane + RightsAtOnce * Lanes);
            TSums.Store(s2, sums + lane + 2 * RightsAtOnce * Lanes);
            TSums.Store(s3, sums + lane + 3 * RightsAtOnce * Lanes);
        }
    }

    /// <summary>
    /// Asks for the cache lines of four rows at a column, each once; they need not exist. The machine's own prefetching stops at each
    /// page's end.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch<TElement>(TElement* next, nint column, nint step)
        where TElement : unmanaged
    {
        if (!Sse.IsSupported) return;
        if (sizeof(TElement) == sizeof(float))
        {
            Sse.Prefetch0(next);
            Sse.Prefetch0(next + step);
            Sse.Prefetch0(next + 2 * step);
            Sse.Prefetch0(next + 3 * step);
            return;
        }

        // Sixteen numbers are half a line: two rows' now, the other two's with the line's other half.
        next += step & -((column >> LaneBits) & 1); // without a branch
        Sse.Prefetch0(next);
        Sse.Prefetch0(next + 2 * step);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Rows1<TElement, TSource, TVector, TSums>(TElement* row, float* right, nint whole, float* sums)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
        where TSums : unmanaged, ILaneSums<TSums, TVector>
    {
        for (nint lane = 0; lane < Lanes; lane += TVector.Count)
        {
            TSums s0 = default;
            for (nint p = lane; p < whole; p += Lanes)
                s0 = TSums.MultiplyAdd(TSource.Load<TVector>(row + p), TSums.Load(right + (p - lane) * TSums.Count + lane), s0);
            TSums.Store(s0, sums + lane);
        }
    }

    /// <summary>The last dim mod 16 numbers, each onto its lane.</summary>
    private static unsafe void Tail<TElement, TSource, TSums, TVector>(TElement* row, float* right, nint whole, nint dim, float* sums)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
        where TSums : unmanaged, ILaneSums<TSums, TVector>
    {
        for (nint q = 0; q < TSums.Count; q++)
        {
            var against = right + q * (dim - whole);
            for (nint p = whole; p < dim; p++)
            {
                var lane = sums + q * Lanes + (p - whole);
                SimdPlain.FusedMultiplyAdd(
                    TSource.Load<SimdPlain>(row + p), SimdPlain.Load(against + (p - whole)), SimdPlain.Load(lane)).Store(lane);
            }
        }
    }

    private static void Check(int rowsLength, int rowCount, int dim, long rightLength, int rightCount, int dotsLength)
    {
        if (rowCount < 0 || dim < 0 || rightCount < 0 || rowsLength != (long)rowCount * dim || rightLength != (long)rightCount * dim
            || dotsLength != (long)rowCount * rightCount)
        {
            throw PursuitException
                .At("RowScan", $"rows [{rowCount}, {dim}] in {rowsLength} numbers, right-hand sides [{rightCount}, {dim}] in "
                    + $"{rightLength}, dots in {dotsLength}",
                $"{(long)rowCount * dim}, {(long)rightCount * dim} and {(long)rowCount * rightCount} numbers");
        }
    }
}
