using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Features;

/// <summary>
/// The stage that trains the probe model a little on a random share of the pool and leaves a checkpoint per epoch (LESS,
/// section 3.1). A killed one continues from its last checkpoint.
/// </summary>
internal sealed class Warmup
{
    private const string TrajectoryName = "trajectory.json";
    private const int MostTrialExamples = 1024;
    private const double HeldOutShare = 0.1;

    private static readonly double[] Rates = [1e-4, 3e-4, 1e-3];

    private readonly GradientFeatureOptions _options;
    private readonly GradientProbe _probe;
    private readonly string _modelFingerprint;
    private readonly int _threads;
    private readonly IProgress<WorkProgress>? _progress;

    public Warmup(GradientProbe probe, int threads, IProgress<WorkProgress>? progress) =>
        (_probe, _options, _modelFingerprint, _threads, _progress) =
        (probe, probe.Options, probe.Model.Fingerprint, threads, progress);

    /// <summary>Told of a training's checkpoint that isn't as it was written; the training then goes on from the one before.</summary>
    public required Action<string> OnDamage { get; init; }

    /// <summary>Examples of a warm-up at least, where the pool has them.</summary>
    public const int LeastExamples = 64;

    /// <summary>Learning rates that are tried where none is given.</summary>
    public static int TrialCount => Rates.Length;

    /// <summary>Examples the warm-up trains on, of a pool's.</summary>
    public static int Examples(GradientFeatureOptions options, int pool) =>
        (int)Math.Min(pool, Math.Clamp(Share(options, pool), LeastExamples, options.WarmupMost));

    /// <summary>Examples of those that each learning rate is tried on, held-out ones included.</summary>
    public static int TrialExamples(int warmup) => Math.Min(warmup, MostTrialExamples);

    /// <summary>
    /// The pool's rows that the warm-up trains on, those it tries rates on first: by hashed content ids, random and the same for any order
    /// of the pool.
    /// </summary>
    public static int[] Rows(GradientFeatureOptions options, Pool pool) =>
    [
        .. Enumerable.Range(0, pool.Count)
            .OrderBy(i => SeededRandom.ForExample(options.ProjectionSeed, "features/warm-up", pool.ContentIds[i]))
            .Take(Examples(options, pool.Count)),
    ];

    /// <summary>Everything the trajectory depends on.</summary>
    public Fingerprint Fingerprint(Pool pool, ExampleEncoder encoder)
    {
        var fingerprint = new Fingerprint("warm-up/1").Add("model", _modelFingerprint).Add("checkpoints", _options.Checkpoints);
        if (_options.Checkpoints == 0) return fingerprint;
        fingerprint = fingerprint
            .Add("pool", PoolSet(pool))
            .Add("encoder", ModelEncoder.Fingerprint(encoder).Hash)
            .Add("share", _options.Warmup)
            .Add("learning rate", _options.LearningRate)
            .Add("batch", _options.Batch)
            .Add("adapters", _options.Kind == GradientKind.Lora ? _options.LoraRank : 0)
            .Add("micro-batch", _probe.Model.Device.MicroBatchTokens(_options.MicroBatch))
            .Add("seed", _options.ProjectionSeed);
        fingerprint = _probe.Model.Device.AddTo(fingerprint);
        return Share(_options, pool.Count) > _options.WarmupMost ? fingerprint.Add("most", _options.WarmupMost) : fingerprint;
    }

    /// <summary>Trains, or reads what was trained.</summary>
    public Trajectory Run(RunStage stage, Pool pool, ExampleEncoder encoder, CancellationToken cancellationToken)
    {
        if (stage.IsComplete) return stage.ReadJson<Trajectory>(TrajectoryName);
        var trajectory = _options.Checkpoints == 0
            ? new Trajectory([new TrajectoryPoint("model", null, 1)], null, [], [], 0, 0)
            : Train(stage, pool, encoder, cancellationToken);
        AtomicFile.Write(stage.PathOf(TrajectoryName), s => JsonSerializer.Serialize(s, trajectory, RunJson.Indented));
        stage.Complete();
        SpentMemory.GiveBack();
        return trajectory;
    }

    /// <summary>Adapters of the features' size, with the values the warm-up starts from.</summary>
    public static LoraAdapters CreateAdapters(Decoder decoder, GradientFeatureOptions options) =>
        LoraAdapters.Create(decoder, new LoraOptions { Rank = options.LoraRank, Alpha = 4 * options.LoraRank }, options.ProjectionSeed);

    /// <summary>The fault of a pool none of whose random examples has an answer.</summary>
    public static PursuitException NothingToLearn(Pool pool, int examples) => PursuitException.At(
        pool.Sources[0].Path,
        $"no answer to learn in {examples:N0} random examples",
        $"assistant turns that fit in {ApiName.MaxLength}",
        $"Look at them with {ApiName.DatasetAudit}.");

    private static double Share(GradientFeatureOptions options, int pool) => Math.Ceiling(options.Warmup * pool);

    /// <summary>The pool's examples whatever their order: a permuted pool warms up alike.</summary>
    public static string PoolSet(Pool pool) =>
        new Fingerprint("pool-set").Add("ids", pool.ContentIds.ToArray().Select(id => id.ToString()).Order(StringComparer.Ordinal)).Hash;

    private Trajectory Train(RunStage stage, Pool pool, ExampleEncoder encoder, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var (rows, examples) = Choose(pool, encoder, cancellationToken);
        var trials = _options.LearningRate > 0 ? [] : Try(stage, examples, cancellationToken);
        var rate = _options.LearningRate > 0 ? _options.LearningRate : trials.MinBy(t => t.HeldOutLoss)!.LearningRate;
        _ = Training("warming up", rate, _options.Checkpoints).Run(stage.PathOf("training"), examples, null, cancellationToken);
        using var run = RunDirectory.Open(stage.PathOf("training"));
        var points = TrainingCheckpoint.All(Trainer.CheckpointsOf(run)).Where(c => c.State.Epoch is not null)
            .Select(
                c =>
                    new TrajectoryPoint(
                        string.Create(CultureInfo.InvariantCulture, $"epoch-{c.State.Epoch}"),
                        Path.GetRelativePath(stage.FullPath, c.FullPath),
                        c.State.MeanLearningRate)).ToArray();
        var tokens = examples.Sum(e => (long)e.Tokens.Length);
        return new Trajectory(
            points,
            rate,
            trials,
            [.. rows.Order()],
            tokens * _options.Checkpoints + examples.Take(MostTrialExamples).Sum(e => (long)e.Tokens.Length) * trials.Count,
            Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private (int[] Rows, List<TrainingExample> Examples) Choose(Pool pool, ExampleEncoder encoder, CancellationToken cancellationToken)
    {
        var order = Rows(_options, pool);
        var rows = new List<int>();
        var examples = new List<TrainingExample>();
        var position = 0;
        foreach (var example in pool.Read(order, cancellationToken))
        {
            var row = order[position++];
            if (encoder.TryEncode(example, out _) is not { AllMasked: false } encoded) continue;
            rows.Add(row);
            examples.Add(
                new TrainingExample(
                    encoded.Ids,
                    encoded.Trained,
                    1,
                    1,
                    FormattableString.Invariant($"{pool.Sources[example.Locator.Source].Path}, line {example.Locator.Line}")));
        }

        return examples.Count > 0
            ? ([.. rows], examples)
            : throw NothingToLearn(pool, order.Length);
    }

    /// <summary>One epoch with each rate on some of the examples; the loss on the rest of them decides.</summary>
    private List<RateTrial> Try(RunStage stage, List<TrainingExample> examples, CancellationToken cancellationToken)
    {
        var path = stage.PathOf("trials.json");
        // what is damaged is tried again
        var trials = SealedJson.TryRead<TrialsSoFar>(path, out var kept, out _) && kept.Stage == stage.Fingerprint
            ? kept.Trials.ToList()
            : [];
        // Of an earlier process that was killed behind its trial's entry in the list; the trial of the next rate goes on.
        foreach (var done in trials.Select((_, number) => TrialOf(stage, number))) Disk.DeleteDirectory(done);
        var held = Math.Max(1, (int)(HeldOutShare * TrialExamples(examples.Count)));
        var trained = examples.Take(MostTrialExamples).Skip(held).ToList();
        if (trained.Count == 0) return [new RateTrial(Rates[1], double.NaN)];
        var heldOut = new HeldOut(
            [.. examples.Take(held).Select((e, i) => new HeldOutPiece(e.Tokens, e.Supervised, i))], new long[held], null);
        foreach (var rate in Rates.Skip(trials.Count))
        {
            var directory = TrialOf(stage, trials.Count);
            var work = string.Create(CultureInfo.InvariantCulture, $"trying learning rate {rate:0.0e+0}");
            var result = Training(work, rate, 1).Run(directory, trained, heldOut, cancellationToken);
            trials.Add(new RateTrial(rate, result.HeldOut!.LossPerToken));
            SealedJson.Write(path, new TrialsSoFar(stage.Fingerprint, trials));
            Disk.DeleteDirectory(directory);
            SpentMemory.GiveBack();
        }

        return trials;
    }

    /// <summary>Where a rate's trial is made; by its number, so that none is taken for another's.</summary>
    private static string TrialOf(RunStage stage, int number) =>
        stage.PathOf(string.Create(CultureInfo.InvariantCulture, $"trial-{number + 1}"));

    private ProbeTraining Training(string work, double rate, int epochs) => new(_probe, _threads, _progress)
    {
        Work = work,
        LearningRate = rate,
        Epochs = epochs,
        Batch = _options.Batch,
        OnDamage = OnDamage,
    };

    /// <summary>The learning rates that were tried, while others are still to come.</summary>
    private sealed record TrialsSoFar(string Stage, IReadOnlyList<RateTrial> Trials);
}
