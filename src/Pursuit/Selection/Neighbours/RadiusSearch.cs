using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// All pool rows within a radius of each of many pool rows, exactly: one pass over the pool for all of them. Clusters of queries
/// rule out rows; products in a subspace, chosen by what it saves, rule out almost every pair of the rest; what remains is
/// measured by differences in double precision.
/// </summary>
internal sealed class RadiusSearch
{
    /// <summary>Numbers of all queries of one pass: 64 MB.</summary>
    private const int PassNumbers = 1 << 24;

    private const int SampleQueries = 256, SampleRows = 2048;


    // Cells pay where queries and rows are many; how many there are changes the time and no result.
    private const int LeastQueriesForCells = 2048, LeastRowsForCells = 4096, QueriesPerCell = 64;
    private const int MostCells = 1024, RowsPerCell = 32, CellIterations = 8;

    private static readonly int[] Sizes = [0, 4, 8, 16, 24, 32, 48, 64, 96, 128];

    private readonly EmbeddingRows _pool;
    private readonly int _threads;
    private Subspace? _subspace;
    private RowCells? _cells;

    /// <summary>Searches a pool.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="threads">At most this many.</param>
    public RadiusSearch(EmbeddingRows pool, int threads)
    {
        _pool = pool;
        _threads = threads;
    }

    /// <summary>The rows.</summary>
    public EmbeddingRows Pool => _pool;

    /// <summary>Pairs that clusters could not rule out.</summary>
    public long PairsMultiplied { get; private set; }

    /// <summary>Pairs that products could not rule out.</summary>
    public long PairsMeasured { get; private set; }

    /// <summary>Directions of the subspace in use; 0 before the first search.</summary>
    public int SubspaceSize => _subspace?.Size ?? 0;

    /// <summary>Queries of one pass at most.</summary>
    public static int MostQueries(int dimension) => Math.Max(1, PassNumbers / dimension);

    /// <summary>Visits every pair of a query and a row within the query's radius, each once, in no order, in one pass.</summary>
    /// <param name="queries">[Q, dimension], in the pool's space; at most <see cref="MostQueries"/>.</param>
    /// <param name="squaredRadius">
    /// Gives the squared radius from a query's place and its squared norm, both in the pool's own units.
    /// </param>
    /// <param name="open">Makes a worker's state.</param>
    /// <param name="visit">Told state, place of the query, row and squared distance.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    /// <returns>The workers' states.</returns>
    public IReadOnlyList<TState> Search<TState>(
        float[] queries,
        Func<int, double, double> squaredRadius,
        Func<TState> open,
        Action<TState, int, int, double> visit,
        CancellationToken cancellationToken)
    {
        if (_pool.Own.Count == 0) return [open()]; // more processes than shards
        var asked = new RadiusQueries(_pool, queries, squaredRadius);
        if (asked.Count >= LeastQueriesForCells && _pool.Own.Count >= LeastRowsForCells && _cells is null)
            _cells = Cells(asked.Count, cancellationToken);
        // What was best for other queries may rule out nothing here.
        _subspace = Choose(asked);
        asked.Reduce(_subspace);
        var workers = Pass(asked, new QueryClusters(asked, _pool.Dimension), open, visit, cancellationToken);
        foreach (var worker in workers)
        {
            PairsMultiplied += worker.Products.Multiplied;
            PairsMeasured += worker.Products.Measured;
        }

        return [.. workers.Select(w => w.State)];
    }

    private IReadOnlyList<Worker<TState>> Pass<TState>(
        RadiusQueries queries,
        QueryClusters clusters,
        Func<TState> open,
        Action<TState, int, int, double> visit,
        CancellationToken cancellationToken)
    {
        var subspace = _subspace!;
        var (dimension, width, squaredFactor) = (_pool.Dimension, subspace.Width, _pool.Factor * _pool.Factor);
        var cells = _cells is null ? null : new CellBounds(_cells, clusters, queries, _threads, cancellationToken);
        var workers = _pool.ForEachTile(_threads, Open, Visit, cancellationToken);
        Parallel.ForEach(
            workers,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, _threads), CancellationToken = cancellationToken },
            worker => worker.Products.Finish());
        return workers;

        Worker<TState> Open()
        {
            var state = open();
            return new Worker<TState>(state, width, clusters.Count, new ChunkProducts(clusters, subspace, dimension, Measured));

            void Measured(int place, int position, double squared)
            {
                var query = clusters.Order[place];
                if (squared <= queries.SquaredRadii[query]) visit(state, query, position, squared / squaredFactor);
            }
        }

        void Visit(Worker<TState> worker, ReadOnlySpan<float> rows, int first, int count)
        {
            var norms = worker.Norms.AsSpan(0, count);
            for (var r = 0; r < count; r++) norms[r] = DotProduct.SquaredNorm(rows.Slice(r * dimension, dimension));
            subspace.Reduce(rows, count, norms, worker.Reduced);
            clusters.Project(rows, count, worker.Along);
            cells?.Project(rows, first, count, worker.Own);
            foreach (var (index, chunk) in clusters.Chunks.Index())
            {
                var kept = clusters.Near(chunk, worker.Along, norms, worker.Rows);
                if (cells is not null)
                {
                    var tile = new TilePoints(first, worker.Along.AsSpan(chunk.Cluster * count, count), worker.Own, norms);
                    kept = cells.Near(index, chunk.SquaredRadius, tile, worker.Rows.AsSpan(0, kept), worker.Bounds);
                }

                foreach (var r in worker.Rows.AsSpan(0, kept))
                    worker.Products.Add(
                        index, first + r, rows.Slice(r * dimension, dimension), worker.Reduced.AsSpan(r * width, width), norms[r]);
            }
        }
    }

    /// <summary>The subspace that costs least on a sample; which one it is changes no result.</summary>
    private Subspace Choose(RadiusQueries queries)
    {
        var dimension = _pool.Dimension;
        var rowCount = Math.Min(SampleRows, _pool.Own.Count);
        var rows = Sample(OwnSpread(rowCount));
        var queryCount = Math.Min(SampleRows, queries.Count);
        var queryRows = new float[queryCount * dimension];
        foreach (var (i, q) in Spread(queryCount, queries.Count).Index()) queries.Row(q).CopyTo(queryRows.AsSpan(i * dimension));
        var whole = Subspace.Find(queryRows, queryCount, dimension, Math.Min(Sizes[^1], dimension));

        var tested = Spread(Math.Min(SampleQueries, queries.Count), queries.Count);
        return Sizes.Where(size => size <= whole.Size).Select(whole.First).MinBy(Cost)!;

        float[] Sample(int[] positions)
        {
            var sample = new float[positions.Length * dimension];
            _pool.Gather(positions, sample);
            return sample;
        }

        // Relative times of a number multiplied in a block, of a pair's test and of a pair's exact distance, as measured; of pairs,
        // clusters rule out half or more before products do.
        double Cost(Subspace subspace)
        {
            var bound = subspace.Bound;
            var norms = new float[rowCount];
            for (var r = 0; r < rowCount; r++) norms[r] = DotProduct.SquaredNorm(rows.AsSpan(r * dimension, dimension));
            var reduced = new float[rowCount * subspace.Width];
            subspace.Reduce(rows, rowCount, norms, reduced);
            var few = queries.Only(tested);
            few.Reduce(subspace);
            var products = new float[rowCount * few.Count];
            Gemm.Multiply(
                false, true, rowCount, few.Count, subspace.Width, 1, reduced, subspace.Width, few.Reduced, subspace.Width, 0, products,
                few.Count);
            var found = new int[few.Count];
            long pairs = 0;
            for (var r = 0; r < rowCount; r++)
                pairs += bound.Within(norms[r], products.AsSpan(r * few.Count, few.Count), few.Limits, found);
            var share = (double)pairs / ((long)rowCount * few.Count);
            return 0.4 * (subspace.Width + 16) + share * (dimension + 100) + (double)subspace.Size * dimension / queries.Count;
        }
    }

    /// <summary>Cells for the bounds, which decide no result: as many as searching for the queries is worth.</summary>
    private RowCells Cells(int queries, CancellationToken cancellationToken)
    {
        var count = Math.Clamp(queries / QueriesPerCell, 1, Math.Min(MostCells, Math.Max(1, _pool.Own.Count / RowsPerCell)));
        return RowCells.Assign(
            _pool,
            OwnSpread(Math.Min(_pool.Own.Count, count * RowsPerCell)),
            count,
            new SeededRandom(0, "radius-search/cells"),
            CellIterations,
            _threads,
            cancellationToken);
    }

    private int[] OwnSpread(int count) => Array.ConvertAll(Spread(count, _pool.Own.Count), i => _pool.Own.First + i);

    private static int[] Spread(int count, int of) => [.. Enumerable.Range(0, count).Select(i => (int)((long)i * of / count))];

    private sealed class Worker<TState>(TState state, int width, int clusters, ChunkProducts products)
    {
        public TState State { get; } = state;

        public ChunkProducts Products { get; } = products;

        public float[] Norms { get; } = new float[EmbeddingRows.TileRows];

        public float[] Reduced { get; } = new float[EmbeddingRows.TileRows * width];

        public float[] Along { get; } = new float[EmbeddingRows.TileRows * clusters];

        public float[] Own { get; } = new float[EmbeddingRows.TileRows];

        public CellBound[] Bounds { get; } = new CellBound[EmbeddingRows.TileRows];

        public int[] Rows { get; } = new int[EmbeddingRows.TileRows];
    }
}
