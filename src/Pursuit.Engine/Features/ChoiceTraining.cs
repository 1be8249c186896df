using System.Numerics.Tensors;
using Pursuit.Data;
using Pursuit.Engine.Training;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Gtp;
using Pursuit.Storage;

namespace Pursuit.Engine.Features;

/// <summary>
/// Trains a probe model on a choice by the recipe of a proof, and takes plain gradients where that ends. The training's checkpoints stay
/// in the run until the gradients are taken, so that a killed job goes on.
/// </summary>
internal sealed class ChoiceTraining : ITrainedGradients
{
    // The proof's recipe (docs/proof.md); a model that was warmed up more carefully is trained as carefully.
    private const int Batch = 8, Block = 256;
    private const double MostLearningRate = 3e-4;

    private readonly GradientProbe _probe;
    private readonly FeatureStages _stages;
    private readonly int _threads;
    private readonly IProgress<WorkProgress>? _progress;
    private readonly Pool _pool;
    private readonly Pool _target;
    private readonly Func<CancellationToken, double?> _warmedAt;

    /// <summary>Takes a model and its examples.</summary>
    /// <param name="probe">The model, and how its gradients are made along the trajectory.</param>
    /// <param name="stages">Where the training is kept.</param>
    /// <param name="threads">Threads to compute with.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="target">The target.</param>
    /// <param name="warmedAt">Tells the warm-up's highest learning rate, once the features are made; null without a warm-up.</param>
    public ChoiceTraining(
        GradientProbe probe,
        FeatureStages stages,
        int threads,
        IProgress<WorkProgress>? progress,
        Pool pool,
        Pool target,
        Func<CancellationToken, double?> warmedAt)
    {
        FollowsWarmup = probe.Options.Checkpoints > 0;
        // Weights change also where the features have no warm-up, and no preconditioner knows the model that is trained here.
        _probe = probe with
        {
            Options = probe.Options with
            {
                Checkpoints = Math.Max(1, probe.Options.Checkpoints),
                Preconditioning = Preconditioning.None,
            },
        };
        (_stages, _threads, _progress, _pool, _target, _warmedAt) = (stages, threads, progress, pool, target, warmedAt);
    }

    /// <inheritdoc/>
    public bool FollowsWarmup { get; }

    /// <inheritdoc/>
    public TrainedGradients After(IReadOnlyList<RankedRow> chosen, int[] positions, CancellationToken cancellationToken)
    {
        var rate = Math.Min(MostLearningRate, _warmedAt(cancellationToken) ?? MostLearningRate);
        var fingerprint = FingerprintOf(chosen, rate);
        var stage = _stages.Open($"retrained-{fingerprint.Hash[..16]}", fingerprint, ofPool: false);
        var directory = stage.PathOf(RunStage.WorkName);
        var training = new ProbeTraining(_probe, _threads, _progress)
        {
            Work = "training on the choice",
            LearningRate = rate,
            Epochs = LoopWork.Epochs,
            Batch = Batch,
            OnDamage = _stages.Tell,
        };
        var steps = training.Run(directory, Examples(chosen, cancellationToken), null, cancellationToken).Steps;
        string checkpoint;
        using (var run = RunDirectory.Open(directory))
            checkpoint = TrainingCheckpoint.All(Trainer.CheckpointsOf(run)).Last(c => c.State.Epoch is not null).FullPath;
        TrainedGradients gradients;
        using (var model = LoadedModel.At(_probe, checkpoint))
        {
            using var workers = new DecoderPool(
                model.Decoder, new DecoderPoolOptions { Threads = _threads, MicroBatchTokens = _probe.Options.MicroBatch });
            using var extractor = new GradientExtractor(model.Decoder, workers, _probe.Options, null, GradientSide.Pool);
            gradients = new TrainedGradients(
                extractor.Dimension,
                Extract(extractor, _pool, positions, cancellationToken),
                Extract(extractor, _target, [.. Enumerable.Range(0, _target.Count)], cancellationToken),
                steps);
        }

        Disk.DeleteDirectory(stage.FullPath); // as large as the model; the gradients are the selection's own
        return gradients;
    }

    private List<TrainingExample> Examples(IReadOnlyList<RankedRow> chosen, CancellationToken cancellationToken)
    {
        var records = _pool.Read([.. chosen.Select(r => r.Position)], cancellationToken).ToArray();
        var encoded = _probe.Model.Encode(records, _threads, cancellationToken);
        var examples = new List<TrainingExample>();
        for (var i = 0; i < encoded.Length; i++)
        {
            if (!encoded[i].AllMasked)
                examples.Add(
                    new TrainingExample(encoded[i].Ids, encoded[i].Trained, (float)chosen[i].Weight, 1, _pool.Place(records[i].Locator)));
        }

        return examples.Count > 0 ? examples : throw Warmup.NothingToLearn(_pool, chosen.Count);
    }

    private float[] Extract(GradientExtractor extractor, Pool pool, int[] positions, CancellationToken cancellationToken)
    {
        var dimension = extractor.Dimension;
        var rows = new float[(long)positions.Length * dimension];
        for (var first = 0; first < positions.Length; first += Block)
        {
            _progress?.Report(new WorkProgress("gradients behind the choice", first, positions.Length, "examples"));
            var part = positions[first..Math.Min(positions.Length, first + Block)];
            var encoded = _probe.Model.Encode([.. pool.Read(part, cancellationToken)], _threads, cancellationToken);
            extractor.Extract(
                encoded, rows.AsMemory(first * dimension, part.Length * dimension), new double[part.Length], cancellationToken);
        }

        for (var i = 0; i < positions.Length; i++)
        {
            if (!float.IsFinite(TensorPrimitives.Norm<float>(rows.AsSpan(i * dimension, dimension))))
                throw PursuitException.At(
                    pool.Place(pool.Locator(positions[i])), "a gradient that isn't finite behind the training on the choice",
                    "finite gradients", "Look at that record, or omit gtp.retrain.");
        }

        return rows;
    }

    private Fingerprint FingerprintOf(IReadOnlyList<RankedRow> chosen, double rate) => _probe.Options.AddTo(
            _probe.Model.AddTo(new Fingerprint("retrained/1"), _pool.Fingerprint))
        .Add("target", _target.Fingerprint)
        .Add("learning rate", rate)
        .Add("chosen", chosen.Select(r => FormattableString.Invariant($"{r.Position} {r.Weight:R}")));
}
