using System.Numerics.Tensors;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>Makes a store of examples' embeddings.</summary>
internal sealed class EmbeddingStoreMaker(
    ProbeModel probe, EmbeddingOptions options, int threads, StageShare share, IProgress<WorkProgress>? progress)
{
    /// <summary>Makes the store, or reads what was made.</summary>
    public EmbeddingReport? Run(RunStage stage, Pool pool, string what, string id, CancellationToken cancellationToken) =>
        ShardLoop.Run(probe, stage, pool, $"embeddings of {what}", threads, share, progress, loop => Make(loop, id, cancellationToken));

    private EmbeddingReport? Make(ShardLoop loop, string id, CancellationToken cancellationToken)
    {
        var layer = options.LayerOf(probe.Config, probe.Path);
        using var decoder = Decoder.Load(probe.Path, probe.Device, WeightUse.Embed);
        using var workers = new DecoderPool(decoder, new DecoderPoolOptions { Threads = threads, MicroBatchTokens = options.MicroBatch });
        var extractor = new EmbeddingExtractor(decoder, workers, options);
        var manifest = loop.Manifest(
            "embedding",
            [new FeatureBlock($"layer-{layer}", extractor.Dimension)],
            id) with
        { Dtype = options.Precision == EmbeddingPrecision.F32 ? "F32" : "BF16" };
        var facts = new ShardFacts(loop.Stage, "lengths", 4);
        var made = loop.MakeShards(manifest, facts, shard => MakeShard(shard, extractor, cancellationToken), cancellationToken);
        if (made is not var (totals, _)) return null;
        using var store = FeatureStore.Open(loop.StorePath, verifyChecksums: false);
        return new EmbeddingReport
        {
            Pool = options.Pool.ToString().ToLowerInvariant(),
            Layer = layer,
            Layers = probe.Config.Layers,
            PooledTokens = options.Tokens.ToString().ToLowerInvariant(),
            Norm = options.Norm.ToString().ToLowerInvariant(),
            Dimension = extractor.Dimension,
            MaxLength = probe.Encoder.MaxLength,
            Cut = (int)totals[1],
            WithoutTokens = (int)totals[2],
            Refused = (int)totals[3],
            Tokens = totals[0],
            Seconds = loop.Seconds,
            Bytes = store.ByteLength,
        };
    }

    private ShardFeatures MakeShard(ShardExamples shard, EmbeddingExtractor extractor, CancellationToken cancellationToken)
    {
        var (examples, dimension) = (shard.Examples, extractor.Dimension);
        var rows = new float[examples.Length * dimension];
        extractor.Extract(examples, rows, cancellationToken);
        var norms = new float[examples.Length];
        for (var i = 0; i < norms.Length; i++)
        {
            var norm = TensorPrimitives.Norm<float>(rows.AsSpan(i * dimension, dimension));
            if (!float.IsFinite(norm))
                throw PursuitException.At(
                    shard.Place(i),
                    "hidden states that aren't finite",
                    "finite ones",
                    "Look at that record and at the model: weights that overflow give such states for any example.");
            norms[i] = norm;
        }

        var used = Array.FindAll(examples, e => EmbeddingExtractor.HasTokens(e, options.Tokens));
        long[] facts =
        [
            used.Sum(e => (long)e.Ids.Length),
            used.LongCount(e => e.Truncation.IsCut),
            examples.Length - used.Length,
            examples.LongCount(e => e.IsRefused),
        ];
        return new ShardFeatures([rows], norms, facts, []);
    }
}
