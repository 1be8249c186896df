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
    private readonly ProofRegime _regime;

    /// <summary>Takes what all trainings share.</summary>
    public ProofTraining(RunDirectory run, ProveOptions options, ProofRegime regime) => (_run, _options, _regime) = (run, options, regime);

    /// <summary>Measures what the first seed's trainings start from, as it is.</summary>
    public StoredTraining Untrained(IReadOnlyList<ProofTest> tests, ProofProgress progress, CancellationToken cancellationToken) =>
        Run(null, 0, _options.FirstSeed, tests, progress, cancellationToken);

    /// <summary>Trains for a number of steps and measures.</summary>
    /// <param name="batches">What to train on; null with 0 steps.</param>
    /// <param name="steps">Steps.</param>
    /// <param name="seed">Seed of the first weights, where they are drawn.</param>
    /// <param name="tests">What to measure on.</param>
    /// <param name="progress">Told of the work.</param>
    /// <param name="cancellationToken">Stops it; the same call goes on.</param>
    public StoredTraining Run(
        ITrainingData? batches,
        long steps,
        ulong seed,
        IReadOnlyList<ProofTest> tests,
        ProofProgress progress,
        CancellationToken cancellationToken)
    {
        var fingerprint = FingerprintOf(batches, steps, seed, tests);
        var stage = _run.OpenStage($"training-{fingerprint.Hash[..16]}", fingerprint);
        var work = stage.PathOf(RunStage.WorkName);
        if (!stage.IsComplete)
        {
            using var decoder = _regime.Start(seed);
            var training = batches is null ? null : Train(decoder, batches, steps, seed, work, progress, cancellationToken);
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

        Disk.DeleteDirectory(work);
        return stage.ReadJson<StoredTraining>(ScoresName) with { Seconds = stage.ReadJson<StoredSeconds>(SecondsName) };
    }

    private TrainingResult Train(
        Decoder decoder,
        ITrainingData batches,
        long steps,
        ulong seed,
        string work,
        ProofProgress progress,
        CancellationToken cancellationToken)
    {
        using var run = RunDirectory.Open(work);
        using var trained = new AllWeights(decoder);
        using var trainer = new Trainer(
            trained,
            _regime.Origin(seed),
            batches,
            null,
            _regime.Trainer(steps),
            run,
            progress.Training(steps))
        { OnDamage = damage => _run.OnDamage?.Invoke(damage) };
        return trainer.Run(cancellationToken);
    }

    private Fingerprint FingerprintOf(ITrainingData? batches, long steps, ulong seed, IReadOnlyList<ProofTest> tests) =>
        _options.Device.AddTo(new Fingerprint("proof-training/1")
        .Add("pursuit", RunDirectory.PursuitVersion)
        .Add("model", _regime.Origin(seed))
        .Add("data", batches?.Fingerprint)
        .Add("steps", steps)
        .Add("rate", _options.LearningRate)
        .Add("warm-up", _options.Warmup)
        .Add("micro-batch", _options.Workers.MicroBatchTokens)
        .Add("tests", tests.Select(t => $"{t.Name} {t.Fingerprint}")));

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
