namespace Pursuit.Selection.Neighbours;

/// <summary>
/// What some queries have near them among a process's rows; sums of several processes' are those of the whole pool, to the last bit.
/// </summary>
/// <param name="Sums">Sum over rows of max(0, 1 - ||q - x||^2 / width^2), in fixed point, [Q].</param>
/// <param name="Near">Other rows that nearly equal the query, [Q].</param>
internal sealed record KernelSums(long[] Sums, int[] Near)
{
    /// <summary>
    /// Two rows within this share of the first's squared norm are near-duplicates: a cosine of 0.99 between rows of one length.
    /// </summary>
    private const double NearSquaredShare = 0.02;

    /// <summary>Sums over this process's rows, in one pass.</summary>
    /// <param name="search">Of the rows.</param>
    /// <param name="positions">The queries' own rows, [Q].</param>
    /// <param name="values">The queries, [Q, dimension].</param>
    /// <param name="squaredWidth">The kernel's; 0 adds nothing up and counts near rows alone.</param>
    /// <param name="unit">What 1 is in the sums.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public static KernelSums Compute(
        RadiusSearch search, int[] positions, float[] values, double squaredWidth, double unit, CancellationToken cancellationToken)
    {
        var nearLimits = new double[positions.Length];
        var states = search.Search(
            values,
            (query, norm) => Math.Max(squaredWidth, nearLimits[query] = NearSquaredShare * norm),
            () => new KernelSums(new long[positions.Length], new int[positions.Length]),
            (state, query, row, squared) =>
            {
                if (squared < squaredWidth) state.Sums[query] += (long)((1 - squared / squaredWidth) * unit);
                if (row != positions[query] && squared <= nearLimits[query]) state.Near[query]++;
            },
            cancellationToken);
        foreach (var other in states.Skip(1)) states[0].Add(other.Sums, other.Near);
        return states[0];
    }

    /// <summary>Adds other rows' sums.</summary>
    public void Add(ReadOnlySpan<long> sums, ReadOnlySpan<int> near)
    {
        for (var q = 0; q < Sums.Length; q++)
        {
            Sums[q] += sums[q];
            Near[q] += near[q];
        }
    }
}
