using System.Runtime.Intrinsics;

namespace Pursuit.Selection.Features;

/// <summary>Sums of rows in fixed point.</summary>
internal static class FixedPoint
{
    /// <summary>
    /// sums[k] += (long)(row[k] * factor): addition in fixed point, which no order of rows, shards or threads changes.
    /// </summary>
    /// <param name="row">One row.</param>
    /// <param name="factor">The row's weight times the fixed point's unit.</param>
    /// <param name="sums">As long as the row.</param>
    public static void Add(ReadOnlySpan<float> row, double factor, Span<long> sums)
    {
        var factors = Vector512.Create(factor);
        var k = 0;
        for (; k + Vector512<float>.Count <= row.Length; k += Vector512<float>.Count)
        {
            var (lower, upper) = Vector512.Widen(Vector512.Create(row.Slice(k, Vector512<float>.Count)));
            var first = sums.Slice(k, Vector512<long>.Count);
            var second = sums.Slice(k + Vector512<long>.Count, Vector512<long>.Count);
            (Vector512.Create<long>(first) + Vector512.ConvertToInt64(lower * factors)).CopyTo(first);
            (Vector512.Create<long>(second) + Vector512.ConvertToInt64(upper * factors)).CopyTo(second);
        }

        for (; k < row.Length; k++) sums[k] += (long)(row[k] * factor);
    }
}
