using Pursuit.Numerics;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// One worker's rows that chunks of queries couldn't rule out, gathered per chunk until there are enough for products: a few rows at a time
/// would read every chunk's queries from far memory for each tile.
/// </summary>
internal sealed class ChunkProducts
{
    private const int RowsAtOnce = 32;

    /// <summary>A row that the subspace leaves this share of a chunk's queries, one in so many, is multiplied whole.</summary>
    private const int FewOf = 16;

    private readonly QueryClusters _clusters;
    private readonly ProductBound _reducedBound, _wholeBound;
    private readonly int _width, _dimension;
    private readonly PairVisitor _visit;
    private readonly float[] _reduced, _rows, _norms;
    private readonly int[] _positions, _counts;
    private readonly float[] _products = new float[RowsAtOnce * QueryClusters.ChunkQueries];
    private readonly float[] _whole;
    private readonly int[] _found = new int[QueryClusters.ChunkQueries];

    /// <summary>Room for some rows of every chunk.</summary>
    /// <param name="clusters">The chunks.</param>
    /// <param name="subspace">Where products are formed first.</param>
    /// <param name="dimension">Numbers per row.</param>
    /// <param name="visit">Told of every pair that isn't ruled out.</param>
    public ChunkProducts(QueryClusters clusters, Subspace subspace, int dimension, PairVisitor visit)
    {
        (_clusters, _visit, _width, _dimension) = (clusters, visit, subspace.Width, dimension);
        (_reducedBound, _wholeBound) = (subspace.Bound, new ProductBound(dimension));
        var places = checked(clusters.Chunks.Count * RowsAtOnce);
        (_reduced, _rows, _norms, _positions) = (
            new float[places * _width], new float[checked(places * dimension)], new float[places], new int[places]);
        _counts = new int[clusters.Chunks.Count];
        _whole = new float[RowsAtOnce * dimension];
    }

    /// <summary>Sees a query's place in the chunks' order, a row, and their squared distance.</summary>
    public delegate void PairVisitor(int place, int position, double squared);

    /// <summary>Pairs that chunks could not rule out.</summary>
    public long Multiplied { get; private set; }

    /// <summary>Pairs that products could not rule out.</summary>
    public long Measured { get; private set; }

    /// <summary>Adds a row to a chunk.</summary>
    /// <param name="chunk">The chunk's number.</param>
    /// <param name="position">The row.</param>
    /// <param name="row">Its numbers.</param>
    /// <param name="reduced">In the subspace.</param>
    /// <param name="squaredNorm">Its ||x||^2.</param>
    public void Add(int chunk, int position, ReadOnlySpan<float> row, ReadOnlySpan<float> reduced, float squaredNorm)
    {
        var place = chunk * RowsAtOnce + _counts[chunk];
        row.CopyTo(_rows.AsSpan(place * _dimension));
        reduced.CopyTo(_reduced.AsSpan(place * _width));
        (_norms[place], _positions[place]) = (squaredNorm, position);
        if (++_counts[chunk] == RowsAtOnce) Multiply(chunk);
    }

    /// <summary>Multiplies what is left, at the end.</summary>
    public void Finish()
    {
        for (var chunk = 0; chunk < _counts.Length; chunk++) Multiply(chunk);
    }

    private void Multiply(int index)
    {
        var chunk = _clusters.Chunks[index];
        var (first, count) = (index * RowsAtOnce, _counts[index]);
        _counts[index] = 0;
        Multiplied += (long)count * chunk.Count;
        Gemm.Multiply(
            false, false, count, chunk.Count, _width, 1, _reduced.AsSpan(first * _width), _width,
            _clusters.ReducedColumns.AsSpan(chunk.First * _width), chunk.Count, 0, _products, chunk.Count);
        var limits = _clusters.Limits.AsSpan(chunk.First, chunk.Count);
        Span<int> many = stackalloc int[RowsAtOnce];
        var left = 0;
        for (var k = 0; k < count; k++)
        {
            var found = _reducedBound.Within(_norms[first + k], _products.AsSpan(k * chunk.Count, chunk.Count), limits, _found);
            if (found * FewOf < chunk.Count) Measure(chunk, first + k, found);
            else many[left++] = first + k;
        }

        // Rows that the subspace can't tell from many queries: whole products are cheaper than measuring each.
        for (var k = 0; k < left; k++) Row(many[k]).CopyTo(_whole.AsSpan(k * _dimension));
        Gemm.Multiply(
            false, false, left, chunk.Count, _dimension, 1, _whole, _dimension, _clusters.Columns.AsSpan(chunk.First * _dimension),
            chunk.Count, 0, _products, chunk.Count);
        limits = _clusters.WholeLimits.AsSpan(chunk.First, chunk.Count);
        for (var k = 0; k < left; k++)
            Measure(chunk, many[k], _wholeBound.Within(_norms[many[k]], _products.AsSpan(k * chunk.Count, chunk.Count), limits, _found));
    }

    private void Measure(QueryChunk chunk, int place, int found)
    {
        Measured += found;
        foreach (var query in _found.AsSpan(0, found))
            _visit(
                chunk.First + query,
                _positions[place],
                SquaredDistance.Of(Row(place), _clusters.Rows.AsSpan((chunk.First + query) * _dimension, _dimension)));
    }

    private ReadOnlySpan<float> Row(int place) => _rows.AsSpan(place * _dimension, _dimension);
}
