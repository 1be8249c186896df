using System.Diagnostics;
using System.Text.Json;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Proof;

/// <summary>
/// Trains from the base model and measures, as one stage of the run named by its fingerprint: it is done once, whatever the
/// method that asked for it, and a killed one goes on from its last checkpoint. The weights don't outlive the measurement.
/// </summary>
internal sealed class ProofTraining
{
    private const string ScoresName = "scores.json";
    private const string SecondsName = "seconds.json";

    private readonly RunDirectory _run;
    private readonly ProveOptions _options;
    private readonly string _model;

    /// <summary>Takes what all trainings share.</summary>
    public ProofTraining(RunDirectory run, ProveOptions options)
    {
        (_run, _options) = (run, options);
        _model = ModelFiles.Fingerprint(options.Model);
    }

    /// <summary>Measures the base model as it is.</summary>
    public StoredTraining Untrained(IReadOnlyList<ProofTest> tests, ProofProgress progress, CancellationToken cancellationToken) => Run(null, 0, tests, progress, cancellationToken);

    /// <summary>Trains for a number of steps and measures.</summary>
    /// <param name="batches">What to train on; null with 0 steps.</param>
    /// <param name="steps">Steps.</param>
    /// <param name="tests">What to measure on.</param>
    /// <param name="progress">Told of the work.</param>
    /// <param name="cancellationToken">Stops it; the same call goes on.</param>
    public StoredTraining Run(ExampleBatches? batches, long steps, IReadOnlyList<ProofTest> tests, ProofProgress progress, CancellationToken cancellationToken)
    {
        var fingerprint = FingerprintOf(batches, steps, tests);
        var stage = _run.OpenStage($"training-{fingerprint.Hash[..16]}", fingerprint);
        var work = stage.PathOf("work");
        if (!stage.IsComplete)
        {
            using var decoder = Decoder.Load(_options.Model);
            var training = batches is null ? null : Train(decoder, batches, steps, work, progress, cancellationToken);
            var clock = Stopwatch.StartNew();
            using var pool = new DecoderPool(decoder, _options.Workers);
            StoredTest[] measured = [.. tests.Select(t => progress.Testing(t, () => t.Measure(decoder, pool, cancellationToken)))];
            Write(stage.PathOf(SecondsName), new StoredSeconds(Seconds(training), clock.Elapsed.TotalSeconds));
            Write(stage.PathOf(ScoresName), new StoredTraining(steps, training?.Tokens ?? 0, measured));
            stage.Complete();
        }
        else
        {
            progress.Skip(steps, tests);
        }

        if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
        var seconds = JsonSerializer.Deserialize<StoredSeconds>(File.ReadAllBytes(stage.PathOf(SecondsName)), RunJson.Compact)!;
        return JsonSerializer.Deserialize<StoredTraining>(File.ReadAllBytes(stage.PathOf(ScoresName)), RunJson.Compact)! with { Seconds = seconds };
    }

    private TrainingResult Train(Decoder decoder, ExampleBatches batches, long steps, string work, ProofProgress progress, CancellationToken cancellationToken)
    {
        using var run = RunDirectory.Open(work);
        using var trained = new AllWeights(decoder);
        using var trainer = new Trainer(trained, _model, batches, null, TrainerOptions(steps), run, progress.Training(steps));
        return trainer.Run(cancellationToken);
    }

    /// <summary>As a fine-tuning has them by default.</summary>
    private TrainerOptions TrainerOptions(long steps) => new()
    {
        Schedule = new LearningRateSchedule
        {
            Peak = _options.LearningRate,
            Steps = steps,
            WarmupSteps = (long)Math.Round(_options.Warmup * steps),
            Decay = LearningRateDecay.Linear,
            FinalShare = 0,
        },
        Optimizer = new AdamWOptions { Beta2 = 0.999f, WeightDecay = 0 },
        Workers = _options.Workers,
        KeepCheckpoints = 1,
    };

    private Fingerprint FingerprintOf(ExampleBatches? batches, long steps, IReadOnlyList<ProofTest> tests) => new Fingerprint("proof-training/1")
        .Add("pursuit", RunDirectory.PursuitVersion)
        .Add("model", _model)
        .Add("data", batches?.Fingerprint)
        .Add("steps", steps)
        .Add("rate", _options.LearningRate)
        .Add("warm-up", _options.Warmup)
        .Add("micro-batch", _options.Workers.MicroBatchTokens)
        .Add("tests", tests.Select(t => $"{t.Name} {t.Fingerprint}"));

    /// <summary>Of the whole training: what this process didn't do took as long a step as what it did.</summary>
    private static double? Seconds(TrainingResult? result) =>
        result is null ? 0 : result.StepsNow == 0 ? null : result.Time.TotalSeconds * result.Steps / result.StepsNow;

    private static void Write<T>(string path, T value) => AtomicFile.Write(path, s => JsonSerializer.Serialize(s, value, RunJson.Compact));
}

/// <summary>A training's result as a run keeps it.</summary>
/// <param name="Steps">Steps.</param>
/// <param name="Tokens">Tokens seen.</param>
/// <param name="Tests">What the trained model scored.</param>
internal sealed record StoredTraining(long Steps, long Tokens, IReadOnlyList<StoredTest> Tests)
{
    /// <summary>What it took; kept apart, since it differs from run to run.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public StoredSeconds? Seconds { get; init; }
}

/// <summary>Seconds of a training and its test.</summary>
/// <param name="Training">Null where the training had ended before it could be told.</param>
/// <param name="Test">The measuring.</param>
internal sealed record StoredSeconds(double? Training, double Test)
{
    public double Sum => (Training ?? 0) + Test;
}
