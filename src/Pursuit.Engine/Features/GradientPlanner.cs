using Pursuit.Data;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Selection.Gtp;
using Pursuit.Storage;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Features;

/// <summary>
/// Tells the cost of gradient features before they are made: a random sample of the pool is tokenized and run, for a few seconds.
/// </summary>
internal sealed class GradientPlanner
{
    private readonly GradientProbe _probe;
    private readonly int _threads;

    public GradientPlanner(GradientProbe probe, int threads) => (_probe, _threads) = (probe, threads);

    /// <summary>Plans.</summary>
    /// <param name="pool">The pool, or a sample of it.</param>
    /// <param name="request">What is planned for.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public CostPlan Plan(Pool pool, PlanRequest request, CancellationToken cancellationToken)
    {
        var options = _probe.Options;
        var encoder = _probe.Model.Encoder;
        var sample = CostSample.Take(pool, encoder, _threads, cancellationToken);
        var examples = request.Examples > 0 ? request.Examples : pool.Count;
        var meanTokens = sample.Tokens(Taught) / pool.Count;
        var targetTokens = request.Target is { } target ? CostSample.Take(target, encoder, _threads, cancellationToken).Tokens(Taught) : 0;
        var measured = Calibrate(sample, trains: options.Checkpoints > 0 || request.Pursuit.Retrain > 0, cancellationToken);
        var blocks = Math.Max(1, options.Checkpoints);
        var rows = (long)examples + (request.Target?.Count ?? 0);
        var bytes = options.Store == GradientStoreType.Int8
            ? measured.Dimension + 2 * sizeof(float)
            : measured.Dimension * sizeof(ushort) + sizeof(float);
        var (times, loop) = Retrainings(request, examples, measured.Dimension);
        return new CostPlan
        {
            Examples = examples,
            ExamplesAtHand = pool.Count,
            PoolBytes = (long)(sample.PoolBytes * ((double)examples / pool.Count)),
            TokensPerExample = meanTokens,
            Kind = options.Kind.ToString().ToLowerInvariant(),
            Checkpoints = blocks,
            Dimension = measured.Dimension,
            Threads = _threads,
            WarmupTokens = WarmupTokens(pool, sample, examples, meanTokens) + KroneckerTokens(examples, meanTokens),
            WarmupMicroBatches = (int)Math.Ceiling(options.Batch * meanTokens / _probe.Model.Device.MicroBatchTokens(options.MicroBatch)),
            PoolTokens = (long)(meanTokens * examples * blocks),
            TargetTokens = (long)(targetTokens * blocks),
            WarmupRate = measured.Training.Rate,
            FeatureRate = measured.Rate,
            Rates = MachineRates.Measure(measured.Dimension, _threads, options.Store == GradientStoreType.Int8),
            Chosen = request.Chosen,
            Groups = request.Groups,
            Passes = request.Chosen > 0 ? request.Pursuit.Supports(request.Chosen).Count() + request.Pursuit.SwapRounds : 0,
            RetrainTokens = (long)(times * loop.Trained * meanTokens),
            RetrainedTokens = (long)(times * loop.Described * meanTokens),
            StoreBytes = rows * blocks * bytes,
            CheckpointBytes = measured.Training.Trained * 3 * sizeof(float) * options.Checkpoints,
            ReadSeconds = request.ReadSeconds * examples / pool.Count,
            ModelMemory = measured.Model,
            ThreadMemory = measured.Thread,
            TrainingMemory = measured.Training.Fixed,
            TrainingThreadMemory = measured.Training.Thread,
            // Floats of a shard at all checkpoints, with what is about to be written of them.
            ShardMemory = Math.Min(
                FeatureManifest.ShardRows,
                examples) * (long)measured.Dimension * blocks * (sizeof(
                    float) + (options.Store == GradientStoreType.Int8 ? 2 * sizeof(byte) : 0)),
        };
    }

    private static bool Taught(EncodedExample example) => !example.AllMasked;

    /// <summary>Times that a pursuit's loop is closed, and what each takes.</summary>
    private (int Times, LoopWork Work) Retrainings(PlanRequest request, int examples, int dimension)
    {
        if (request is not { Chosen: > 0, TowardTarget: true }) return default;
        var checkpoints = Math.Max(1, _probe.Options.Checkpoints);
        var work = LoopWork.Of(request.Chosen, examples, request.Target?.Count ?? 0, checkpoints, dimension);
        return (request.Pursuit.Retrainings(work, _probe.Options.Checkpoints > 0), work);
    }

    /// <summary>Of the very rows that the warm-up takes, where the pool is at hand; else of as many.</summary>
    private long WarmupTokens(Pool pool, CostSample sample, int examples, double meanTokens)
    {
        var options = _probe.Options;
        if (options.Checkpoints == 0) return 0;
        var taken = Warmup.Examples(options, examples);
        var tried = options.LearningRate == 0 ? Warmup.TrialExamples(taken) : 0;
        if (examples != pool.Count) return (long)(meanTokens * ((double)taken * options.Checkpoints + (double)tried * Warmup.TrialCount));
        var rows = Warmup.Rows(options, pool);
        return (long)(sample.Tokens(Taught, rows) * options.Checkpoints + sample.Tokens(Taught, rows[..tried]) * Warmup.TrialCount);
    }

    /// <summary>Tokens that make the factors of Kronecker preconditioning, a pass at each checkpoint.</summary>
    private long KroneckerTokens(int examples, double meanTokens) =>
        _probe.Options.Preconditioning == Preconditioning.Kronecker
            ? (long)(meanTokens * Math.Min(KroneckerFactors.MostExamples, Warmup.Examples(_probe.Options, examples))
                * Math.Max(1, _probe.Options.Checkpoints))
            : 0;

    /// <summary>What a short run of the model gives: numbers an example, tokens a second, bytes of memory.</summary>
    private sealed record Measured(int Dimension, double Rate, long Model, long Thread, MeasuredTraining Training);

    /// <summary>What a few steps of a warm-up give: tokens a second, parameters trained, bytes of memory.</summary>
    private readonly record struct MeasuredTraining(double Rate, long Trained, long Fixed, long Thread);

    private Measured Calibrate(CostSample sample, bool trains, CancellationToken cancellationToken)
    {
        // Preconditioning costs no time to speak of and needs moments that aren't there yet.
        var options = _probe.Options with { Preconditioning = Preconditioning.None };
        var expected = ("an answer to learn", $"assistant turns that fit in {ApiName.MaxLength}");
        var parts = sample.Parts(Taught, _threads, _probe.Model.Device.MicroBatchTokens(options.MicroBatch), expected);
        var device = _probe.Model.Device;
        var held = device.HeldMemory();
        using var decoder = Decoder.Load(_probe.Model.Path, device, _probe.WeightUse);
        using var adapters = options.Kind == GradientKind.Lora ? Warmup.CreateAdapters(decoder, options) : null;
        decoder.Adapters = adapters;
        var model = device.HeldMemory() - held;
        using var workers = new DecoderPool(decoder, new DecoderPoolOptions { Threads = _threads, MicroBatchTokens = options.MicroBatch });
        var (dimension, rate, projection, consumers) = MeasureFeatures();
        var arenas = device.HeldMemory() - held - model + workers.HostBytes;
        // Every checkpoint has a projection of its own, and consumers that keep their room from one shard to the next.
        var checkpoints = Math.Max(1, options.Checkpoints);
        return new Measured(
            dimension,
            rate,
            model + checkpoints * (projection + Preconditioner(decoder)),
            (arenas + checkpoints * consumers) / workers.Workers,
            trains ? MeasureWarmup() : default);

        (int Dimension, double Rate, long Projection, long Consumers) MeasureFeatures()
        {
            var before = device.HeldMemory();
            using var extractor = new GradientExtractor(decoder, workers, options, null, GradientSide.Pool);
            var (own, numbers) = (device.HeldMemory() - before, extractor.Dimension);
            var room = new float[parts.Max(p => p.Length) * numbers];
            var rate = CostSample.Rate(
                parts,
                part => extractor.Extract(part, room.AsMemory(0, part.Length * numbers), new double[part.Length], cancellationToken));
            var all = device.HeldMemory();
            extractor.Dispose(); // now, to tell its consumers' room from the arenas, which stay
            return (numbers, rate, own, all - device.HeldMemory() - own);
        }

        MeasuredTraining MeasureWarmup()
        {
            var before = device.HeldMemory();
            using var sum = adapters is null ? (IDisposable)new WeightGradients(decoder) : new AdapterGradients(decoder);
            var gradients = (IGradientSum)sum;
            var summed = device.HeldMemory();
            // Batches as the warm-up makes them: few micro-batches, so the threads don't all finish at once.
            var batches = parts.SelectMany(p => p).Chunk(options.Batch).ToArray();
            var rate = CostSample.Rate(
                batches,
                part =>
                    workers.Gradients(
                        Batch.Pack([.. part.Select(e => (e.Ids, (bool[]?)e.Trained))]),
                        LossReduction.ExampleMean,
                        gradients,
                        cancellationToken));
            var moments = 2 * sizeof(float) * gradients.Values.Length;
            return new(
                rate,
                gradients.Parameters.Sum(p => (long)p.Length),
                model + summed - before + moments,
                (arenas + device.HeldMemory() - summed) / workers.Workers);
        }
    }

    /// <summary>Bytes of what gradients of whole tensors are multiplied by at a checkpoint; factors have it in their projections.</summary>
    private long Preconditioner(Decoder decoder)
    {
        var moments = _probe.Options.Preconditioning switch
        {
            Preconditioning.Symmetric => 1,
            Preconditioning.Adam => 2,
            _ => 0,
        };
        var tensors = _probe.Options.Kind switch
        {
            GradientKind.Lora => decoder.Adapters!.All,
            GradientKind.Full => FullGradients.Weights(decoder),
            _ => [],
        };
        return moments * sizeof(float) * tensors.Sum(p => (long)p.Length);
    }
}
