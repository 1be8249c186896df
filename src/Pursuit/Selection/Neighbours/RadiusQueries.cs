using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Neighbours;

/// <summary>The queries of one pass of a radius search.</summary>
internal sealed class RadiusQueries
{
    private readonly float[] _rows;
    private readonly int _dimension;
    private readonly float[] _norms;

    /// <summary>Takes rows.</summary>
    /// <param name="pool">The pool that is searched.</param>
    /// <param name="rows">[Count, dimension], in the pool's space.</param>
    /// <param name="squaredRadius">
    /// Gives the squared radius from a query's place and its squared norm, both in the pool's own units.
    /// </param>
    public RadiusQueries(EmbeddingRows pool, float[] rows, Func<int, double, double> squaredRadius)
    {
        _dimension = pool.Dimension;
        _rows = rows;
        _norms = new float[rows.Length / _dimension];
        SquaredRadii = new double[_norms.Length];
        var squaredFactor = pool.Factor * pool.Factor;
        for (var q = 0; q < _norms.Length; q++)
        {
            _norms[q] = DotProduct.SquaredNorm(Row(q));
            SquaredRadii[q] = squaredRadius(q, _norms[q] / squaredFactor) * squaredFactor;
        }
    }

    private RadiusQueries(RadiusQueries other, int[] rows)
    {
        _dimension = other._dimension;
        _rows = [.. rows.SelectMany(q => other.Row(q).ToArray())];
        _norms = [.. rows.Select(q => other._norms[q])];
        SquaredRadii = [.. rows.Select(q => other.SquaredRadii[q])];
    }

    /// <summary>How many.</summary>
    public int Count => _norms.Length;

    /// <summary>In the rows' units, [Count].</summary>
    public double[] SquaredRadii { get; }

    /// <summary>Rows in the subspace, [Count, width].</summary>
    public float[] Reduced { get; private set; } = [];

    /// <summary>What products in the subspace are compared with, [Count].</summary>
    public float[] Limits { get; private set; } = [];

    /// <summary>All rows, [Count, dimension].</summary>
    public ReadOnlySpan<float> Rows => _rows;

    /// <summary>One row's ||y||^2.</summary>
    public float SquaredNorm(int query) => _norms[query];

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> Row(int query) => _rows.AsSpan(query * _dimension, _dimension);

    /// <summary>Some of them.</summary>
    public RadiusQueries Only(int[] queries) => new(this, queries);

    /// <summary>Prepares for products in a subspace.</summary>
    public void Reduce(Subspace subspace)
    {
        var bound = subspace.Bound;
        Reduced = new float[Count * subspace.Width];
        subspace.Reduce(_rows, Count, _norms, Reduced);
        Limits = new float[Count];
        for (var q = 0; q < Count; q++) Limits[q] = bound.Limit(SquaredRadii[q], _norms[q]);
    }
}
