using Pursuit.Selection.Features;

namespace Pursuit.Selection.Passes;

/// <summary>
/// Rows as points of Euclidean space, [Count, Dimension] in single precision: an embedding's one matrix, or a gradient
/// trajectory's checkpoints side by side, each times sqrt(etabar_t), so that ||x - y||^2 = sum_t etabar_t ||x(t) - y(t)||^2.
/// </summary>
internal sealed class EmbeddingRows
{
    /// <summary>Rows read at once: products with a few hundred right-hand sides stay in the caches.</summary>
    public const int TileRows = 1024;

    // Norms outside this range would leave single precision when squared and multiplied.
    private const double LargestNorm = 1e15, SmallestNorm = 1e-12;

    private readonly IDenseFeatures _features;
    private readonly float[][]? _multipliers;

    private EmbeddingRows(IDenseFeatures features, bool unit, double factor, RowRange own, ITeam team)
    {
        _features = features;
        Own = own;
        Team = team;
        Factor = factor;
        Dimension = checked(features.Checkpoints * features.Dimension);
        _multipliers = Multipliers(features, unit, factor);
    }

    /// <summary>What messages call these rows.</summary>
    public string Name => _features.Name;

    /// <summary>Rows.</summary>
    public int Count => _features.Rows;

    /// <summary>The rows this process runs over; all of them where it works alone.</summary>
    public RowRange Own { get; }

    /// <summary>The processes that share the rows' passes; this one alone where it is one that rank 0 asks.</summary>
    public ITeam Team { get; }

    /// <summary>Numbers per row.</summary>
    public int Dimension { get; }

    /// <summary>
    /// A power of two that every row was multiplied by to keep squares in range; 1 as a rule. Distances here are that many times the true
    /// ones.
    /// </summary>
    public double Factor { get; }

    /// <summary>Bytes one pass reads.</summary>
    public long PassBytes => (long)Count * Dimension * _features.BytesPerElement;

    /// <summary>A pool and a target in one space.</summary>
    /// <param name="pool">The pool's features.</param>
    /// <param name="target">The target's; null where there is none.</param>
    /// <param name="unit">Divide each row by its norm; a row of zeros stays one.</param>
    /// <exception cref="PursuitException">Their shapes differ.</exception>
    public static (EmbeddingRows Pool, EmbeddingRows? Target) Open(IDenseFeatures pool, IDenseFeatures? target, bool unit)
    {
        if (target is not null && (target.Dimension != pool.Dimension || target.Checkpoints != pool.Checkpoints))
            throw PursuitException.At(
                target.Name,
                $"embeddings of {Shape(target)} numbers",
                $"{Shape(pool)}, as {pool.Name} has",
                "Compute both with the same model, layer and projection.");
        var factor = unit ? 1 : FactorFor(Math.Max(LargestOf(pool), target is null ? 0 : LargestOf(target)));
        var team = (pool as ISharedFeatures)?.Team ?? TeamOfOne.Instance;
        team.Tell(RequestCodes.OpenEmbeddings, w =>
        {
            w.Write(unit);
            w.Write(factor);
        });
        return (
            new EmbeddingRows(pool, unit, factor, RowRange.Share(pool, 0, team.Count), team),
            target is null ? null : new EmbeddingRows(target, unit, factor, RowRange.All(target), TeamOfOne.Instance));
    }

    /// <summary>All of a pool's rows, read by this process alone.</summary>
    /// <param name="pool">The pool's features.</param>
    /// <param name="unit">Divide each row by its norm; a row of zeros stays one.</param>
    public static EmbeddingRows OpenHere(IDenseFeatures pool, bool unit) =>
        Part(pool, unit, unit ? 1 : FactorFor(LargestOf(pool)), RowRange.All(pool));

    /// <summary>One process's part of a pool's rows, made as rank 0 makes them.</summary>
    public static EmbeddingRows Part(IDenseFeatures pool, bool unit, double factor, RowRange own) =>
        new(pool, unit, factor, own, TeamOfOne.Instance);

    /// <summary>Has every process of the team make a number for each of its rows.</summary>
    /// <param name="request">What is asked; the answer is [own rows] doubles.</param>
    /// <param name="write">What goes out.</param>
    /// <param name="here">This process's numbers, [own rows].</param>
    /// <param name="isPass">True where it is a pass over the rows.</param>
    /// <returns>[Count].</returns>
    public double[] AskEach(byte request, Action<BinaryWriter> write, Func<double[]> here, bool isPass)
    {
        if (Team.Count == 1) return here();
        var all = new double[Count];
        var own = Team.Ask(
            request,
            write,
            here,
            (rank, reader) => reader.ReadArray<double>().CopyTo(all, RowRange.Share(_features, rank, Team.Count).First),
            isPass);
        own.CopyTo(all, 0);
        return all;
    }

    /// <summary>Runs over this process's rows in tiles, shards in parallel; each worker has a state of its own.</summary>
    /// <param name="threads">At most this many at once; results must not depend on it.</param>
    /// <param name="open">Makes a worker's state.</param>
    /// <param name="visit">Sees each tile once.</param>
    /// <param name="cancellationToken">Stops between tiles.</param>
    /// <param name="wants">Told first row and count: false passes over a tile unread, with no rows.</param>
    /// <returns>The workers' states.</returns>
    public IReadOnlyList<TState> ForEachTile<TState>(
        int threads,
        Func<TState> open,
        EmbeddingTileVisitor<TState> visit,
        CancellationToken cancellationToken,
        Func<int, int, bool>? wants = null)
    {
        var shardRows = _features.ShardRows;
        var firstShard = Own.First / shardRows;
        var shards = (int)(((long)Own.End + shardRows - 1) / shardRows);
        var workers = Math.Clamp(threads, 1, Math.Max(1, shards - firstShard));
        var states = new TState[workers];
        var next = firstShard - 1;
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellationToken }, worker =>
        {
            var state = states[worker] = open();
            var reader = new Reader(this, Math.Min(TileRows, shardRows));
            for (int shard; (shard = Interlocked.Increment(ref next)) < shards;)
            {
                var end = (int)Math.Min(Own.End, (shard + 1L) * shardRows);
                for (var first = shard * shardRows; first < end; first += TileRows)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var count = Math.Min(TileRows, end - first);
                    visit(state, wants?.Invoke(first, count) == false ? [] : reader.Read(first, count), first, count);
                }
            }
        });
        return states;
    }

    /// <summary>Copies some rows, [rows, Dimension].</summary>
    public void Gather(ReadOnlySpan<int> rows, Span<float> destination)
    {
        var reader = new Reader(this, 1);
        for (var i = 0; i < rows.Length; i++)
            reader.Read(rows[i], 1).CopyTo(destination.Slice(i * Dimension, Dimension));
    }

    /// <summary>All rows in one piece, [Count, Dimension]: for targets.</summary>
    public float[] ToArray()
    {
        var all = new float[checked(Count * Dimension)];
        Gather([.. Enumerable.Range(0, Count)], all);
        return all;
    }

    private static string Shape(IDenseFeatures features) =>
        features.Checkpoints == 1 ? $"{features.Dimension:N0}" : $"{features.Checkpoints:N0} x {features.Dimension:N0}";

    private static double LargestOf(IDenseFeatures features) => NormFloors.WholeRows(features).Append(0).Max();

    private static double FactorFor(double largest) =>
        largest is 0 or (>= SmallestNorm and <= LargestNorm) ? 1 : Math.ScaleB(1, -Math.ILogB(largest));

    /// <summary>What stored numbers are multiplied by, [checkpoints][rows]; null where that is 1 everywhere.</summary>
    private static float[][]? Multipliers(IDenseFeatures features, bool unit, double factor)
    {
        if (!unit && factor == 1 && features.Checkpoints == 1 && features.Scales(0).IsEmpty) return null;
        var norms = unit ? NormFloors.WholeRows(features) : [];
        var multipliers = new float[features.Checkpoints][];
        for (var checkpoint = 0; checkpoint < multipliers.Length; checkpoint++)
        {
            var scales = features.Scales(checkpoint);
            var share = factor * Math.Sqrt(features.Etabar[checkpoint]);
            multipliers[checkpoint] = new float[features.Rows];
            for (var i = 0; i < features.Rows; i++)
            {
                var scale = share * (scales.IsEmpty ? 1 : scales[i]);
                multipliers[checkpoint][i] = (float)(!unit ? scale : norms[i] > 0 ? scale / norms[i] : 0);
            }
        }

        return multipliers;
    }

    /// <summary>One worker's room for a tile.</summary>
    private sealed class Reader
    {
        private readonly EmbeddingRows _rows;
        private readonly float[] _tile;
        private readonly float[] _stored;

        public Reader(EmbeddingRows rows, int tileRows)
        {
            _rows = rows;
            _tile = new float[tileRows * rows.Dimension];
            _stored = rows._multipliers is null ? _tile : new float[tileRows * rows._features.Dimension];
        }

        public ReadOnlySpan<float> Read(int first, int count)
        {
            var features = _rows._features;
            var (dimension, width) = (_rows.Dimension, features.Dimension);
            for (var checkpoint = 0; checkpoint < features.Checkpoints; checkpoint++)
            {
                var tile = features.Read(checkpoint, first, count, _stored);
                if (_rows._multipliers is not { } multipliers)
                {
                    if (tile.Element == FeatureElement.F32) return tile.Floats;
                    tile.CopyTo(0, _tile.AsSpan(0, count * dimension));
                    return _tile.AsSpan(0, count * dimension);
                }

                for (var r = 0; r < count; r++)
                {
                    var row = _tile.AsSpan(r * dimension + checkpoint * width, width);
                    FeatureRows.CopyRow(tile, r, row);
                    System.Numerics.Tensors.TensorPrimitives.Multiply(row, multipliers[checkpoint][first + r], row);
                }
            }

            return _tile.AsSpan(0, count * dimension);
        }
    }
}

/// <summary>Sees some consecutive rows, [count, dimension].</summary>
internal delegate void EmbeddingTileVisitor<in TState>(TState state, ReadOnlySpan<float> rows, int first, int count);
