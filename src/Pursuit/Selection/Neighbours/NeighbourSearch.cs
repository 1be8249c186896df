using Pursuit.Numerics;
using Pursuit.Selection.Passes;

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

    /// <summary>Each query's nearest rows, nearest first.</summary>
    /// <param name="nearest">What is looked for; K from 1 to the pool's rows.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public static NeighbourLists Nearest(NearestRows nearest, CancellationToken cancellationToken)
    {
        var count = nearest.Queries.Length / nearest.Pool.Dimension;
        var lists = new NeighbourLists(new int[count][], new double[count][]);
        Lengthen(lists, nearest, null, [.. Enumerable.Range(0, count)], cancellationToken);
        return lists;
    }

    /// <summary>Searches anew for some of the queries.</summary>
    /// <param name="lists">Where those queries' lists are replaced.</param>
    /// <param name="nearest">All queries, and the new length; with an index, lists may come out shorter.</param>
    /// <param name="index">Where to search; null for everywhere.</param>
    /// <param name="some">Places of the queries to search for.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public static void Lengthen(
        NeighbourLists lists, NearestRows nearest, CellIndex? index, int[] some, CancellationToken cancellationToken)
    {
        var pool = nearest.Pool;
        foreach (var part in some.Chunk(QueriesAtOnce))
        {
            var right = new float[part.Length * pool.Dimension];
            foreach (var (i, query) in part.Index())
                nearest.Queries.AsSpan(query * pool.Dimension, pool.Dimension).CopyTo(right.AsSpan(i * pool.Dimension));
            var probed = index?.Probe(right, nearest.Threads, cancellationToken);
            var found = NeighbourRequests.AskNearest(nearest with { Queries = right }, probed, cancellationToken);
            foreach (var (i, query) in part.Index())
            {
                lists.Rows[query] = found.Rows[i];
                lists.Distances[query] = Array.ConvertAll(found.Distances[i], key => Math.Sqrt(key) / pool.Factor);
            }
        }
    }

    /// <summary>Passes over the pool that a search of so many queries takes.</summary>
    public static int Passes(int count) => (count + QueriesAtOnce - 1) / QueriesAtOnce;

    /// <summary>
    /// Each query's nearest rows among this process's, by squared distance in the rows' own units; lists end with those rows.
    /// </summary>
    /// <param name="nearest">What is looked for; at most as many queries as one pass takes.</param>
    /// <param name="probed">Where to search; null for everywhere.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public static NeighbourLists Here(NearestRows nearest, ProbedCells? probed, CancellationToken cancellationToken)
    {
        var here = nearest with { Length = Math.Clamp(nearest.Length, 1, Math.Max(1, nearest.Pool.Own.Count)) };
        var limits = new NeighbourLimits(here.Queries, here.Pool.Dimension);
        var heaps = probed is null ? Pass(here, limits, cancellationToken) : CellSearch.Pass(here, probed, limits, cancellationToken);
        return NeighbourHeaps.Merge(heaps, here.Threads);
    }

    private static IReadOnlyList<NeighbourHeaps> Pass(NearestRows nearest, NeighbourLimits limits, CancellationToken cancellationToken)
    {
        var (dimension, right) = (nearest.Pool.Dimension, nearest.Queries);
        var count = right.Length / dimension;
        var workers = nearest.Pool.ForEachTile(
            nearest.Threads, () => new Worker(
                new NeighbourHeaps(count, nearest.Length, nearest.ContentIds), count), Visit, cancellationToken);
        return [.. workers.Select(w => w.Heaps)];

        void Visit(Worker worker, ReadOnlySpan<float> rows, int first, int rowCount)
        {
            Gemm.Multiply(false, true, rowCount, count, dimension, 1, rows, dimension, right, dimension, 0, worker.Products, count);
            for (var v = 0; v < count; v++) worker.Limits[v] = limits.LimitOf(worker.Heaps, v);
            for (var r = 0; r < rowCount; r++)
            {
                var row = rows.Slice(r * dimension, dimension);
                var found = limits.Bound.Within(
                    DotProduct.SquaredNorm(row), worker.Products.AsSpan(r * count, count), worker.Limits, worker.Found);
                foreach (var v in worker.Found.AsSpan(0, found))
                {
                    worker.Heaps.Offer(v, first + r, SquaredDistance.Of(row, right.AsSpan(v * dimension, dimension)));
                    worker.Limits[v] = limits.LimitOf(worker.Heaps, v);
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
