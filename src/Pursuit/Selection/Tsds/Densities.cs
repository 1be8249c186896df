using System.Diagnostics;
using Pursuit.Selection.Features;
using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Tsds;

/// <summary>
/// rho_k = sum over the pool's rows x, k itself included, of max(0, 1 - ||x_k - x||^2 / sigma^2), evaluated only for the rows
/// asked for. In fixed point, so that no order of rows, shards or threads changes a bit.
/// </summary>
internal sealed class Densities
{
    private readonly EmbeddingRows _pool;
    private readonly RadiusSearch _search;
    private readonly double _squaredWidth;
    private readonly int _threads;
    private readonly double[] _densities;
    private readonly Dictionary<int, int> _near = [];

    /// <summary>No density is known yet; with no width all are 1.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="width">sigma.</param>
    /// <param name="threads">At most this many.</param>
    public Densities(EmbeddingRows pool, double width, int threads)
    {
        _pool = pool;
        _search = new RadiusSearch(pool, threads);
        _squaredWidth = width * width;
        _threads = threads;
        _densities = new double[pool.Count];
        if (width == 0) Array.Fill(_densities, 1);
    }

    /// <summary>Densities that were evaluated; the whole pool where all are 1.</summary>
    public int Known { get; private set; }

    /// <summary>Passes over the pool.</summary>
    public int Passes { get; private set; }

    /// <summary>Every row's density, 0 where it was never needed.</summary>
    public float[] ToArray() => Array.ConvertAll(_densities, d => (float)d);

    /// <summary>True where a row's density is known.</summary>
    public bool IsKnown(int row) => _densities[row] > 0;

    /// <summary>w = 1 / density; 1, the most it can be, where the density isn't known.</summary>
    public double Weight(int row) => _densities[row] > 0 ? 1 / _densities[row] : 1;

    /// <summary>Sum of w over the rows whose density is known.</summary>
    public double KnownWeight() => _densities.Sum(d => d > 0 ? 1 / d : 0);

    /// <summary>True where <see cref="Near"/> knows a row.</summary>
    public bool IsNearKnown(int row) => _near.ContainsKey(row);

    /// <summary>Other rows that nearly equal a row; counted by <see cref="CountNear"/> or with its density.</summary>
    public int Near(int row) => _near[row];

    /// <summary>Evaluates densities over the whole pool.</summary>
    /// <param name="rows">Distinct rows whose density isn't known.</param>
    /// <param name="cancellationToken">Stops within a pass.</param>
    public void Evaluate(int[] rows, CancellationToken cancellationToken)
    {
        var unit = Math.ScaleB(1, 62 - (int)Math.Ceiling(Math.Log2(_pool.Count + 1.0)));
        var sums = Search(rows, _squaredWidth, unit, cancellationToken);
        for (var i = 0; i < rows.Length; i++)
        {
            // A row counts itself with 1; less would mean that a search passed over a pair it must visit.
            if (sums[i] < unit) throw new UnreachableException($"row {rows[i]} has a density of {sums[i] / unit}");
            _densities[rows[i]] = sums[i] / unit;
        }

        Known += rows.Length;
    }

    /// <summary>Takes densities from elsewhere.</summary>
    public void Set(int[] rows, ReadOnlySpan<double> densities)
    {
        for (var i = 0; i < rows.Length; i++) _densities[rows[i]] = densities[i];
        Known += rows.Length;
    }

    /// <summary>Counts near-duplicates of rows where that wasn't done with their density.</summary>
    public void CountNear(int[] rows, CancellationToken cancellationToken)
    {
        var left = rows.Where(row => !_near.ContainsKey(row)).ToArray();
        if (left.Length > 0) Search(left, 0, 1, cancellationToken);
    }

    /// <summary>
    /// The authors' densities: over the nearest rows within a set, each one's own set of at most <paramref name="most"/>.
    /// </summary>
    /// <param name="rows">The set; they get densities.</param>
    /// <param name="contentIds">[pool].</param>
    /// <param name="most">kdeK.</param>
    /// <param name="cancellationToken">Stops within a pass.</param>
    public void EvaluateWithin(int[] rows, IReadOnlyList<ContentId> contentIds, int most, CancellationToken cancellationToken)
    {
        const int AtOnce = 4096;
        var values = new float[checked(rows.Length * _pool.Dimension)];
        _pool.Gather(rows, values);
        var set = EmbeddingRows.Open(new MemoryFeatures(_pool.Name, _pool.Dimension, [values]), null, unit: false).Pool;
        ContentId[] ids = [.. rows.Select(row => contentIds[row])];
        var densities = new double[rows.Length];
        var length = Math.Min(most, rows.Length);
        for (var first = 0; first < rows.Length; first += AtOnce)
        {
            var count = Math.Min(AtOnce, rows.Length - first);
            var queries = values[(first * _pool.Dimension)..((first + count) * _pool.Dimension)];
            var lists = NeighbourSearch.Nearest(new NearestRows(set, ids, queries, length, _threads), cancellationToken);
            for (var q = 0; q < count; q++)
                foreach (var distance in lists.Distances[q])
                    densities[first + q] += Math.Max(0, 1 - distance * distance / (_pool.Factor * _pool.Factor) / _squaredWidth);
        }

        Set(rows, densities);
    }

    /// <summary>Sums of kernels, in <paramref name="unit"/>, and near-duplicates of rows; no kernels where the width is 0.</summary>
    private long[] Search(int[] rows, double squaredWidth, double unit, CancellationToken cancellationToken)
    {
        var sums = new long[rows.Length];
        var most = RadiusSearch.MostQueries(_pool.Dimension);
        for (var first = 0; first < rows.Length; first += most)
        {
            var part = rows.AsSpan(first, Math.Min(most, rows.Length - first)).ToArray();
            var values = new float[part.Length * _pool.Dimension];
            _pool.Gather(part, values);
            var found = NeighbourRequests.AskKernels(_search, part, values, squaredWidth, unit, cancellationToken);
            found.Sums.CopyTo(sums, first);
            for (var q = 0; q < part.Length; q++) _near[part[q]] = found.Near[q];
            Passes++;
        }

        return sums;
    }
}
