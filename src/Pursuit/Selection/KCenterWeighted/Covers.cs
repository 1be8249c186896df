namespace Pursuit.Selection.KCenterWeighted;

/// <summary>A set that covers the pool, and what it costs.</summary>
/// <param name="Rows">One row per centre of the traversal, in its order.</param>
/// <param name="RadiusAtMost">No row is farther from the nearest of these than this.</param>
/// <param name="Cost">The radius, and the prices of these rows and of the cheapest others that fill the budget.</param>
internal sealed record Cover(int[] Rows, double RadiusAtMost, double Cost);

/// <summary>Makes the cover of a radius R from a traversal's centres: each gives way to the cheapest row of its R-ball.</summary>
internal sealed class Covers
{
    private readonly IReadOnlyList<ContentId> _contentIds;
    private readonly double[] _prices;
    private readonly int[] _cheapest;
    private readonly bool[] _taken;

    /// <summary>Orders the rows by price.</summary>
    /// <param name="prices">lam u, [pool]; NaN for rows that can't be chosen, which needn't be covered either.</param>
    /// <param name="contentIds">For ties, [pool].</param>
    public Covers(double[] prices, IReadOnlyList<ContentId> contentIds)
    {
        (_prices, _contentIds) = (prices, contentIds);
        _cheapest = [.. Enumerable.Range(0, prices.Length).Where(i => !double.IsNaN(prices[i]))];
        Array.Sort(_cheapest, (a, b) => prices[a] != prices[b] ? prices[a].CompareTo(prices[b]) : contentIds[a].CompareTo(contentIds[b]));
        _taken = new bool[prices.Length];
    }

    /// <summary>The cover of one radius.</summary>
    /// <param name="centres">How many centres were taken, pairwise more than 2 R apart.</param>
    /// <param name="owners">Each row's nearest centre, by the order they were taken in, [pool].</param>
    /// <param name="distances">Its distance to it, at most 2 R, [pool].</param>
    /// <param name="radius">R.</param>
    /// <param name="budget">Rows that are chosen in all, at least <paramref name="centres"/>.</param>
    public Cover Make(int centres, int[] owners, double[] distances, double radius, int budget)
    {
        var rows = new int[centres];
        Array.Fill(rows, -1);
        foreach (var i in _cheapest)
        {
            ref var best = ref rows[owners[i]];
            if (distances[i] <= radius && (best < 0 || IsCheaper(i, best, distances))) best = i;
        }

        var reach = 0.0;
        foreach (var i in _cheapest) reach = Math.Max(reach, distances[i] + distances[rows[owners[i]]]);
        return new Cover(rows, reach, reach + Price(rows, budget));
    }

    /// <summary>Rows that can be chosen beside some, cheapest first; ties in an order of the caller's, then by content id.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="ranks">The smaller, the sooner, [pool].</param>
    public int[] Others(int[] rows, int[] ranks)
    {
        foreach (var row in rows) _taken[row] = true;
        int[] others = [.. _cheapest.Where(i => !_taken[i]).OrderBy(i => _prices[i]).ThenBy(i => ranks[i])]; // a stable sort
        foreach (var row in rows) _taken[row] = false;
        return others;
    }

    private bool IsCheaper(int row, int than, double[] distances) =>
        _prices[row] != _prices[than] ? _prices[row] < _prices[than]
        : distances[row] != distances[than] ? distances[row] < distances[than]
        : _contentIds[row].CompareTo(_contentIds[than]) < 0;

    private double Price(int[] rows, int budget)
    {
        var sum = 0.0;
        foreach (var row in rows)
        {
            sum += _prices[row];
            _taken[row] = true;
        }

        var left = budget - rows.Length;
        for (var k = 0; k < _cheapest.Length && left > 0; k++)
        {
            if (_taken[_cheapest[k]]) continue;
            sum += _prices[_cheapest[k]];
            left--;
        }

        foreach (var row in rows) _taken[row] = false;
        return sum;
    }
}
