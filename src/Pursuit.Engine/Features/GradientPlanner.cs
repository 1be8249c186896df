using System.Diagnostics;
using Pursuit.Data;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Numerics;
using Pursuit.Storage;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Features;

/// <summary>Tells the cost of gradient features before they are made: a random sample of the pool is tokenized and run, for about two seconds.</summary>
internal sealed class GradientPlanner
{
    /// <summary>25 passes of a staged pursuit and about ten of its fill (docs/methods/gtp.md, "Cost").</summary>
    private const int UsualPasses = 35;

    private readonly GradientProbe _probe;
    private readonly int _threads;

    public GradientPlanner(GradientProbe probe, int threads) => (_probe, _threads) = (probe, threads);

    /// <summary>Plans.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="targetExamples">Examples of the target.</param>
    /// <param name="chosen">Examples to choose; 0 for features alone.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public CostPlan Plan(Pool pool, int targetExamples, int chosen, CancellationToken cancellationToken)
    {
        var options = _probe.Options;
        var sample = CostSample.Of(pool, _probe.Model.Encoder, cancellationToken);
        var meanTokens = sample.MeanTokens(Taught);
        var held = HostBuffer.LiveBytes;
        var (dimension, features, warmup, parameters, arena) = Calibrate(sample, held, cancellationToken);
        var blocks = Math.Max(1, options.Checkpoints);
        var warmupExamples = options.Checkpoints == 0 ? 0 : Warmup.Examples(options, pool.Count);
        var trials = options.Checkpoints > 0 && options.LearningRate == 0 ? Warmup.TrialCount * (double)Warmup.TrialExamples(warmupExamples) : 0;
        var rows = pool.Count + targetExamples;
        var shard = (long)Math.Min(FeatureManifest.ShardRows, pool.Count) * dimension * blocks;
        var pursued = (long)chosen * (dimension * blocks + chosen) * sizeof(float);
        return new CostPlan
        {
            Examples = pool.Count,
            TokensPerExample = meanTokens,
            Kind = options.Kind.ToString().ToLowerInvariant(),
            Checkpoints = blocks,
            Dimension = dimension,
            WarmupTokens = (long)(meanTokens * (warmupExamples * (double)options.Checkpoints + trials)),
            FeatureTokens = (long)(meanTokens * rows * blocks),
            WarmupRate = warmup,
            FeatureRate = features,
            PassRate = PassRate(dimension),
            Passes = chosen > 0 ? UsualPasses : 0,
            StoreBytes = rows * (long)blocks * (options.Store == GradientStoreType.Int8 ? dimension + 2 * sizeof(float) : dimension * sizeof(ushort) + sizeof(float)),
            CheckpointBytes = parameters * 3 * sizeof(float) * options.Checkpoints,
            // Floats of a shard and its rounded copy; or the fit of the chosen rows, which comes after.
            MemoryBytes = CostSample.BaseBytes + Math.Max(arena + shard * (sizeof(float) + sizeof(ushort)), 2 * pursued),
        };
    }

    private static bool Taught(EncodedExample example) => !example.AllMasked;

    private (int Dimension, double Features, double Warmup, long Parameters, long Arena) Calibrate(CostSample sample, long held, CancellationToken cancellationToken)
    {
        var parts = sample.Parts(Taught, _threads, _probe.Options.MicroBatch, ("an answer to learn", "assistant turns that fit in --max-length"));
        // Preconditioning costs nothing to speak of and needs moments that aren't there yet.
        var options = _probe.Options with { Preconditioning = Preconditioning.None };
        using var decoder = Decoder.Load(_probe.Model.Path);
        using var adapters = options.Kind == GradientKind.Lora ? Warmup.CreateAdapters(decoder, options) : null;
        decoder.Adapters = adapters;
        using var workers = new DecoderPool(decoder, new DecoderPoolOptions { Threads = _threads, MicroBatchTokens = options.MicroBatch });
        using var extractor = new GradientExtractor(decoder, workers, options, null, GradientSide.Pool);
        using var sum = adapters is null ? (IDisposable)new WeightGradients(decoder) : new AdapterGradients(decoder);
        var features = CostSample.Rate(parts, part => extractor.Extract(part, new float[part.Length * extractor.Dimension], new double[part.Length], cancellationToken));
        var warmup = CostSample.Rate(parts, part => workers.Gradients(Batch.Pack([.. part.Select(e => (e.Ids, (bool[]?)e.Trained))]), LossReduction.ExampleMean, (IGradientSum)sum, cancellationToken));
        var trained = ((IGradientSum)sum).Parameters.Sum(p => (long)p.Length);
        return (extractor.Dimension, features, warmup, trained, HostBuffer.LiveBytes - held + 2 * trained * sizeof(float));
    }

    /// <summary>Bytes a second of a scan by all threads over memory larger than the caches.</summary>
    private double PassRate(int dimension)
    {
        const int Groups = 4, Bytes = 64 << 20;
        var rows = Math.Max(1, Bytes / (dimension * sizeof(ushort)));
        var right = new float[Groups * dimension];
        var clock = Stopwatch.StartNew();
        Parallel.For(0, _threads, new ParallelOptions { MaxDegreeOfParallelism = _threads }, _ =>
            RowScan.Dots(new ushort[rows * dimension], rows, dimension, right, Groups, new float[rows * Groups]));
        return (double)_threads * rows * dimension * sizeof(ushort) / clock.Elapsed.TotalSeconds;
    }
}
