using Pursuit.Numerics;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// What rules a row out for a chunk of queries by two directions: the chunk's u and v of the row's own cell. With a and b a point's
/// coordinates in the plane of u and v and t its distance from that plane, ||x - y||^2 is at least (a_x - a_y)^2 + (b_x - b_y)^2 +
/// (t_x - t_y)^2; for each chunk and cell it is known between what a, b and t of the queries lie.
/// </summary>
/// <remarks>
/// Rows of other clusters than the queries' lie along a direction of their own that queries don't have, which u alone doesn't see.
/// </remarks>
internal sealed class CellBounds
{
    // Directions nearer to each other than this span no plane that rounding leaves.
    private const double LeastSine = 0.3;

    private readonly RowCells _cells;
    private readonly float[] _directions;
    private readonly int _dimension;
    private readonly double _slack;
    private readonly CellBound[] _bounds;

    /// <summary>Bounds the chunks' queries along every cell's direction.</summary>
    /// <param name="cells">The pool's cells.</param>
    /// <param name="clusters">The chunks.</param>
    /// <param name="queries">Their queries.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    public CellBounds(RowCells cells, QueryClusters clusters, RadiusQueries queries, int threads, CancellationToken cancellationToken)
    {
        _cells = cells;
        _dimension = cells.Centres.Dimension;
        _slack = 2 * new ProductBound(_dimension).Slack;
        var count = cells.Centres.Count;
        _directions = new float[count * _dimension];
        for (var c = 0; c < count; c++)
        {
            var centre = cells.Centres.Centre(c);
            var norm = Math.Sqrt(DotProduct.SquaredNorm(centre));
            for (var k = 0; k < _dimension && norm > 0; k++) _directions[c * _dimension + k] = (float)(centre[k] / norm);
        }

        _bounds = new CellBound[clusters.Chunks.Count * count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = cancellationToken };
        Parallel.For(0, clusters.Chunks.Count, parallel, index =>
        {
            var chunk = clusters.Chunks[index];
            var rows = new float[chunk.Count * _dimension];
            for (var k = 0; k < chunk.Count; k++) queries.Row(clusters.Order[chunk.First + k]).CopyTo(rows.AsSpan(k * _dimension));
            var products = new float[chunk.Count * count];
            Gemm.Multiply(false, true, chunk.Count, count, _dimension, 1, rows, _dimension, _directions, _dimension, 0, products, count);
            var direction = clusters.Direction(chunk.Cluster);
            for (var c = 0; c < count; c++)
            {
                var bound = CellBound.Between(DotProduct.Of(direction, _directions.AsSpan(c * _dimension, _dimension)), _slack, LeastSine);
                for (var k = 0; k < chunk.Count; k++)
                {
                    var q = clusters.Order[chunk.First + k];
                    bound = bound.With(clusters.Along(q), products[k * count + c], queries.SquaredNorm(q), _slack);
                }

                _bounds[index * count + c] = bound;
            }
        });
    }

    /// <summary>Writes each row's product with its cell's direction.</summary>
    public void Project(ReadOnlySpan<float> rows, int first, int count, Span<float> own)
    {
        var cells = _cells.CellsOf(first, count);
        for (var r = 0; r < count; r++)
            own[r] = DotProduct.Of(rows.Slice(r * _dimension, _dimension), _directions.AsSpan(cells[r] * _dimension, _dimension));
    }

    /// <summary>Keeps those of some rows that may lie within the radius of some query of a chunk.</summary>
    /// <param name="chunk">The chunk's number.</param>
    /// <param name="squaredRadius">Its largest.</param>
    /// <param name="tile">The tile's rows.</param>
    /// <param name="near">Places in the tile; those that are kept come first.</param>
    /// <param name="copied">Room for as many.</param>
    /// <returns>How many were kept.</returns>
    public int Near(int chunk, float squaredRadius, TilePoints tile, Span<int> near, Span<CellBound> copied)
    {
        var bounds = _bounds.AsSpan(chunk * _cells.Centres.Count, _cells.Centres.Count);
        var cells = _cells.CellsOf(tile.First, tile.SquaredNorms.Length);
        var along = tile.Along;
        var own = tile.Own;
        var squaredNorms = tile.SquaredNorms;
        // Copied first: they lie far apart, and loads that no branch waits for run together.
        for (var k = 0; k < near.Length; k++) copied[k] = bounds[cells[near[k]]];
        var kept = 0;
        for (var k = 0; k < near.Length; k++)
        {
            var r = near[k];
            if (copied[k].MayReach(along[r], own[r], squaredNorms[r], squaredRadius, (float)_slack)) near[kept++] = r;
        }

        return kept;
    }
}

/// <summary>A tile's rows as bounds see them.</summary>
/// <param name="first">The first row.</param>
/// <param name="along">The rows along the chunk's direction.</param>
/// <param name="own">What <see cref="CellBounds.Project"/> wrote.</param>
/// <param name="squaredNorms">Each row's ||x||^2.</param>
internal readonly ref struct TilePoints(int first, ReadOnlySpan<float> along, ReadOnlySpan<float> own, ReadOnlySpan<float> squaredNorms)
{
    /// <summary>The first row.</summary>
    public int First { get; } = first;

    /// <summary>The rows along the chunk's direction.</summary>
    public ReadOnlySpan<float> Along { get; } = along;

    /// <summary>The rows along their cells' directions.</summary>
    public ReadOnlySpan<float> Own { get; } = own;

    /// <summary>Each row's ||x||^2.</summary>
    public ReadOnlySpan<float> SquaredNorms { get; } = squaredNorms;
}

/// <summary>Between what a chunk's queries lie, for one cell.</summary>
/// <param name="Cosine">u.v.</param>
/// <param name="Inverse">1 / sqrt(1 - (u.v)^2); 0 where u and v are too near each other to tell anything.</param>
/// <param name="ALow">The least a.</param>
/// <param name="AHigh">The largest a.</param>
/// <param name="BLow">The least b.</param>
/// <param name="BHigh">The largest b.</param>
/// <param name="TLow">The least t.</param>
/// <param name="THigh">The largest t.</param>
internal readonly record struct CellBound(
    float Cosine, float Inverse, float ALow, float AHigh, float BLow, float BHigh, float TLow, float THigh)
{
    /// <summary>Nothing yet, for directions at this cosine.</summary>
    public static CellBound Between(float cosine, double slack, double leastSine)
    {
        var sine = Math.Sqrt(Math.Max(0, 1 - (double)cosine * cosine - slack));
        return new CellBound(
            cosine,
            sine < leastSine ? 0 : (float)(1 / sine),
            float.PositiveInfinity,
            float.NegativeInfinity,
            float.PositiveInfinity,
            float.NegativeInfinity,
            float.PositiveInfinity,
            float.NegativeInfinity);
    }

    /// <summary>With one more query.</summary>
    public CellBound With(float along, float other, float squaredNorm, double slack)
    {
        var (a, b, wide, low, high) = Place(along, other, squaredNorm, (float)slack);
        return this with
        {
            ALow = MathF.Min(ALow, a - wide),
            AHigh = MathF.Max(AHigh, a + wide),
            BLow = MathF.Min(BLow, b - wide),
            BHigh = MathF.Max(BHigh, b + wide),
            TLow = MathF.Min(TLow, low),
            THigh = MathF.Max(THigh, high),
        };
    }

    /// <summary>False where a row is certainly beyond the radius of every query.</summary>
    public bool MayReach(float along, float own, float squaredNorm, float squaredRadius, float slack)
    {
        if (Inverse == 0) return true;
        var (a, b, wide, low, high) = Place(along, own, squaredNorm, slack);
        var gapA = MathF.Max(0, MathF.Max(a - wide - AHigh, ALow - a - wide));
        var gapB = MathF.Max(0, MathF.Max(b - wide - BHigh, BLow - b - wide));
        var gapT = MathF.Max(0, MathF.Max(low - THigh, TLow - high));
        return gapA * gapA + gapB * gapB + gapT * gapT <= squaredRadius;
    }

    /// <summary>A point's coordinates, their room for rounding, and between what its distance from the plane lies.</summary>
    private (float A, float B, float Wide, float Low, float High) Place(float along, float other, float squaredNorm, float slack)
    {
        // Products are wrong by at most slack ||x|| / 8, b by (1 + |cos|) / sine as much; a^2 and b^2 by twice ||x|| times that.
        var b = (other - Cosine * along) * Inverse;
        var wide = slack * Inverse * MathF.Sqrt(squaredNorm);
        var beside = squaredNorm - along * along - b * b;
        var error = 4 * slack * Inverse * squaredNorm;
        return (along, b, wide, MathF.Sqrt(MathF.Max(0, beside - error)), MathF.Sqrt(MathF.Max(0, beside + error)));
    }
}
