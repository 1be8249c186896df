using System.Numerics;
using System.Runtime.Intrinsics;
using Pursuit.Numerics;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// Queries in chunks of like ones, so that one test rules a row out for a whole chunk. A cluster's queries lie about one direction u;
/// with a = u.x along it and t = ||x - a u|| beside it, ||x - y||^2 is at least (a_x - a_y)^2 + (t_x - t_y)^2, and a chunk knows between
/// which bounds its a and t lie.
/// </summary>
internal sealed class QueryClusters
{
    /// <summary>Queries of a chunk at most: their products with a tile of rows stay in the second-level cache.</summary>
    public const int ChunkQueries = 256;

    private const int MostClusters = 64, Iterations = 6;

    private readonly float[] _directions;
    private readonly float[] _along;
    private readonly int _dimension;
    private readonly double _slack;

    /// <summary>Clusters queries that were reduced.</summary>
    public QueryClusters(RadiusQueries queries, int dimension)
    {
        _dimension = dimension;
        _slack = 2 * new ProductBound(dimension).Slack;
        Count = Math.Clamp(queries.Count / ChunkQueries, 1, MostClusters);
        var width = queries.Reduced.Length / queries.Count;
        var cluster = Count == 1
            ? new int[queries.Count]
            : SphericalKMeans.Cluster(
                queries.Reduced, queries.Count, width, Count, new SeededRandom(0, "query-groups"), Iterations).Assignment;
        _directions = Directions(queries, cluster);

        var along = _along = new float[queries.Count];
        for (var q = 0; q < along.Length; q++) along[q] = DotProduct.Of(queries.Row(q), Direction(cluster[q]));
        Order = [.. Enumerable.Range(0, queries.Count).OrderBy(q => cluster[q]).ThenBy(q => along[q])];
        ReducedColumns = new float[queries.Reduced.Length];
        Columns = new float[queries.Rows.Length];
        Limits = new float[queries.Count];
        Rows = new float[queries.Rows.Length];
        WholeLimits = new float[queries.Count];
        var whole = new ProductBound(dimension);
        foreach (var (place, q) in Order.Index())
        {
            Limits[place] = queries.Limits[q];
            queries.Row(q).CopyTo(Rows.AsSpan(place * dimension));
            WholeLimits[place] = whole.Limit(queries.SquaredRadii[q], queries.SquaredNorm(q));
        }

        var chunks = new List<QueryChunk>();
        for (var first = 0; first < Order.Length;)
        {
            var chunk = new QueryChunk(cluster[Order[first]], first);
            for (; chunk.Count < ChunkQueries && first < Order.Length && cluster[Order[first]] == chunk.Cluster; first++)
            {
                var q = Order[first];
                chunk.Add(Interval(along[q], queries.SquaredNorm(q)), queries.SquaredRadii[q]);
            }

            chunks.Add(chunk);
            Transpose(chunk, queries.Reduced, width, ReducedColumns);
            Transpose(chunk, queries.Rows, dimension, Columns);
        }

        Chunks = chunks;
    }

    /// <summary>Directions.</summary>
    public int Count { get; }

    /// <summary>The chunks.</summary>
    public IReadOnlyList<QueryChunk> Chunks { get; }

    /// <summary>Queries in the order of the chunks.</summary>
    public int[] Order { get; }

    /// <summary>Their rows in the subspace: for each chunk [width, chunk], which products with few rows read in place.</summary>
    public float[] ReducedColumns { get; }

    /// <summary>Their whole rows: for each chunk [dimension, chunk].</summary>
    public float[] Columns { get; }

    /// <summary>Their limits, in that order.</summary>
    public float[] Limits { get; }

    /// <summary>Their whole rows, in that order.</summary>
    public float[] Rows { get; }

    /// <summary>What whole products are compared with, in that order.</summary>
    public float[] WholeLimits { get; }

    /// <summary>A cluster's direction, of unit length; zeros where its queries cancel out.</summary>
    public ReadOnlySpan<float> Direction(int cluster) => _directions.AsSpan(cluster * _dimension, _dimension);

    /// <summary>A query's product with its cluster's direction.</summary>
    public float Along(int query) => _along[query];

    /// <summary>Rows along every direction, [Count, count].</summary>
    public void Project(ReadOnlySpan<float> rows, int count, Span<float> along) =>
        Gemm.Multiply(false, true, Count, count, _dimension, 1, _directions, _dimension, rows, _dimension, 0, along, count);

    /// <summary>Writes the rows that may lie within the radius of some query of a chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="along">What <see cref="Project"/> wrote.</param>
    /// <param name="squaredNorms">Each row's ||x||^2, [count].</param>
    /// <param name="near">Room for all rows.</param>
    /// <returns>How many.</returns>
    public int Near(QueryChunk chunk, ReadOnlySpan<float> along, ReadOnlySpan<float> squaredNorms, Span<int> near)
    {
        along = along.Slice(chunk.Cluster * squaredNorms.Length, squaredNorms.Length);
        var kept = 0;
        var slack = Vector512.Create((float)_slack);
        var (least, most) = (Vector512.Create(chunk.AlongLow), Vector512.Create(chunk.AlongHigh));
        var (leastBeside, mostBeside) = (Vector512.Create(chunk.BesideLow), Vector512.Create(chunk.BesideHigh));
        var limit = Vector512.Create(chunk.SquaredRadius);
        var r = 0;
        for (; r + 16 <= squaredNorms.Length; r += 16)
        {
            var a = Vector512.Create(along[r..]);
            var norm = Vector512.Create(squaredNorms[r..]);
            var beside = norm - a * a;
            var error = slack * norm;
            var wide = slack * Vector512.Sqrt(norm);
            var low = Vector512.Sqrt(Vector512.Max(Vector512<float>.Zero, beside - error)) - wide;
            var high = Vector512.Sqrt(Vector512.Max(Vector512<float>.Zero, beside + error)) + wide;
            var alongGap = Vector512.Max(Vector512<float>.Zero, Vector512.Max(a - wide - most, least - a - wide));
            var besideGap = Vector512.Max(Vector512<float>.Zero, Vector512.Max(low - mostBeside, leastBeside - high));
            for (var mask = Vector512.LessThanOrEqual(
                alongGap * alongGap + besideGap * besideGap, limit).ExtractMostSignificantBits(); mask != 0; mask &= mask - 1)
                near[kept++] = r + BitOperations.TrailingZeroCount(mask);
        }

        for (; r < squaredNorms.Length; r++)
            if (chunk.MayReach(Interval(along[r], squaredNorms[r]))) near[kept++] = r;
        return kept;
    }


    private void Transpose(QueryChunk chunk, ReadOnlySpan<float> rows, int width, float[] columns)
    {
        for (var place = 0; place < chunk.Count; place++)
        {
            var row = rows.Slice(Order[chunk.First + place] * width, width);
            for (var k = 0; k < width; k++) columns[chunk.First * width + k * chunk.Count + place] = row[k];
        }
    }

    /// <summary>Between what a and t certainly lie.</summary>
    private Extent Interval(float along, float squaredNorm)
    {
        var error = (float)_slack * squaredNorm;
        var beside = squaredNorm - along * along;
        var wide = (float)_slack * MathF.Sqrt(squaredNorm);
        return new Extent(
            along - wide, along + wide, MathF.Sqrt(MathF.Max(0, beside - error)) - wide, MathF.Sqrt(MathF.Max(0, beside + error)) + wide);
    }

    /// <summary>Each cluster's mean, to unit length.</summary>
    private float[] Directions(RadiusQueries queries, int[] cluster)
    {
        var sums = new double[Count * _dimension];
        for (var q = 0; q < cluster.Length; q++)
        {
            var row = queries.Row(q);
            for (var k = 0; k < _dimension; k++) sums[cluster[q] * _dimension + k] += row[k];
        }

        var directions = new float[sums.Length];
        for (var g = 0; g < Count; g++)
        {
            var sum = sums.AsSpan(g * _dimension, _dimension);
            var norm = Math.Sqrt(DoubleKernels.Dot(sum, sum));
            for (var k = 0; k < _dimension && norm > 0; k++) directions[g * _dimension + k] = (float)(sum[k] / norm);
        }

        return directions;
    }
}

/// <summary>Bounds of a row's part along a direction and of the length of the rest.</summary>
internal readonly record struct Extent(float AlongLow, float AlongHigh, float BesideLow, float BesideHigh);

/// <summary>Consecutive queries of one cluster, in the clusters' order.</summary>
/// <param name="cluster">Whose direction.</param>
/// <param name="first">The first query's place in the clusters' order.</param>
internal sealed class QueryChunk(int cluster, int first)
{
    /// <summary>Whose direction.</summary>
    public int Cluster { get; } = cluster;

    /// <summary>The first query's place in the clusters' order.</summary>
    public int First { get; } = first;

    /// <summary>Queries.</summary>
    public int Count { get; private set; }

    /// <summary>The least a of a query.</summary>
    public float AlongLow { get; private set; } = float.PositiveInfinity;

    /// <summary>The largest a.</summary>
    public float AlongHigh { get; private set; } = float.NegativeInfinity;

    /// <summary>The least t.</summary>
    public float BesideLow { get; private set; } = float.PositiveInfinity;

    /// <summary>The largest t.</summary>
    public float BesideHigh { get; private set; } = float.NegativeInfinity;

    /// <summary>The largest squared radius, with room for rounding.</summary>
    public float SquaredRadius { get; private set; }

    /// <summary>Adds the next query.</summary>
    public void Add(Extent extent, double squaredRadius)
    {
        AlongLow = MathF.Min(AlongLow, extent.AlongLow);
        AlongHigh = MathF.Max(AlongHigh, extent.AlongHigh);
        BesideLow = MathF.Min(BesideLow, extent.BesideLow);
        BesideHigh = MathF.Max(BesideHigh, extent.BesideHigh);
        SquaredRadius = MathF.Max(SquaredRadius, (float)(squaredRadius * (1 + 1e-5)));
        Count++;
    }

    /// <summary>False where a row is certainly beyond the radius of all queries here.</summary>
    public bool MayReach(Extent row)
    {
        var along = MathF.Max(0, MathF.Max(row.AlongLow - AlongHigh, AlongLow - row.AlongHigh));
        var beside = MathF.Max(0, MathF.Max(row.BesideLow - BesideHigh, BesideLow - row.BesideHigh));
        return along * along + beside * beside <= SquaredRadius;
    }
}
