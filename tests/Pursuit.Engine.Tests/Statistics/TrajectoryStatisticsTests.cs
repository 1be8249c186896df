using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Models;
using Pursuit.Engine.Statistics;
using Pursuit.Engine.Tests.Features;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection.Features;

namespace Pursuit.Engine.Tests.Statistics;

/// <summary>Token statistics along a warm-up: each checkpoint says what a plain forward pass of its weights says.</summary>
public sealed class TrajectoryStatisticsTests : IDisposable
{
    private readonly FeatureWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Every_checkpoint_says_what_its_weights_say_and_which_tokens_it_predicts()
    {
        using var pool = Open(60);
        using var trajectory = Score("plain", pool, Recipe());
        trajectory.Checkpoints.Count.ShouldBe(3);
        var warmup = RunStage.Finished(_world.PathOf("plain"), "warm-up")!;
        var points = warmup.ReadJson<Trajectory>("trajectory.json").Checkpoints;
        var encoder = ModelEncoder.Load(_world.ModelPath(), 64);
        var likeliest = 0;
        for (var t = 0; t < points.Count; t++)
        {
            using var decoder = Decoder.Load(Path.Combine(warmup.FullPath, points[t].Directory!));
            using var worker = new DecoderWorker(decoder);
            foreach (var (example, i) in pool.Read(TestContext.Current.CancellationToken).Select((e, i) => (e, i)))
            {
                var ids = encoder.Encode(example).Ids;
                var vocabulary = decoder.Config.VocabularySize;
                var logits = new float[ids.Length * vocabulary];
                worker.Logits(Batch.Pack([(ids, null)]).Whole(LossReduction.ExampleSum), logits);
                var row = trajectory.Checkpoints[t].Read(0, i);
                row.Likeliest.Length.ShouldBe(ids.Length - 1);
                for (var k = 1; k < ids.Length; k++)
                {
                    var line = logits.AsSpan((k - 1) * vocabulary, vocabulary).ToArray();
                    ((double)row.LogProbability[k - 1]).ShouldBe(line[ids[k]] - Math.Log(line.Sum(x => Math.Exp((double)x))), 2e-5);
                    row.Likeliest[k - 1].ShouldBe(line[ids[k]] == line.Max() ? (byte)1 : (byte)0);
                    likeliest += row.Likeliest[k - 1];
                }
            }
        }

        likeliest.ShouldBeGreaterThan(100);
        var tokens = Enumerable.Range(0, pool.Count).Sum(i => (long)trajectory.Checkpoints[0].Read(0, i).Tokens.Length);
        trajectory.Report.Tokens.ShouldBe(3 * tokens);
    }

    [Fact]
    public void Threads_and_micro_batches_change_no_number_and_a_stopped_run_continues_to_the_same()
    {
        using var pool = Open(FeatureWorld.Rows);
        var recipe = Recipe();
        var whole = Numbers(Score("whole", pool, recipe));
        using var stop = new CancellationTokenSource();
        var other = recipe with { Threads = 2, Options = new ProbeOptions { MicroBatch = 131 } };
        Should.Throw<OperationCanceledException>(
            () => Score("stopped", pool, other, new FeatureWorld.StopAt(stop, "scoring tokens at epoch-2", 1024), stop.Token));
        Numbers(Score("stopped", pool, other)).ShouldBe(whole);
    }

    [Fact]
    public void The_warm_up_is_the_one_of_gradient_features_in_the_same_run()
    {
        using var pool = Open(60);
        Score("shared", pool, Recipe()).Dispose();
        var warmup = _world.PathOf("shared/stages/warm-up");
        var before = FeatureWorld.Files(warmup);
        var written = File.GetLastWriteTimeUtc(Path.Combine(warmup, "trajectory.json"));
        using var run = RunDirectory.Open(_world.PathOf("shared"));
        var features = new GradientFeatures(
            new FeatureRecipe<GradientFeatureOptions>
            {
                Model = _world.ModelPath(),
                MaxLength = 64,
                Options = Recipe().Warmup,
                Threads = 1,
            },
            run);
        features.OfPool(pool, TestContext.Current.CancellationToken).Features.Dispose();
        FeatureWorld.Files(warmup).ShouldBe(before);
        File.GetLastWriteTimeUtc(Path.Combine(warmup, "trajectory.json")).ShouldBe(written);
    }

    [Fact]
    public void Adapters_along_a_training_score_as_the_model_they_are_added_to()
    {
        using var pool = Open(40);
        var recipe = Recipe() with { Warmup = Recipe().Warmup with { Kind = GradientKind.Lora, LoraRank = 2 } };
        using var trajectory = Score("lora", pool, recipe);
        var first = Numbers(trajectory.Checkpoints[0]);
        first.ShouldNotBe(Numbers(trajectory.Checkpoints[^1]));
        using var run = RunDirectory.Open(_world.PathOf("plain"));
        var plain = new StatisticsSource(recipe, run).OfPool(pool, answersAlone: false, TestContext.Current.CancellationToken);
        using var model = plain.Features;
        Numbers(model).ShouldNotBe(first);
    }

    [Fact]
    public void Fewer_than_two_checkpoints_and_no_model_are_refused()
    {
        using var pool = Open(20);
        Should.Throw<PursuitException>(
            () => Score("one", pool, Recipe() with { Warmup = Recipe().Warmup with { Checkpoints = 1 } })).Message
            .ShouldContain("features.checkpoints: 1; expected at least 2");
        Should.Throw<PursuitException>(() => Score("none", pool, Recipe() with { Model = null })).Message.ShouldContain("Model");
    }

    private StatisticsRecipe Recipe() => new()
    {
        Model = _world.ModelPath(),
        MaxLength = 64,
        Threads = 1,
        Warmup = new GradientFeatureOptions { Checkpoints = 3, LearningRate = 0.01 },
    };

    private Pool Open(int rows)
    {
        var path = _world.Write($"pool-{rows}.jsonl", string.Concat(FeatureWorld.Lines().Take(rows)));
        return Pool.Open(new PoolOptions { Paths = [path] }, null, TestContext.Current.CancellationToken);
    }

    private Opened Score(
        string name, Pool pool, StatisticsRecipe recipe, IProgress<WorkProgress>? progress = null, CancellationToken? token = null)
    {
        using var run = RunDirectory.Open(_world.PathOf(name));
        var made = new StatisticsSource(recipe, run, progress).OfTrajectory(pool, token ?? TestContext.Current.CancellationToken);
        return new Opened(made.Checkpoints, made.Report);
    }

    private static float[] Numbers(Opened trajectory)
    {
        using (trajectory) return [.. trajectory.Checkpoints.SelectMany(Numbers)];
    }

    private static float[] Numbers(ITokenStatistics statistics) =>
        [.. Enumerable.Range(0, statistics.Count).SelectMany(i => statistics.Read(0, i).LogProbability.ToArray())];

    private sealed record Opened(IReadOnlyList<ITokenStatistics> Checkpoints, StatisticsReport Report) : IDisposable
    {
        public void Dispose()
        {
            foreach (var checkpoint in Checkpoints) checkpoint.Dispose();
        }
    }
}
