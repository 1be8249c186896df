using Pursuit.Numerics;

namespace Pursuit.Selection.Features;

/// <summary>What every implementation of <see cref="IDenseFeatures"/> shares: tiles, norms, checks.</summary>
internal static class FeatureRows
{
    /// <summary>Rows per shard where nothing else is said; the house's fixed span of canonical order.</summary>
    public const int DefaultShardRows = 1024;

    /// <summary>
    /// Rows a scan reads at once: a mebibyte of them, so that a call for each is nothing and rows that are converted stay near the
    /// second-level cache.
    /// </summary>
    internal static int TileRows(IDenseFeatures features) =>
        Math.Min(Math.Clamp((1 << 20) / (features.BytesPerElement * features.Dimension), 32, 1024), features.ShardRows);

    /// <summary>Runs over all rows in tiles, shards in parallel.</summary>
    internal static void ForEachTile<TState>(
        IDenseFeatures features,
        int threads,
        Func<TState> openShard,
        TileVisitor<TState> visit,
        Action<TState> closeShard,
        CancellationToken cancellationToken) =>
        ForEachTile(features, RowRange.All(features), threads, openShard, visit, closeShard, cancellationToken);

    /// <summary>Runs over some rows in tiles, shards in parallel.</summary>
    /// <param name="features">What is read.</param>
    /// <param name="range">The rows, whole shards.</param>
    /// <param name="threads">At most this many at once; results must not depend on it.</param>
    /// <param name="openShard">Makes a thread's own state.</param>
    /// <param name="visit">
    /// Called for each tile of each checkpoint in order within a shard: state, scratch, checkpoint, first row, rows.
    /// </param>
    /// <param name="closeShard">Called with each thread's state at its end, one at a time.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    internal static void ForEachTile<TState>(
        IDenseFeatures features,
        RowRange range,
        int threads,
        Func<TState> openShard,
        TileVisitor<TState> visit,
        Action<TState> closeShard,
        CancellationToken cancellationToken)
    {
        var gate = new Lock();
        var tileRows = TileRows(features);
        var next = range.First / features.ShardRows - 1;
        var end = (int)(((long)range.End + features.ShardRows - 1) / features.ShardRows);
        var ahead = ShardsAhead(features, threads);
        for (var shard = next + 1; shard < Math.Min(end, next + 1 + ahead); shard++) Prefetch(shard);
        var workers = Math.Min(Math.Max(1, threads), end - next - 1);
        // Shards are taken one by one in order: threads read side by side, and what comes next is known.
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, workers), CancellationToken = cancellationToken };
        Parallel.For(0, workers, parallel, _ =>
        {
            var state = openShard();
            var scratch = new float[tileRows * features.Dimension];
            for (var shard = Interlocked.Increment(ref next); shard < end; shard = Interlocked.Increment(ref next))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (shard + ahead < end) Prefetch(shard + ahead);
                var rowEnd = (int)Math.Min(range.End, (shard + 1L) * features.ShardRows);
                for (var checkpoint = 0; checkpoint < features.Checkpoints; checkpoint++)
                {
                    for (var first = shard * features.ShardRows; first < rowEnd; first += tileRows)
                    {
                        var rows = Math.Min(tileRows, rowEnd - first);
                        visit(state, features.Read(checkpoint, first, rows, scratch), checkpoint, first, rows);
                    }
                }
            }

            lock (gate) closeShard(state);
        });

        void Prefetch(int shard)
        {
            var first = shard * features.ShardRows;
            for (var checkpoint = 0; checkpoint < features.Checkpoints; checkpoint++)
                features.Prefetch(checkpoint, first, (int)Math.Min(range.End, (shard + 1L) * features.ShardRows) - first);
        }
    }

    /// <summary>
    /// Shards to fetch before they are read: enough bytes that a disk has always several requests before it, and little memory.
    /// </summary>
    private static int ShardsAhead(IDenseFeatures features, int threads)
    {
        const long Ahead = 64 << 20;
        var shard = (long)features.ShardRows * features.Dimension * features.Checkpoints * features.BytesPerElement;
        return Math.Max(1, threads) + (int)Math.Clamp(Ahead / Math.Max(1, shard), 1, 64);
    }

    /// <summary>Copies one row of a tile in single precision.</summary>
    internal static void CopyRow(FeatureTile tile, int row, Span<float> destination) => tile.CopyTo(row * destination.Length, destination);

    /// <summary>The checkpoints' weights, checked and scaled to sum 1; equal where none are given.</summary>
    internal static double[] Etabar(string name, IReadOnlyList<double>? given, int checkpoints)
    {
        if (given is null) return [.. Enumerable.Repeat(1.0 / checkpoints, checkpoints)];
        var sum = given.Sum();
        if (given.Count != checkpoints || given.Any(e => !(e >= 0)) || !(sum > 0) || !double.IsFinite(sum))
            throw PursuitException.At(
                $"{name}: etabar", $"[{string.Join(", ", given)}]", $"{checkpoints} weights of at least 0, one per checkpoint, not all 0");
        return [.. given.Select(e => e / sum)];
    }

    /// <summary>The norm of every row of every checkpoint, [checkpoints][rows].</summary>
    /// <exception cref="PursuitException">A row holds NaN or infinity; the first few are named.</exception>
    internal static float[][] Norms(IDenseFeatures features, CancellationToken cancellationToken)
    {
        var norms = new float[features.Checkpoints][];
        for (var checkpoint = 0; checkpoint < norms.Length; checkpoint++) norms[checkpoint] = new float[features.Rows];
        ForEachTile(
            features,
            Environment.ProcessorCount,
            () => new float[features.Dimension],
            (row, tile, checkpoint, first, rows) =>
            {
                for (var r = 0; r < rows; r++)
                {
                    CopyRow(tile, r, row);
                    norms[checkpoint][first + r] = (float)Norm(row);
                }
            },
            _ => { },
            cancellationToken);
        RefuseNonFinite(features.Name, norms);
        return norms;
    }

    /// <summary>Refuses norms that are not finite, naming rows.</summary>
    internal static void RefuseNonFinite(string name, IReadOnlyList<float[]> norms)
    {
        for (var checkpoint = 0; checkpoint < norms.Count; checkpoint++)
        {
            var bad = norms[checkpoint].Index().Where(x => !float.IsFinite(x.Item)).Select(x => x.Index).ToArray();
            if (bad.Length > 0) throw NonFinite(name, checkpoint, bad);
        }
    }

    /// <summary>The refusal of rows with NaN or infinity.</summary>
    internal static PursuitException NonFinite(string name, int? checkpoint, IReadOnlyList<int> rows)
    {
        var named = string.Join(", ", rows.Order().Take(10));
        return PursuitException.At(
            name,
            $"{(rows.Count == 1 ? "1 row holds" : $"{rows.Count:N0} rows hold")} NaN or infinity"
                + $"{(checkpoint is { } t ? $" at checkpoint {t}" : "")}: {(rows.Count == 1 ? "row" : "rows")} "
                + $"{named}{(rows.Count > 10 ? ", ..." : "")} (counted from 0)",
            "finite numbers",
            "Compute those rows again, or drop those examples from the pool and the features.");
    }

    /// <summary>
    /// The Euclidean norm; squares of singles run over or under where the norm itself does not, so those are summed again in double.
    /// </summary>
    private static double Norm(ReadOnlySpan<float> row)
    {
        var square = (double)DotProduct.SquaredNorm(row);
        if (square is > 1e-28 and < 1e37) return Math.Sqrt(square);
        square = 0;
        foreach (var value in row) square += (double)value * value;
        return Math.Sqrt(square);
    }
}

/// <summary>Sees one tile of a pass.</summary>
internal delegate void TileVisitor<in TState>(TState state, FeatureTile tile, int checkpoint, int firstRow, int rows);
