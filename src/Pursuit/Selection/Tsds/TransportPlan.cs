using Pursuit.Selection.Neighbours;

namespace Pursuit.Selection.Tsds;

/// <summary>
/// The closed form of the transport problem (docs/methods/tsds.md): with S_jk the sum of w over target j's k nearest rows, the
/// level s* is the smallest event S_jk at which A(s) = sum_j sum_{S_jk &lt;= s} (d_j,k+1 - d_jk) S_jk reaches V C (1 - alpha) / alpha,
/// and gamma_jk = clip(s* - S_j,k-1, 0, w_jk) / (V s*).
/// </summary>
internal sealed class TransportPlan
{
    private readonly NeighbourLists _lists;
    private readonly double[][] _sums;

    private readonly int _poolRows;

    private TransportPlan(NeighbourLists lists, double[][] sums, int poolRows, double level, bool reached)
    {
        _lists = lists;
        _sums = sums;
        _poolRows = poolRows;
        Level = level;
        IsReached = reached;
    }

    /// <summary>s*.</summary>
    public double Level { get; }

    /// <summary>True where A(s) reached its bound within the lists.</summary>
    public bool IsReached { get; }

    /// <summary>Solves for some rows' largest masses.</summary>
    /// <param name="lists">Each target's rows by distance.</param>
    /// <param name="weight">A row's w = 1 / density.</param>
    /// <param name="alpha">See <see cref="TsdsUniformOptions.Alpha"/>.</param>
    /// <param name="c">See <see cref="TsdsUniformOptions.C"/>.</param>
    /// <param name="poolRows">Rows of the pool: a list of as many ends with it.</param>
    public static TransportPlan Solve(NeighbourLists lists, Func<int, double> weight, double alpha, double c, int poolRows)
    {
        var targets = lists.Queries;
        var sums = new double[targets][];
        var events = new double[lists.Rows.Sum(rows => rows.Length - 1)];
        var costs = new double[events.Length];
        var next = 0;
        for (var j = 0; j < targets; j++)
        {
            var (rows, distances) = (lists.Rows[j], lists.Distances[j]);
            sums[j] = new double[rows.Length];
            var sum = 0.0;
            for (var k = 0; k < rows.Length; k++)
            {
                sum += weight(rows[k]);
                sums[j][k] = sum;
                if (k + 1 == rows.Length) break;
                events[next] = sum;
                costs[next++] = (distances[k + 1] - distances[k]) * sum;
            }
        }

        Array.Sort(events, costs);
        var total = 0.0;
        for (var e = 0; e < events.Length; e++)
        {
            total += costs[e];
            if (alpha / c * total >= (1 - alpha) * targets) return new TransportPlan(lists, sums, poolRows, events[e], reached: true);
        }

        // No event is dear enough. Over the whole pool that means every row takes all it may; within cut lists it can't be known.
        var whole = sums.All(s => s.Length == poolRows);
        return new TransportPlan(lists, sums, poolRows, whole || events.Length == 0 ? sums.Max(s => s[^1]) : events[^1], reached: false);
    }

    /// <summary>How many of a target's rows get mass.</summary>
    public int Neighbours(int target)
    {
        // The first row whose sum reaches the level is the last with mass.
        var sums = _sums[target];
        var (low, high) = (0, sums.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (sums[middle] < Level) low = middle + 1;
            else high = middle;
        }

        return Math.Min(low + 1, sums.Length);
    }

    /// <summary>True where a target's list ends before the level and the pool goes on.</summary>
    public bool RanOut(int target) => _sums[target].Length < _poolRows && _sums[target][^1] < Level;

    /// <summary>gamma_jk of one target, V gamma sums to 1; what a list that ran out can't place falls on its last row.</summary>
    public double[] Shares(int target)
    {
        var count = Neighbours(target);
        var shares = new double[count];
        var before = 0.0;
        for (var k = 0; k < count; k++)
        {
            var sum = _sums[target][k];
            shares[k] = (Math.Min(sum, Level) - before) / (Level * _lists.Queries);
            before = sum;
        }

        // Of a list that is the whole pool this is rounding: sums in another order.
        if (before < Level) shares[^1] += (Level - before) / (Level * _lists.Queries);
        return shares;
    }
}
