using System.Diagnostics;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Statistics;

/// <summary>
/// The stage that measures how much the gradient at each example's input embeddings varies over a warm-up's checkpoints: shard by shard,
/// each under its final name only when whole. A killed stage goes on with the shards that are missing.
/// </summary>
internal sealed class GradientVariances
{
    /// <summary>The stage's name.</summary>
    public const string StageName = "gradient-variances";

    private const string ReportName = "report.json";
    private const int ShardRows = 1024;

    /// <summary>Numbers whose mean and variance are kept at once: 256 MiB. More spares reading checkpoints.</summary>
    private const int GroupValues = 1 << 25;

    private readonly WarmedModel _model;
    private readonly StatisticsRecipe _recipe;

    /// <summary>Prepares the measure.</summary>
    /// <param name="model">The model that is trained.</param>
    /// <param name="recipe">Threads and micro-batches.</param>
    public GradientVariances(WarmedModel model, StatisticsRecipe recipe) => (_model, _recipe) = (model, recipe);

    private ProbeModel Probe => _model.Probe.Model;

    /// <summary>Trains and measures, or reads what was made.</summary>
    /// <param name="run">Gets the stages.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancellationToken">Stops between micro-batches; what is finished stays.</param>
    /// <exception cref="PursuitException">The pool has nothing to learn, or a gradient isn't finite.</exception>
    public ComputedVariances Measure(
        RunDirectory run, Pool pool, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var warmed = _model.Train(run, pool, progress, cancellationToken);
        var fingerprint = Probe.AddTo(new Fingerprint("gradient-variances/1"), pool.Fingerprint).Add("warm-up", warmed.Fingerprint);
        var stage = run.OpenStage(StageName, fingerprint, ShardFacts.IsFile);
        var facts = Facts(stage);
        if (stage.IsComplete && Enumerable.Range(0, ShardsOf(pool.Count)).Any(shard => !facts.Has(shard)))
        {
            run.OnDamage?.Invoke($"{stage.FullPath}: a shard of gradients' variances is missing, or not as it was written.");
            stage.Reopen();
        }

        if (!stage.IsComplete) Make(stage, facts, warmed, pool, progress, cancellationToken);
        return Read(stage, pool.Count);
    }

    /// <summary>Reads a finished stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="count">Examples that were measured.</param>
    /// <exception cref="PursuitException">A shard isn't as it was written.</exception>
    public static ComputedVariances Read(RunStage stage, int count) => new(
        [.. Facts(stage).Read(ShardsOf(count)).Values.SelectMany(own => own)], stage.Fingerprint,
        stage.ReadJson<StatisticsReport>(ReportName));

    /// <summary>Per shard: tokens with a gradient, examples without an answer, and variances [rows], NaN without an answer.</summary>
    private static ShardFacts Facts(RunStage stage) => new(stage, "variances", 2);

    private static int ShardsOf(int count) => (count + ShardRows - 1) / ShardRows;

    private void Make(
        RunStage stage, ShardFacts facts, WarmedTrajectory warmed, Pool pool, IProgress<WorkProgress>? progress,
        CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var model = LoadedModel.At(_model.Probe, null);
        using var workers = new DecoderPool(
            model.Decoder, new DecoderPoolOptions { Threads = _recipe.Threads, MicroBatchTokens = _recipe.Options.MicroBatch });
        string[] checkpoints = [.. Enumerable.Range(0, warmed.Trajectory.Checkpoints.Count).Select(t => warmed.PathOf(t)!)];
        for (var shard = 0; shard < ShardsOf(pool.Count); shard++)
        {
            if (facts.Has(shard)) continue;
            int[] rows = [.. Enumerable.Range(shard * ShardRows, Math.Min(ShardRows, pool.Count - shard * ShardRows))];
            var examples = Encode(pool, rows, cancellationToken);
            var variances = new float[rows.Length];
            Array.Fill(variances, float.NaN);
            foreach (var group in Groups(examples))
            {
                var batch = Batch.Pack([.. group.Select(i => (examples[i]!.Ids, (bool[]?)examples[i]!.Trained))]);
                var own = Of(workers, batch, Probe.Config.HiddenSize, checkpoints, model.Restore, cancellationToken);
                for (var i = 0; i < group.Length; i++) variances[group[i]] = (float)own[i];
                progress?.Report(new WorkProgress("measuring gradients", rows[group[^1]] + 1, pool.Count, "examples"));
            }

            Check(pool, rows, examples, variances);
            facts.Write(
                shard, [examples.Sum(e => e is null ? 0L : e.Ids.Length), examples.Count(e => e is null)], variances);
        }

        var totals = facts.Read(ShardsOf(pool.Count)).Totals;
        var report = Report(totals[0], (int)totals[1], warmed.Trajectory, Stopwatch.GetElapsedTime(started).TotalSeconds);
        AtomicFile.Write(stage.PathOf(ReportName), s => JsonSerializer.Serialize(s, report, RunJson.Indented));
        stage.Complete();
    }

    /// <summary>A shard's examples; null for one without a token to learn.</summary>
    private EncodedExample?[] Encode(Pool pool, int[] rows, CancellationToken cancellationToken)
    {
        var read = pool.Read(rows, cancellationToken).ToArray();
        var encoded = new EncodedExample?[read.Length];
        Parallel.For(
            0, read.Length, new ParallelOptions { MaxDegreeOfParallelism = _recipe.Threads, CancellationToken = cancellationToken },
            i => encoded[i] = Probe.Encoder.TryEncode(read[i], out _) is { AllMasked: false } own ? own : null);
        return encoded;
    }

    /// <summary>The examples with an answer in groups whose gradients fit in memory.</summary>
    private IEnumerable<int[]> Groups(EncodedExample?[] examples)
    {
        var most = Math.Max(1, GroupValues / Probe.Config.HiddenSize);
        var (group, tokens) = (new List<int>(), 0);
        for (var i = 0; i < examples.Length; i++)
        {
            if (examples[i] is not { } example) continue;
            if (group.Count > 0 && tokens + example.Ids.Length > most)
            {
                yield return [.. group];
                group.Clear();
                tokens = 0;
            }

            group.Add(i);
            tokens += example.Ids.Length;
        }

        if (group.Count > 0) yield return [.. group];
    }

    /// <summary>
    /// Each example's mean, over its tokens and the embeddings' dimensions, of the variance over checkpoints of the gradient of its mean
    /// loss.
    /// </summary>
    /// <param name="workers">Workers of the model.</param>
    /// <param name="batch">The examples.</param>
    /// <param name="hidden">The embeddings' dimensions.</param>
    /// <param name="checkpoints">The checkpoints' directories.</param>
    /// <param name="restore">Loads one into the model.</param>
    /// <param name="cancellationToken">Stops between micro-batches.</param>
    /// <returns>[examples]; 0 for one without a token to learn.</returns>
    internal static double[] Of(
        DecoderPool workers, Batch batch, int hidden, IReadOnlyList<string> checkpoints, Action<string> restore,
        CancellationToken cancellationToken)
    {
        var running = new RunningVariance(batch.Tokens.Length * hidden);
        InputGradients[] consumers = [.. Enumerable.Range(0, workers.Workers).Select(_ => new InputGradients())];
        for (var state = 1; state <= checkpoints.Count; state++)
        {
            restore(checkpoints[state - 1]);
            var now = state;
            // Each example's gradient is that of its own mean loss, so the objective is the sum.
            workers.ForEach(
                batch,
                LossReduction.ExampleSum,
                new Pass { IsBackward = true, AddsUp = true },
                (worker, number, part) =>
                {
                    worker.ForwardBackward(part, consumers[number], new double[part.Examples]);
                    running.Add(batch.Offsets[part.FirstExample] * hidden, consumers[number].Values, now);
                },
                cancellationToken);
        }

        return
        [
            .. Enumerable.Range(0, batch.Examples).Select(i => running.Mean(
                batch.Offsets[i] * hidden, (batch.Offsets[i + 1] - batch.Offsets[i]) * hidden, checkpoints.Count)),
        ];
    }

    private static void Check(Pool pool, int[] rows, EncodedExample?[] examples, float[] variances)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            if (examples[i] is null || float.IsFinite(variances[i])) continue;
            var locator = pool.Locator(rows[i]);
            throw PursuitException.At(
                $"{pool.Sources[locator.Source].Path}, line {locator.Line}", "a gradient that isn't finite", "finite gradients",
                $"Lower the warm-up's rate ({ApiName.Set} features.learning-rate=1e-4), or look at that record.");
        }
    }

    private StatisticsReport Report(long tokens, int without, Trajectory trajectory, double seconds) => new()
    {
        Models = [Path.GetFullPath(Probe.Path)],
        Window = Probe.Encoder.MaxLength,
        Stride = Probe.Encoder.MaxLength,
        Tokens = tokens,
        ModelTokens = tokens * trajectory.Checkpoints.Count + trajectory.Tokens,
        UnknownTokens = 0,
        Unscored = without,
        Seconds = seconds + trajectory.Seconds,
    };
}
