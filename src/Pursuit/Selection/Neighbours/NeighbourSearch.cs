using Pursuit.Numerics;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// Exact nearest neighbours by blocked products: one pass over the pool for all queries, in tiles that stream from wherever the
/// features lie. Products in single precision only rule rows out (<see cref="ProductBound"/>); what remains is measured by
/// differences in double precision, so near-duplicates keep their order.
/// </summary>
/// <remarks>
/// Equal distances go by content id. Memory: V x K x 12 bytes per thread, and a tile. Neither threads nor shards nor the rows'
/// order change the lists.
/// </remarks>
internal static class NeighbourSearch
{
    /// <summary>Queries of one pass at most: their products with a tile of rows are 16 MB a thread.</summary>
    private const int QueriesAtOnce = 4096;

    /// <summary>Each query's nearest rows.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="contentIds">[rows].</param>
    /// <param name="queries">[V, dimension], in the pool's space.</param>
    /// <param name="count">V.</param>
    /// <param name="length">K, from 1 to the pool's rows.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public static NeighbourLists Nearest(EmbeddingRows pool, IReadOnlyList<ContentId> contentIds, float[] queries, int count, int length, int threads, CancellationToken cancellationToken)
    {
        var lists = new NeighbourLists(new int[count][], new double[count][]);
        Lengthen(lists, pool, null, contentIds, queries, [.. Enumerable.Range(0, count)], length, threads, cancellationToken);
        return lists;
    }

    /// <summary>Searches anew for some of the queries.</summary>
    /// <param name="lists">Where those queries' lists are replaced.</param>
    /// <param name="pool">The rows.</param>
    /// <param name="index">Where to search; null for everywhere.</param>
    /// <param name="contentIds">[rows].</param>
    /// <param name="queries">All queries, [V, dimension].</param>
    /// <param name="some">Places of those to search for.</param>
    /// <param name="length">Their new length; with an index, lists may come out shorter.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public static void Lengthen(NeighbourLists lists, EmbeddingRows pool, CellIndex? index, IReadOnlyList<ContentId> contentIds, float[] queries, int[] some, int length, int threads, CancellationToken cancellationToken)
    {
        foreach (var part in some.Chunk(QueriesAtOnce))
        {
            var right = new float[part.Length * pool.Dimension];
            foreach (var (i, query) in part.Index()) queries.AsSpan(query * pool.Dimension, pool.Dimension).CopyTo(right.AsSpan(i * pool.Dimension));
            var own = Own(pool, index?.Probe(right, threads, cancellationToken), contentIds, right, length, threads, cancellationToken);
            foreach (var (i, query) in part.Index())
            {
                lists.Rows[query] = own.Rows[i];
                lists.Distances[query] = Array.ConvertAll(own.Distances[i], key => Math.Sqrt(key) / pool.Factor);
            }
        }
    }

    /// <summary>Passes over the pool that a search of so many queries takes.</summary>
    public static int Passes(int count) => (count + QueriesAtOnce - 1) / QueriesAtOnce;

    /// <summary>Each query's nearest rows among this process's, by squared distance in the rows' own units.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="probed">Where to search; null for everywhere.</param>
    /// <param name="contentIds">[rows].</param>
    /// <param name="right">[V, dimension], at most as many as one pass takes.</param>
    /// <param name="length">K; lists end with this process's rows.</param>
    /// <param name="threads">At most this many.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public static NeighbourLists Here(EmbeddingRows pool, ProbedCells? probed, IReadOnlyList<ContentId> contentIds, float[] right, int length, int threads, CancellationToken cancellationToken)
    {
        length = Math.Clamp(length, 1, Math.Max(1, pool.Own.Count));
        var limits = new NeighbourLimits(right, pool.Dimension);
        return NeighbourHeaps.Merge(probed is null ? Pass(pool, contentIds, right, limits, length, threads, cancellationToken) : CellSearch.Pass(pool, probed, contentIds, right, limits, length, threads, cancellationToken), threads);
    }

    private static NeighbourLists Own(EmbeddingRows pool, ProbedCells? probed, IReadOnlyList<ContentId> contentIds, float[] right, int length, int threads, CancellationToken cancellationToken) => pool.Team is { } team
        ? team.Nearest(() => Here(pool, probed, contentIds, right, length, threads, cancellationToken), contentIds, right, length, probed)
        : Here(pool, probed, contentIds, right, length, threads, cancellationToken);

    private static IReadOnlyList<NeighbourHeaps> Pass(EmbeddingRows pool, IReadOnlyList<ContentId> contentIds, float[] right, NeighbourLimits limits, int length, int threads, CancellationToken cancellationToken)
    {
        var dimension = pool.Dimension;
        var count = right.Length / dimension;
        var workers = pool.ForEachTile(threads, () => new Worker(new NeighbourHeaps(count, length, contentIds), count), Visit, cancellationToken);
        return [.. workers.Select(w => w.Heaps)];

        void Visit(Worker worker, ReadOnlySpan<float> rows, int first, int rowCount)
        {
            Gemm.Multiply(false, true, rowCount, count, dimension, 1, rows, dimension, right, dimension, 0, worker.Products, count);
            for (var v = 0; v < count; v++) worker.Limits[v] = limits.Of(worker.Heaps, v);
            for (var r = 0; r < rowCount; r++)
            {
                var row = rows.Slice(r * dimension, dimension);
                var found = limits.Bound.Within(DotProduct.SquaredNorm(row), worker.Products.AsSpan(r * count, count), worker.Limits, worker.Found);
                foreach (var v in worker.Found.AsSpan(0, found))
                {
                    worker.Heaps.Offer(v, first + r, SquaredDistance.Of(row, right.AsSpan(v * dimension, dimension)));
                    worker.Limits[v] = limits.Of(worker.Heaps, v);
                }
            }

            limits.Share(worker.Heaps);
        }
    }

    private sealed class Worker(NeighbourHeaps heaps, int count)
    {
        public NeighbourHeaps Heaps { get; } = heaps;

        public float[] Products { get; } = new float[EmbeddingRows.TileRows * count];

        public float[] Limits { get; } = new float[count];

        public int[] Found { get; } = new int[count];
    }
}
