using Pursuit.Numerics;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.Neighbours;

/// <summary>
/// All pool rows within a radius of each of many pool rows, exactly: one pass over the pool for all of them. Groups of queries
/// rule out rows; products in a subspace, chosen by what it saves, rule out almost every pair of the rest; what remains is
/// measured by differences in double precision.
/// </summary>
internal sealed class RadiusSearch
{
    /// <summary>Numbers of all queries of one pass: 64 MB.</summary>
    private const int PassNumbers = 1 << 24;

    private const int SampleQueries = 256, SampleRows = 2048;

    private static readonly int[] Sizes = [0, 4, 8, 16, 24, 32, 48, 64, 96, 128];

    private readonly EmbeddingRows _pool;
    private readonly int _threads;
    private Subspace? _subspace;

    /// <summary>Searches a pool.</summary>
    /// <param name="pool">The rows.</param>
    /// <param name="threads">At most this many.</param>
    public RadiusSearch(EmbeddingRows pool, int threads)
    {
        _pool = pool;
        _threads = threads;
    }

    /// <summary>Passes over the pool so far.</summary>
    public int Passes { get; private set; }

    /// <summary>Pairs that groups could not rule out.</summary>
    public long PairsMultiplied { get; private set; }

    /// <summary>Pairs that products could not rule out.</summary>
    public long PairsMeasured { get; private set; }

    /// <summary>Directions of the subspace in use; 0 before the first search.</summary>
    public int SubspaceSize => _subspace?.Size ?? 0;

    /// <summary>Visits every pair of a query and a row within the query's radius, each once, in no order.</summary>
    /// <param name="queries">Pool rows.</param>
    /// <param name="squaredRadius">Gives the squared radius from a query's place and its squared norm, both in the pool's own units.</param>
    /// <param name="open">Makes a worker's state.</param>
    /// <param name="visit">Told state, place of the query in <paramref name="queries"/>, row and squared distance.</param>
    /// <param name="close">Given each worker's state at the end of a pass.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    public void Search<TState>(int[] queries, Func<int, double, double> squaredRadius, Func<TState> open, Action<TState, int, int, double> visit, Action<TState> close, CancellationToken cancellationToken)
    {
        var most = Math.Max(1, PassNumbers / _pool.Dimension);
        for (var first = 0; first < queries.Length; first += most)
        {
            var offset = first;
            var part = new RadiusQueries(_pool, queries.AsSpan(first, Math.Min(most, queries.Length - first)), (q, norm) => squaredRadius(offset + q, norm));
            // What was best for other queries may rule out nothing here.
            _subspace = Choose(part);
            part.Reduce(_subspace);
            var groups = new QueryGroups(part, _pool.Dimension);
            foreach (var worker in Pass(part, groups, offset, open, visit, cancellationToken))
            {
                PairsMultiplied += worker.Multiplied;
                PairsMeasured += worker.Measured;
                close(worker.State);
            }

            Passes++;
        }
    }

    private IReadOnlyList<Worker<TState>> Pass<TState>(RadiusQueries queries, QueryGroups groups, int offset, Func<TState> open, Action<TState, int, int, double> visit, CancellationToken cancellationToken)
    {
        var subspace = _subspace!;
        var bound = subspace.Bound;
        var (dimension, width, squaredFactor) = (_pool.Dimension, subspace.Width, _pool.Factor * _pool.Factor);
        return _pool.ForEachTile(_threads, () => new Worker<TState>(open(), width, groups.Count), Visit, cancellationToken);

        void Visit(Worker<TState> worker, ReadOnlySpan<float> rows, int first, int count)
        {
            for (var r = 0; r < count; r++) worker.Norms[r] = DotProduct.SquaredNorm(rows.Slice(r * dimension, dimension));
            subspace.Reduce(rows, count, worker.Norms, worker.Reduced);
            groups.Project(rows, count, worker.Along);
            foreach (var chunk in groups.Chunks)
            {
                // Most chunks concern few rows: those are put together, so that products are formed for them alone.
                var kept = groups.Near(chunk, worker.Along, worker.Norms.AsSpan(0, count), worker.Rows);
                worker.Multiplied += (long)kept * chunk.Count;
                for (var k = 0; k < kept; k++) worker.Reduced.AsSpan(worker.Rows[k] * width, width).CopyTo(worker.Kept.AsSpan(k * width));
                Gemm.Multiply(false, true, kept, chunk.Count, width, 1, worker.Kept, width, groups.Reduced.AsSpan(chunk.First * width), width, 0, worker.Products, chunk.Count);
                for (var k = 0; k < kept; k++)
                {
                    var r = worker.Rows[k];
                    var found = bound.Within(worker.Norms[r], worker.Products.AsSpan(k * chunk.Count, chunk.Count), groups.Limits.AsSpan(chunk.First, chunk.Count), worker.Found);
                    worker.Measured += found;
                    for (var f = 0; f < found; f++)
                    {
                        var query = groups.Order[chunk.First + worker.Found[f]];
                        var squared = SquaredDistance.Of(rows.Slice(r * dimension, dimension), queries.Row(query));
                        if (squared <= queries.SquaredRadii[query]) visit(worker.State, offset + query, first + r, squared / squaredFactor);
                    }
                }
            }
        }
    }

    /// <summary>The subspace that costs least on a sample; which one it is changes no result.</summary>
    private Subspace Choose(RadiusQueries queries)
    {
        var dimension = _pool.Dimension;
        var rowCount = Math.Min(SampleRows, _pool.Count);
        var rows = Sample(Spread(rowCount, _pool.Count));
        var queryCount = Math.Min(SampleRows, queries.Count);
        var queryRows = new float[queryCount * dimension];
        foreach (var (i, q) in Spread(queryCount, queries.Count).Index()) queries.Row(q).CopyTo(queryRows.AsSpan(i * dimension));
        var whole = Subspace.Of(queryRows, queryCount, dimension, Math.Min(Sizes[^1], dimension));

        var tested = Spread(Math.Min(SampleQueries, queries.Count), queries.Count);
        return Sizes.Where(size => size <= whole.Size).Select(whole.First).MinBy(Cost)!;

        float[] Sample(int[] positions)
        {
            var sample = new float[positions.Length * dimension];
            _pool.Gather(positions, sample);
            return sample;
        }

        // Relative times of a number multiplied in a block, of a pair's test and of a pair's exact distance, as measured; of pairs, groups
        // rule out half or more before products do.
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
            Gemm.Multiply(false, true, rowCount, few.Count, subspace.Width, 1, reduced, subspace.Width, few.Reduced, subspace.Width, 0, products, few.Count);
            var found = new int[few.Count];
            long pairs = 0;
            for (var r = 0; r < rowCount; r++) pairs += bound.Within(norms[r], products.AsSpan(r * few.Count, few.Count), few.Limits, found);
            var share = (double)pairs / ((long)rowCount * few.Count);
            return 0.4 * (subspace.Width + 16) + share * (20 * dimension + 500) + (double)subspace.Size * dimension / queries.Count;
        }
    }

    private static int[] Spread(int count, int of) => [.. Enumerable.Range(0, count).Select(i => (int)((long)i * of / count))];

    private sealed class Worker<TState>(TState state, int width, int groups)
    {
        public TState State { get; } = state;

        public long Multiplied { get; set; }

        public long Measured { get; set; }

        public float[] Norms { get; } = new float[EmbeddingRows.TileRows];

        public float[] Reduced { get; } = new float[EmbeddingRows.TileRows * width];

        public float[] Along { get; } = new float[EmbeddingRows.TileRows * groups];

        public int[] Rows { get; } = new int[EmbeddingRows.TileRows];

        public float[] Kept { get; } = new float[EmbeddingRows.TileRows * width];

        public float[] Products { get; } = new float[EmbeddingRows.TileRows * QueryGroups.ChunkQueries];

        public int[] Found { get; } = new int[QueryGroups.ChunkQueries];
    }
}
