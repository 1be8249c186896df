using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Storage;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Features;

/// <summary>
/// Tells the cost of embeddings before they are made: a random sample of the pool is tokenized and run, for about two seconds.
/// </summary>
internal static class EmbeddingPlanner
{
    /// <summary>Plans.</summary>
    /// <param name="probe">The model.</param>
    /// <param name="options">How they are made.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="pool">The pool, or a sample of it.</param>
    /// <param name="request">What is planned for.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static CostPlan Plan(
        ProbeModel probe, EmbeddingOptions options, int threads, Pool pool, PlanRequest request, CancellationToken cancellationToken)
    {
        bool Used(EncodedExample example) => EmbeddingExtractor.HasTokens(example, options.Tokens);
        var sample = CostSample.Take(pool, probe.Encoder, threads, cancellationToken);
        var parts = sample.Parts(Used, threads, probe.Device.MicroBatchTokens(options.MicroBatch), EmbeddingFeatures.NothingFor(options));
        var (examples, meanTokens) = (request.Examples > 0 ? request.Examples : pool.Count, sample.Tokens(Used) / pool.Count);
        var targetTokens = request.Target is { } target
            ? CostSample.Take(target, probe.Encoder, threads, cancellationToken).Tokens(Used)
            : 0;
        var held = probe.Device.HeldMemory();
        using var decoder = Decoder.Load(probe.Path, probe.Device, WeightUse.Embed);
        var model = probe.Device.HeldMemory() - held;
        using var workers = new DecoderPool(decoder, new DecoderPoolOptions { Threads = threads, MicroBatchTokens = options.MicroBatch });
        var extractor = new EmbeddingExtractor(decoder, workers, options);
        var rate = CostSample.Rate(parts, part => extractor.Extract(part, new float[part.Length * extractor.Dimension], cancellationToken));
        var stored = options.Precision == EmbeddingPrecision.F32 ? sizeof(float) : sizeof(ushort);
        return new CostPlan
        {
            Examples = examples,
            ExamplesAtHand = pool.Count,
            PoolBytes = (long)(sample.PoolBytes * ((double)examples / pool.Count)),
            TokensPerExample = meanTokens,
            Kind = CostPlan.Embedding,
            Checkpoints = 1,
            Dimension = extractor.Dimension,
            Threads = threads,
            PoolTokens = (long)(meanTokens * examples),
            TargetTokens = (long)targetTokens,
            FeatureRate = rate,
            ReadSeconds = request.ReadSeconds * examples / pool.Count,
            Rates = MachineRates.Measure(extractor.Dimension, threads),
            StoreBytes = ((long)examples + (request.Target?.Count ?? 0)) * (extractor.Dimension * stored + sizeof(float)),
            ModelMemory = model,
            // The arenas, and each worker's copy of its micro-batch's states.
            ThreadMemory = (probe.Device.HeldMemory() - held - model + workers.HostBytes) / workers.Workers
                + (long)extractor.Dimension * workers.MicroBatchTokens * sizeof(float),
            // A shard's floats with their rounded copy.
            ShardMemory = (long)extractor.Dimension * Math.Min(FeatureManifest.ShardRows, examples) * (sizeof(float) + stored),
        };
    }
}
