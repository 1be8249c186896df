using System.Numerics.Tensors;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection.Features;
using Pursuit.Storage;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Features;

/// <summary>Makes a store of examples' gradient trajectories: each shard at every checkpoint while its examples are at hand.</summary>
internal sealed class GradientStoreMaker
{
    private const int CosineShards = 8;

    private readonly GradientProbe _probe;
    private readonly WarmedTrajectory _warmed;
    private readonly KroneckerStage? _kronecker;
    private readonly GradientSide _side;
    private readonly int _threads;
    private readonly StageShare _share;
    private readonly IProgress<WorkProgress>? _progress;

    /// <summary>
    /// A shard's rows at every checkpoint, the same arrays for every shard: large ones would stay until the collector's rarest round.
    /// </summary>
    private float[][] _rows = [];

    public GradientStoreMaker(
        GradientProbe probe,
        WarmedTrajectory warmed,
        KroneckerStage? kronecker,
        GradientSide side,
        int threads,
        StageShare share,
        IProgress<WorkProgress>? progress) =>
        (
            _probe,
            _warmed,
            _kronecker,
            _side,
            _threads,
            _share,
            _progress) = (probe, warmed, kronecker, side, threads, share, progress);

    private GradientFeatureOptions Options => _probe.Options;

    private Trajectory Trajectory => _warmed.Trajectory;

    private int Checkpoints => Trajectory.Checkpoints.Count;

    /// <summary>Makes the store, or reads what was made.</summary>
    public GradientReport? Run(RunStage stage, Pool pool, string what, string id, CancellationToken cancellationToken) =>
        ShardLoop.Run(
            _probe.Model, stage, pool, $"gradients of {what}", _threads, _share, _progress, loop => Make(loop, id, cancellationToken));

    /// <summary>Reads the losses that a finished stage kept beside its store.</summary>
    public static ExampleLosses Losses(RunStage stage, int rows, int checkpoints)
    {
        var shards = (rows + FeatureManifest.ShardRows - 1) / FeatureManifest.ShardRows;
        return new ExampleLosses(checkpoints, [.. Facts(stage).Read(shards).Values.SelectMany(own => own)]);
    }

    /// <summary>
    /// Per shard: tokens, examples without an answer, examples cut, those the template refuses, and losses [rows, checkpoints].
    /// </summary>
    private static ShardFacts Facts(RunStage stage) => new(stage, "facts", 4);

    private GradientReport? Make(ShardLoop loop, string id, CancellationToken cancellationToken)
    {
        using var model = LoadedModel.At(_probe, null);
        using var workers = new DecoderPool(
            model.Decoder, new DecoderPoolOptions { Threads = _threads, MicroBatchTokens = Options.MicroBatch });
        var extractors = Enumerable.Range(0, Checkpoints).Select(
            t => new GradientExtractor(model.Decoder, workers, Options, _warmed.PathOf(t), _side, _kronecker?.PathOf(t)))
            .ToArray();
        try
        {
            var manifest = loop.Manifest(
                "gradient-trajectory",
                [.. Trajectory.Checkpoints.Select(c => new FeatureBlock(c.Name, extractors[0].Dimension, c.MeanLearningRate))],
                id) with
            {
                Dtype = Options.Store == GradientStoreType.Int8 ? "I8" : "BF16",
                Normalization = "row",
                Preconditioning = Options.Preconditioning.ToString().ToLowerInvariant(),
                ProjectionSeed = Options.ProjectionSeed,
            };
            ShardFeatures Shard(ShardExamples shard) => MakeShard(shard, model, extractors, cancellationToken);
            if (loop.MakeShards(manifest, Facts(loop.Stage), Shard, cancellationToken) is not var (totals, losses)) return null;
            return Report(loop, manifest, totals, losses, [.. extractors.Select(e => e.EpsilonShare)]);
        }
        finally
        {
            foreach (var extractor in extractors) extractor.Dispose();
        }
    }

    private ShardFeatures MakeShard(
        ShardExamples shard, LoadedModel model, GradientExtractor[] extractors, CancellationToken cancellationToken)
    {
        var (examples, count, dimension) = (shard.Examples, shard.Examples.Length, extractors[0].Dimension);
        // no later shard has more
        if (_rows.Length == 0) _rows = [.. Enumerable.Range(0, Checkpoints).Select(_ => new float[count * dimension])];
        var blocks = new ReadOnlyMemory<float>[Checkpoints];
        var norms = new float[count * Checkpoints];
        var losses = new float[count * Checkpoints];
        for (var t = 0; t < Checkpoints; t++)
        {
            shard.Progress((double)t / Checkpoints);
            // Reading the weights once per shard costs a hundred-thousandth of the shard's own work, whatever the model's size.
            if (_warmed.PathOf(t) is { } path) model.Restore(path);
            var rows = _rows[t].AsMemory(0, count * dimension);
            var own = new double[count];
            extractors[t].Extract(examples, rows, own, cancellationToken);
            Normalize(rows.Span, dimension, t, norms, shard.Place);
            for (var i = 0; i < count; i++) losses[i * Checkpoints + t] = (float)own[i];
            blocks[t] = rows;
        }

        long Count(Func<EncodedExample, bool> condition) => examples.LongCount(condition);
        long[] facts =
        [
            examples.Sum(e => e.AllMasked ? 0 : (long)e.Ids.Length),
            Count(e => e.AllMasked),
            Count(e => !e.AllMasked && e.Truncation.IsCut),
            Count(e => e.IsRefused),
        ];
        return new ShardFeatures(blocks, norms, facts, losses);
    }

    private void Normalize(Span<float> rows, int dimension, int checkpoint, float[] norms, Func<int, string> place)
    {
        for (var i = 0; i < rows.Length / dimension; i++)
        {
            var row = rows.Slice(i * dimension, dimension);
            var norm = TensorPrimitives.Norm<float>(row);
            if (!float.IsFinite(norm))
                throw PursuitException.At(
                    place(i),
                    $"a gradient that isn't finite at checkpoint '{Trajectory.Checkpoints[checkpoint].Name}'",
                    "finite gradients",
                    $"Lower the warm-up's rate ({ApiName.Set} features.learning-rate=1e-4), or look at that record.");
            norms[i * Checkpoints + checkpoint] = norm;
            if (norm > 0) TensorPrimitives.Multiply(row, 1 / norm, row);
        }
    }

    private GradientReport Report(ShardLoop loop, FeatureManifest manifest, long[] totals, float[][] losses, double?[] epsilonShares)
    {
        var (tokens, without) = (totals[0], (int)totals[1]);
        var sums = new double[Checkpoints];
        foreach (var shard in losses)
            for (var i = 0; i < shard.Length; i++) sums[i % Checkpoints] += shard[i];
        using var store = FeatureStore.Open(loop.StorePath, verifyChecksums: false);
        var cosines = Cosines(store);
        return new GradientReport
        {
            Kind = Options.Kind.ToString().ToLowerInvariant(),
            Preconditioning = manifest.Preconditioning,
            Dimension = manifest.Blocks[0].Dim,
            Checkpoints =
            [
                .. Trajectory.Checkpoints.Select(
                    (c, t) =>
                        new CheckpointReport(
                            c.Name,
                            c.MeanLearningRate,
                            loop.Count > without ? sums[t] / (loop.Count - without) : null,
                            t == 0 ? null : cosines[t - 1],
                            epsilonShares[t])),
            ],
            LearningRate = Trajectory.LearningRate,
            WarmupRows = _side == GradientSide.Pool ? Trajectory.WarmupRows : [],
            WithoutAnswer = without,
            MaxLength = _probe.Model.Encoder.MaxLength,
            Cut = (int)totals[2],
            Refused = (int)totals[3],
            Tokens = tokens * Checkpoints + (_side == GradientSide.Pool ? Trajectory.Tokens + (_kronecker?.Cost.Tokens ?? 0) : 0),
            Seconds = loop.Seconds + (_side == GradientSide.Pool ? Trajectory.Seconds + (_kronecker?.Cost.Seconds ?? 0) : 0),
            Bytes = store.ByteLength,
        };
    }

    /// <summary>
    /// Mean cosine of the same example's features at neighbouring checkpoints, over a few shards spread through the store.
    /// </summary>
    private double[] Cosines(FeatureStore store)
    {
        var (shards, dimension) = (store.Manifest.ShardCount, store.Manifest.Blocks[0].Dim);
        var (sums, counts) = (new double[Checkpoints - 1], new long[Checkpoints - 1]);
        float[] a = new float[dimension], b = new float[dimension];
        for (var s = 0; s < Math.Min(CosineShards, shards); s++)
        {
            var shard = (int)((long)s * shards / Math.Min(CosineShards, shards));
            var norms = store.Norms(shard);
            for (var i = 0; i < store.Manifest.RowsIn(shard); i++)
                for (var t = 0; t + 1 < Checkpoints; t++)
                {
                    if (norms[i * Checkpoints + t] == 0 || norms[i * Checkpoints + t + 1] == 0) continue;
                    store.ReadRows(t, (long)shard * FeatureManifest.ShardRows + i, 1, a);
                    store.ReadRows(t + 1, (long)shard * FeatureManifest.ShardRows + i, 1, b);
                    sums[t] += TensorPrimitives.Dot<float>(a, b);
                    counts[t]++;
                }
        }

        return [.. sums.Select((sum, t) => counts[t] > 0 ? sum / counts[t] : 0)];
    }
}
