using System.Diagnostics;
using Pursuit.Data;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Numerics;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Features;

/// <summary>Tells the cost of gradient features before they are made: a random sample of the pool is tokenized and run, for about two seconds.</summary>
internal sealed class CostPlanner
{
    private const int Sample = 512;
    private const double CalibrationSeconds = 0.7;

    /// <summary>25 passes of a staged pursuit and about ten of its fill (docs/methods/gtp.md, "Cost").</summary>
    private const int UsualPasses = 35;

    /// <summary>What the runtime, the pool's index and the tokenizer take beside what is counted.</summary>
    private const long BaseBytes = 150L << 20;

    private readonly GradientFeatures.Probe _probe;
    private readonly int _threads;

    public CostPlanner(GradientFeatures.Probe probe, int threads) => (_probe, _threads) = (probe, threads);

    /// <summary>Plans.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="targetExamples">Examples of the target.</param>
    /// <param name="chosen">Examples to choose; 0 for features alone.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public CostPlan Plan(Pool pool, int targetExamples, int chosen, CancellationToken cancellationToken)
    {
        var options = _probe.Options;
        var sample = Encode(pool, cancellationToken);
        var meanTokens = sample.Average(e => e.AllMasked ? 0.0 : e.Ids.Length);
        var held = HostBuffer.LiveBytes;
        var (dimension, features, warmup, parameters, arena) = Calibrate([.. sample.Where(e => !e.AllMasked)], held, cancellationToken);
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
            StoreBytes = rows * (long)blocks * (dimension * sizeof(ushort) + sizeof(float)),
            CheckpointBytes = parameters * 3 * sizeof(float) * options.Checkpoints,
            // Floats of a shard and its rounded copy; or the fit of the chosen rows, which comes after.
            MemoryBytes = BaseBytes + Math.Max(arena + shard * (sizeof(float) + sizeof(ushort)), 2 * pursued),
        };
    }

    private EncodedExample[] Encode(Pool pool, CancellationToken cancellationToken)
    {
        // In the order of the files, which is how compressed ones are read without being unpacked.
        var rows = Enumerable.Range(0, pool.Count).OrderBy(i => SeededRandom.ForExample(0, "plan/sample", pool.ContentIds[i])).Take(Sample).Order().ToArray();
        return [.. pool.Read(rows, cancellationToken).Select(e => _probe.Encoder.TryEncode(e, out _)).OfType<EncodedExample>()];
    }

    private (int Dimension, double Features, double Warmup, long Parameters, long Arena) Calibrate(EncodedExample[] sample, long held, CancellationToken cancellationToken)
    {
        if (sample.Length == 0)
            throw PursuitException.At("the pool", $"no answer to learn in {Sample} random examples", "assistant turns that fit in --max-length", "Look at them with 'pursuit inspect'.");
        // Preconditioning costs nothing to speak of and needs moments that aren't there yet.
        var options = _probe.Options with { Preconditioning = Preconditioning.None };
        using var decoder = Decoder.Load(_probe.Model);
        using var adapters = options.Kind == GradientKind.Lora ? Warmup.CreateAdapters(decoder, options) : null;
        decoder.Adapters = adapters;
        using var workers = new DecoderPool(decoder, new DecoderPoolOptions { Threads = _threads, MicroBatchTokens = options.MicroBatch });
        using var extractor = new GradientExtractor(decoder, workers, options, null, GradientSide.Pool);
        using var sum = adapters is null ? (IDisposable)new WeightGradients(decoder) : new AdapterGradients(decoder);
        var parts = sample.Chunk(Math.Max(1, 2 * _threads * options.MicroBatch / Math.Max(1, (int)sample.Average(e => e.Ids.Length)))).ToArray();
        var features = Rate(parts, part => extractor.Extract(part, new float[part.Length * extractor.Dimension], new double[part.Length], cancellationToken));
        var warmup = Rate(parts, part => workers.Gradients(Batch.Pack([.. part.Select(e => (e.Ids, (bool[]?)e.Trained))]), LossReduction.ExampleMean, (IGradientSum)sum, cancellationToken));
        var trained = ((IGradientSum)sum).Parameters.Sum(p => (long)p.Length);
        return (extractor.Dimension, features, warmup, trained, HostBuffer.LiveBytes - held + 2 * trained * sizeof(float));
    }

    /// <summary>Tokens a second, after a first part that warms up the code.</summary>
    private static double Rate(EncodedExample[][] parts, Action<EncodedExample[]> run)
    {
        run(parts[0]);
        var (tokens, clock) = (0L, Stopwatch.StartNew());
        for (var i = 1; tokens == 0 || clock.Elapsed.TotalSeconds < CalibrationSeconds; i++)
        {
            var part = parts[i % parts.Length];
            run(part);
            tokens += part.Sum(e => (long)e.Ids.Length);
        }

        return tokens / clock.Elapsed.TotalSeconds;
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
