using Pursuit.Numerics;

namespace Pursuit.Selection.Neighbours;

/// <summary>What rules rows out for each query while its best are being found: the worst that any worker still keeps.</summary>
internal sealed class NeighbourLimits
{
    private readonly double[] _norms;
    private readonly double[] _shared;

    /// <summary>Nothing is ruled out yet.</summary>
    /// <param name="queries">[V, dimension].</param>
    /// <param name="dimension">Numbers per query.</param>
    public NeighbourLimits(ReadOnlySpan<float> queries, int dimension)
    {
        Bound = new ProductBound(dimension);
        _norms = new double[queries.Length / dimension];
        for (var v = 0; v < _norms.Length; v++) _norms[v] = DotProduct.SquaredNorm(queries.Slice(v * dimension, dimension));
        _shared = new double[_norms.Length];
        Array.Fill(_shared, double.PositiveInfinity);
    }

    /// <summary>Compares products with limits.</summary>
    public ProductBound Bound { get; }

    /// <summary>A query's limit for one worker.</summary>
    public float LimitOf(NeighbourHeaps heaps, int query) =>
        Bound.Limit(Math.Min(heaps.Worst(query), Volatile.Read(ref _shared[query])), _norms[query]);

    /// <summary>Tells the other workers: one's limit is as good as another's. A lost update only rules out fewer rows.</summary>
    public void Share(NeighbourHeaps heaps)
    {
        for (var v = 0; v < _shared.Length; v++) Share(heaps, v);
    }

    /// <summary>The same for one query.</summary>
    public void Share(NeighbourHeaps heaps, int query)
    {
        if (heaps.Worst(query) < Volatile.Read(ref _shared[query])) Volatile.Write(ref _shared[query], heaps.Worst(query));
    }
}
