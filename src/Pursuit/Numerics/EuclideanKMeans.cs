namespace Pursuit.Numerics;

/// <summary>
/// k-means by Euclidean distance (Lloyd, 1982): a centre is the mean of its rows; centres start as distinct rows drawn at random.
/// </summary>
/// <remarks>
/// Rows are compared by ||c||^2 / 2 - x.c from <see cref="Gemm"/>, ties go to the lower centre, and means are summed in double precision
/// in the rows' order: the same seed and rows give the same centres for any number of threads. A centre that loses all its rows
/// moves to the row farthest from its own. Rows must be finite.
/// </remarks>
internal static class EuclideanKMeans
{
    /// <summary>Clusters rows.</summary>
    /// <param name="rows">[rowCount, dim].</param>
    /// <param name="rowCount">Rows, 1 or more.</param>
    /// <param name="dim">Numbers per row, 1 or more.</param>
    /// <param name="count">Clusters, from 1 to rowCount.</param>
    /// <param name="random">The stream that draws the first centres.</param>
    /// <param name="iterations">Times the centres move, 1 or more; fewer when no row changes its cluster.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between iterations.</param>
    public static RowCentres Cluster(
        float[] rows,
        int rowCount,
        int dim,
        int count,
        SeededRandom random,
        int iterations,
        int threads,
        CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = cancellationToken };
        var centres = new RowCentres(First(rows, rowCount, dim, count, random), count, dim);
        var assignment = new int[rowCount];
        Array.Fill(assignment, -1);
        for (var iteration = 0; iteration < iterations; iteration++)
        {
            var found = centres.Nearest(rows, rowCount, parallel);
            if (found.AsSpan().SequenceEqual(assignment)) break;
            assignment = found;
            centres = new RowCentres(Means(rows, dim, centres, assignment, parallel), count, dim);
        }

        return centres;
    }

    /// <summary>Distinct rows.</summary>
    private static float[] First(float[] rows, int rowCount, int dim, int count, SeededRandom random)
    {
        var order = new int[rowCount];
        for (var i = 0; i < rowCount; i++) order[i] = i;
        var centres = new float[count * dim];
        for (var c = 0; c < count; c++)
        {
            var drawn = c + random.NextInt(rowCount - c);
            (order[c], order[drawn]) = (order[drawn], order[c]);
            rows.AsSpan(order[c] * dim, dim).CopyTo(centres.AsSpan(c * dim));
        }

        return centres;
    }

    private static float[] Means(float[] rows, int dim, RowCentres before, int[] assignment, ParallelOptions parallel)
    {
        var members = new List<int>[before.Count];
        for (var c = 0; c < members.Length; c++) members[c] = [];
        for (var i = 0; i < assignment.Length; i++) members[assignment[i]].Add(i);
        Refill(rows, dim, before, assignment, members);
        var means = new float[before.Count * dim];
        Parallel.For(0, members.Length, parallel, c =>
        {
            if (members[c].Count == 0)
            {
                before.Centre(c).CopyTo(means.AsSpan(c * dim));
                return;
            }

            var sums = new double[dim];
            foreach (var i in members[c])
            {
                var row = rows.AsSpan(i * dim, dim);
                for (var k = 0; k < dim; k++) sums[k] += row[k];
            }

            for (var k = 0; k < dim; k++) means[c * dim + k] = (float)(sums[k] / members[c].Count);
        });
        return means;
    }

    /// <summary>
    /// Gives each empty centre the row that lies farthest from its own, of those that share theirs and aren't equal to it.
    /// </summary>
    private static void Refill(float[] rows, int dim, RowCentres centres, int[] assignment, List<int>[] members)
    {
        if (members.All(m => m.Count > 0)) return;
        var distances = new double[assignment.Length];
        for (var i = 0; i < distances.Length; i++)
            distances[i] = SquaredDistance.Of(rows.AsSpan(i * dim, dim), centres.Centre(assignment[i]));
        int[] farthest = [.. Enumerable.Range(0, distances.Length).Where(i => distances[i] > 0).OrderByDescending(i => distances[i])];
        var next = 0;
        foreach (var empty in members.Where(m => m.Count == 0))
        {
            while (next < farthest.Length && members[assignment[farthest[next]]].Count < 2) next++;
            if (next == farthest.Length) return; // fewer distinct rows than centres: the others stay where they are
            members[assignment[farthest[next]]].Remove(farthest[next]);
            empty.Add(farthest[next++]);
        }
    }
}

/// <summary>Points that rows are put to by distance.</summary>
internal sealed class RowCentres
{
    private const int BlockRows = 256;

    private readonly float[] _values;
    private readonly float[] _halves;

    /// <summary>Takes the points.</summary>
    /// <param name="values">[count, dim].</param>
    /// <param name="count">Points, 1 or more.</param>
    /// <param name="dim">Numbers per point.</param>
    public RowCentres(float[] values, int count, int dim)
    {
        (_values, Count, Dimension) = (values, count, dim);
        _halves = new float[count];
        for (var c = 0; c < count; c++) _halves[c] = 0.5f * DotProduct.SquaredNorm(Centre(c));
    }

    /// <summary>Points.</summary>
    public int Count { get; }

    /// <summary>Numbers per point.</summary>
    public int Dimension { get; }

    /// <summary>All points, [Count, Dimension].</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>One point.</summary>
    public ReadOnlySpan<float> Centre(int centre) => _values.AsSpan(centre * Dimension, Dimension);

    /// <summary>The nearest point of each row, equal ones by the lower number, [rowCount].</summary>
    public int[] Nearest(float[] rows, int rowCount, ParallelOptions parallel)
    {
        var nearest = new int[rowCount];
        Parallel.For(0, (rowCount + BlockRows - 1) / BlockRows, parallel, () => new float[BlockRows * Count], (block, _, products) =>
        {
            var first = block * BlockRows;
            var count = Math.Min(BlockRows, rowCount - first);
            Nearest(rows.AsSpan(first * Dimension, count * Dimension), count, products, nearest.AsSpan(first, count));
            return products;
        }, _ => { });
        return nearest;
    }

    /// <summary>The nearest point of each row, one thread.</summary>
    /// <param name="rows">[count, Dimension].</param>
    /// <param name="count">Rows.</param>
    /// <param name="products">Room for [count, Count].</param>
    /// <param name="nearest">[count], written.</param>
    public void Nearest(ReadOnlySpan<float> rows, int count, Span<float> products, Span<int> nearest)
    {
        Compare(rows, count, products);
        for (var r = 0; r < count; r++) nearest[r] = System.Numerics.Tensors.TensorPrimitives.IndexOfMin(products.Slice(r * Count, Count));
    }

    /// <summary>Half the squared distance of each row to each point, less half the row's squared norm.</summary>
    /// <param name="rows">[count, Dimension].</param>
    /// <param name="count">Rows.</param>
    /// <param name="compared">[count, Count], written.</param>
    public void Compare(ReadOnlySpan<float> rows, int count, Span<float> compared)
    {
        for (var r = 0; r < count; r++) _halves.CopyTo(compared[(r * Count)..]);
        Gemm.Multiply(false, true, count, Count, Dimension, -1, rows, Dimension, _values, Dimension, 1, compared, Count);
    }
}
