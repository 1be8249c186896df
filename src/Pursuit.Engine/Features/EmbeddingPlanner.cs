using Pursuit.Data;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Storage;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Features;

/// <summary>Tells the cost of embeddings before they are made: a random sample of the pool is tokenized and run, for about a second.</summary>
internal static class EmbeddingPlanner
{
    /// <summary>Plans.</summary>
    /// <param name="probe">The model.</param>
    /// <param name="options">How they are made.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="targetExamples">Examples of the target.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static CostPlan Plan(ProbeModel probe, EmbeddingOptions options, int threads, Pool pool, int targetExamples, CancellationToken cancellationToken)
    {
        bool Used(EncodedExample example) => EmbeddingExtractor.HasTokens(example, options.Tokens);
        var sample = CostSample.Of(pool, probe.Encoder, cancellationToken);
        var parts = sample.Parts(Used, threads, options.MicroBatch, EmbeddingFeatures.NothingFor(options));
        var (held, meanTokens, rows) = (HostBuffer.LiveBytes, sample.MeanTokens(Used), (long)pool.Count + targetExamples);
        using var decoder = Decoder.Load(probe.Path);
        using var workers = new DecoderPool(decoder, new DecoderPoolOptions { Threads = threads, MicroBatchTokens = options.MicroBatch });
        var extractor = new EmbeddingExtractor(decoder, workers, options);
        var rate = CostSample.Rate(parts, part => extractor.Extract(part, new float[part.Length * extractor.Dimension], cancellationToken));
        var stored = options.Precision == EmbeddingPrecision.F32 ? sizeof(float) : sizeof(ushort);
        return new CostPlan
        {
            Examples = pool.Count,
            TokensPerExample = meanTokens,
            Kind = CostPlan.Embedding,
            Checkpoints = 1,
            Dimension = extractor.Dimension,
            FeatureTokens = (long)(meanTokens * rows),
            FeatureRate = rate,
            StoreBytes = rows * (extractor.Dimension * stored + sizeof(float)),
            // The arenas, each worker's copy of its micro-batch's states, and a shard's floats with their rounded copy.
            MemoryBytes = CostSample.BaseBytes + HostBuffer.LiveBytes - held + (long)extractor.Dimension * (threads * options.MicroBatch * sizeof(float) + Math.Min(FeatureManifest.ShardRows, pool.Count) * (sizeof(float) + stored)),
        };
    }
}
