using System.Runtime.Intrinsics;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Passes;

/// <summary>Sums and means of rows, the same to the last bit in any order of rows, shards and threads.</summary>
internal static class RowSums
{
    /// <summary>The mean of all rows, [Dimension].</summary>
    public static float[] Mean(GradientRows rows, int threads, CancellationToken cancellationToken)
    {
        var sums = Compute(rows, new int[rows.Count], 1, threads, cancellationToken);
        return Array.ConvertAll(sums, s => (float)(s / rows.Count));
    }

    /// <summary>The sum of each group's rows, [groups, Dimension].</summary>
    /// <param name="rows">What is summed.</param>
    /// <param name="group">Each row's group, [rows]; negative for none.</param>
    /// <param name="groups">How many groups.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    public static double[] Compute(
        GradientRows rows, IReadOnlyList<int> group, int groups, int threads, CancellationToken cancellationToken)
    {
        // Every stored number times its multiplier is at most its row's norm, so this unit keeps every sum below 2^62.
        var dimension = rows.Dimension;
        var largest = LargestElement(rows);
        var unit = largest > 0 ? Math.ScaleB(1, 61 - (int)Math.Ceiling(Math.Log2(largest) + Math.Log2(rows.Count + 1))) : 1;
        var total = rows.Source.Sums(rows, group, groups, unit, threads, cancellationToken);
        var sums = Array.ConvertAll(total, s => s / unit);
        if (rows.Mean.IsEmpty) return sums;
        var sizes = new int[groups];
        foreach (var g in group)
            if (g >= 0) sizes[g]++;
        for (var g = 0; g < groups; g++)
            for (var k = 0; k < dimension; k++) sums[g * dimension + k] -= (double)sizes[g] * rows.Mean[k];
        return sums;
    }

    /// <summary>The sums of the rows that this process reads, in fixed point.</summary>
    internal static long[] ComputeOwn(
        GradientRows rows, IReadOnlyList<int> group, int groups, double unit, int threads, CancellationToken cancellationToken)
    {
        var features = rows.Features;
        var dimension = rows.Dimension;
        var total = new long[groups * dimension];
        FeatureRows.ForEachTile(
            features,
            rows.Own,
            threads,
            () => (Row: new float[features.Dimension], Sums: new long[groups * dimension]),
            (state, tile, checkpoint, first, count) =>
            {
                for (var r = 0; r < count; r++)
                {
                    var g = group[first + r];
                    if (g < 0) continue;
                    FeatureRows.CopyRow(tile, r, state.Row);
                    FixedPoint.Add(
                        state.Row,
                        rows.Multipliers(checkpoint)[first + r] * unit,
                        state.Sums.AsSpan(g * dimension + checkpoint * features.Dimension, features.Dimension));
                }
            },
            state =>
            {
                for (var k = 0; k < total.Length; k++) total[k] += state.Sums[k];
            },
            cancellationToken);
        return total;
    }

    /// <summary>A bound on what any row's element can be: its norm before centring, with room for rounding to bf16.</summary>
    private static double LargestElement(GradientRows rows)
    {
        var largest = 0.0;
        for (var checkpoint = 0; checkpoint < rows.Features.Checkpoints; checkpoint++)
        {
            var norms = rows.Features.Norms(checkpoint);
            var scales = rows.Features.Scales(checkpoint);
            var multipliers = rows.Multipliers(checkpoint);
            for (var i = 0; i < norms.Length; i++)
                if (norms[i] > 0) largest = Math.Max(largest, multipliers[i] * (norms[i] / (scales.IsEmpty ? 1 : scales[i])));
        }

        return 1.01 * largest;
    }
}

/// <summary>The mean row of each target group.</summary>
internal static class GroupMeans
{
    /// <summary>b_j = mean over v in group j of phi_v, [groups, Dimension].</summary>
    /// <param name="target">phi of the target.</param>
    /// <param name="group">Each row's group, [target]; negative for none.</param>
    /// <param name="names">The groups' names, for messages.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    /// <exception cref="PursuitException">A group is empty or all its gradients are zero.</exception>
    public static double[] Compute(
        GradientRows target, IReadOnlyList<int> group, IReadOnlyList<string> names, int threads, CancellationToken cancellationToken)
    {
        var sums = RowSums.Compute(target, group, names.Count, threads, cancellationToken);
        for (var g = 0; g < names.Count; g++)
        {
            var members = Enumerable.Range(0, target.Count).Where(v => group[v] == g).ToArray();
            var where = $"{target.Features.Name}: target group '{names[g]}'";
            if (members.Length == 0)
                throw PursuitException.At(where, "no examples", "at least one", "Drop the group or give it examples.");
            if (members.All(v => target.Norms[v] == 0))
                throw PursuitException.At(
                    where,
                    $"the gradients of all its {members.Length:N0} examples are zero",
                    "at least one that isn't",
                    "Give examples the model doesn't already know by heart, and check that their answers carry loss.");
            var sum = sums.AsSpan(g * target.Dimension, target.Dimension);
            foreach (ref var value in sum) value /= members.Length;
        }

        return sums;
    }
}

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
