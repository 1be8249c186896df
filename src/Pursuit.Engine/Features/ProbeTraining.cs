using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Runs;

namespace Pursuit.Engine.Features;

/// <summary>
/// Trains a probe model, or adapters of it, for its gradients' sake, as a fine-tuning does by default: AdamW without decay, the rate rising
/// over 3% of the steps and falling linearly to 0. A killed training goes on from its last checkpoint.
/// </summary>
/// <param name="probe">The model, and what of it is trained.</param>
/// <param name="threads">Threads to compute with.</param>
/// <param name="progress">Told how far it is.</param>
internal sealed class ProbeTraining(GradientProbe probe, int threads, IProgress<WorkProgress>? progress)
{
    /// <summary>What progress calls the work.</summary>
    public required string Work { get; init; }

    /// <summary>The peak learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Passes over the examples.</summary>
    public required int Epochs { get; init; }

    /// <summary>Examples of a step.</summary>
    public required int Batch { get; init; }

    /// <summary>Told of a checkpoint that isn't as it was written; the training then goes on from the one before.</summary>
    public required Action<string> OnDamage { get; init; }

    /// <summary>Trains.</summary>
    /// <param name="directory">Keeps the checkpoints: without held-out examples one at each epoch's end.</param>
    /// <param name="examples">What to train on.</param>
    /// <param name="heldOut">What is measured at the end; null for nothing.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public TrainingResult Run(
        string directory, IReadOnlyList<TrainingExample> examples, HeldOut? heldOut, CancellationToken cancellationToken)
    {
        using var run = RunDirectory.Open(directory);
        using var decoder = Decoder.Load(probe.Model.Path, probe.Model.Device, probe.WeightUse);
        using var adapters = probe.Options.Kind == GradientKind.Lora ? Warmup.CreateAdapters(decoder, probe.Options) : null;
        using ITrainedSet trained = adapters is null
            ? new AllWeights(decoder)
            : new TrainedAdapters(decoder, adapters, probe.Model.Path, probe.Options.ProjectionSeed);
        var batches = new ExampleBatches(examples, Batch, null, Epochs, LossReduction.ExampleMean, probe.Options.ProjectionSeed);
        var steps = batches.EpochEnds[^1];
        var options = new TrainerOptions
        {
            Schedule = new LearningRateSchedule
            {
                Peak = LearningRate,
                Steps = steps,
                WarmupSteps = (long)Math.Round(0.03 * steps),
                Decay = LearningRateDecay.Linear,
                FinalShare = 0,
            },
            Optimizer = new AdamWOptions { Beta2 = 0.999f, WeightDecay = 0 },
            Workers = new DecoderPoolOptions { Threads = threads, MicroBatchTokens = probe.Options.MicroBatch },
            EpochEnds = heldOut is null ? batches.EpochEnds : [],
            KeepCheckpoints = 1,
        };
        using var trainer = new Trainer(
            trained, probe.Model.Fingerprint, batches, heldOut, options, run, progress is null ? null : new Renamed(progress, Work))
        { OnDamage = OnDamage };
        return trainer.Run(cancellationToken);
    }

    /// <summary>Tells a training's progress under the work's own name.</summary>
    private sealed class Renamed(IProgress<WorkProgress> inner, string work) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => inner.Report(value with { Work = work });
    }
}
