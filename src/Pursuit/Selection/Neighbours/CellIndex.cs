using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// An inverted file (IVF; Jegou, Douze and Schmid, "Product quantization for nearest neighbor search", 2011, without the quantisation): a
/// query
/// looks at the rows of the cells whose centres are nearest to it, and at no others. What it finds there is exact; what lies elsewhere
/// is missed.
/// </summary>
/// <remarks>
/// Rows stay where they are: a pass streams the whole pool in its order, and forms products for those rows and queries that meet. So the
/// index is two bytes a row, and needs no copy of the pool and no reads out of order.
/// </remarks>
internal sealed class CellIndex
{
    /// <summary>Rows per cell that decide the centres, on average; fewer where their numbers would be more than half a gigabyte.</summary>
    private const int SampleRows = 64;

    private const int SampleNumbers = 1 << 27;

    private const int Iterations = 10;

    private readonly RowCells _cells;
    private readonly bool[] _hasRows;

    /// <summary>An index over cells.</summary>
    /// <param name="cells">Of this process's rows.</param>
    /// <param name="counts">Rows of the whole pool in each cell.</param>
    /// <param name="probes">Cells a query looks at, from 1.</param>
    public CellIndex(RowCells cells, IReadOnlyList<int> counts, int probes)
    {
        _cells = cells;
        _hasRows = [.. counts.Select(count => count > 0)];
        Lists = _hasRows.Count(has => has);
        Probes = Math.Min(probes, Lists);
    }

    /// <summary>Cells that have rows.</summary>
    public int Lists { get; }


    /// <summary>Cells a query looks at.</summary>
    public int Probes { get; }

    /// <summary>True where a query looks at every cell, so that nothing is missed.</summary>
    public bool IsExact => Probes == Lists;

    private RowCentres Centres => _cells.Centres;

    /// <summary>Centres by k-means over a seeded sample of the rows; they depend on the rows' content ids, not on their order.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="contentIds">[rows].</param>
    /// <param name="lists">Cells wanted; fewer where the pool has fewer rows.</param>
    /// <param name="seed">The run's.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between iterations.</param>
    public static RowCentres Train(
        EmbeddingRows pool, IReadOnlyList<ContentId> contentIds, int lists, ulong seed, int threads, CancellationToken cancellationToken)
    {
        const string Purpose = "neighbours/ivf";
        lists = Math.Min(lists, pool.Count);
        var rowsPerList = Math.Clamp(SampleNumbers / ((double)lists * pool.Dimension), 1, SampleRows);
        var share = Math.Min(1, lists * rowsPerList / pool.Count);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = cancellationToken };
        var keys = new ulong[pool.Count];
        Parallel.For(0, keys.Length, parallel, i => keys[i] = SeededRandom.ForExample(seed, Purpose, contentIds[i]));
        int[] Drawn(double most) =>
            [.. Enumerable.Range(0, keys.Length).Where(i => keys[i] <= most).OrderBy(i => keys[i]).ThenBy(i => contentIds[i])];
        var sample = Drawn(share * ulong.MaxValue);
        if (sample.Length < lists) sample = [.. Drawn(ulong.MaxValue).Take(lists)];
        var values = new float[checked(sample.Length * pool.Dimension)];
        pool.Gather(sample, values);
        return EuclideanKMeans.Cluster(
            values, sample.Length, pool.Dimension, lists, new SeededRandom(seed, Purpose), Iterations, threads, cancellationToken);
    }

    /// <summary>The cells that some queries look at: the nearest that have rows.</summary>
    /// <param name="queries">[V, dimension].</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between queries.</param>
    public ProbedCells Probe(float[] queries, int threads, CancellationToken cancellationToken)
    {
        var nearest = new int[queries.Length / Centres.Dimension][];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = cancellationToken };
        Parallel.For(0, nearest.Length, parallel, query =>
        {
            var compared = new float[Centres.Count];
            var order = new int[Centres.Count];
            Centres.Compare(queries.AsSpan(query * Centres.Dimension, Centres.Dimension), 1, compared);
            for (var c = 0; c < order.Length; c++)
            {
                order[c] = c;
                if (!_hasRows[c]) compared[c] = float.PositiveInfinity;
            }

            Array.Sort(compared, order);
            nearest[query] = order[..Probes];
        });
        return new ProbedCells(_cells, nearest);
    }
}
