using System.Text.Json;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Runs;

namespace Pursuit.Engine.Tests.Features;

/// <summary>The whole way from records to stores: what changes them, what doesn't, and what survives a kill.</summary>
public sealed class GradientFeaturesTests : IDisposable
{
    private const int Rows = FeatureWorld.Rows;
    private static readonly GradientFeatureOptions Quick =
        new() { Checkpoints = 2, Dimension = 32, Factor = 4, Warmup = 0.02, LearningRate = 0.01, Batch = 8 };

    private readonly FeatureWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_stopped_run_continues_to_the_same_bytes_and_a_finished_one_is_reused()
    {
        var (whole, _) = Make("whole", Quick);
        using var stop = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(
            () => Make("stopped", Quick, progress: new FeatureWorld.StopAt(stop, "gradients of the pool", 1024), token: stop.Token));
        var first = Path.Combine(_world.PathOf("stopped"), "stages/pool-gradients/store/shard-00000.safetensors");
        var written = File.GetLastWriteTimeUtc(first);
        Make("stopped", Quick).Store.ShouldBe(whole);
        File.GetLastWriteTimeUtc(first).ShouldBe(written, "a finished shard stays");
        var last = Path.Combine(_world.PathOf("stopped"), "stages/pool-gradients/store/shard-00001.safetensors");
        written = File.GetLastWriteTimeUtc(last);
        Make("stopped", Quick).Store.ShouldBe(whole);
        File.GetLastWriteTimeUtc(last).ShouldBe(written);
    }

    [Fact]
    public void Threads_and_micro_batches_of_extraction_change_no_byte()
    {
        // The warm-up sums its micro-batches' gradients, so there a micro-batch is part of the result.
        var options = Quick with { Checkpoints = 0, Preconditioning = Preconditioning.None };
        var (one, _) = Make("one", options, threads: 1);
        Make("two", options with { MicroBatch = 77 }, threads: 2).Store.ShouldBe(one);
        var (warm, _) = Make("warm-1", Quick, threads: 1);
        Make("warm-2", Quick, threads: 2).Store.ShouldBe(warm);
    }

    [Fact]
    public void A_permuted_pool_gives_every_example_the_same_feature()
    {
        var lines = FeatureWorld.Lines().ToArray();
        var reversed = _world.Write("reversed.jsonl", string.Concat(lines.Reverse()));
        using var pool = Pool.Open(new PoolOptions { Paths = [_world.Data()] }, null, TestContext.Current.CancellationToken);
        using var other = Pool.Open(new PoolOptions { Paths = [reversed] }, null, TestContext.Current.CancellationToken);
        using var run = RunDirectory.Open(_world.PathOf("a"));
        using var otherRun = RunDirectory.Open(_world.PathOf("b"));
        var (made, otherMade) = (Source(run, Quick).OfPool(pool, TestContext.Current.CancellationToken),
            Source(otherRun, Quick).OfPool(other, TestContext.Current.CancellationToken));
        using var features = made.Features;
        using var otherFeatures = otherMade.Features;
        var (losses, report) = (made.Losses!, (GradientReport)made.Report);
        losses.Rows.ShouldBe(Rows);
        for (var i = 0; i < Rows; i++)
            losses.Row(i).ToArray().ShouldBe(otherMade.Losses!.Row(Rows - 1 - i).ToArray(), "an example's losses are its own");
        for (var t = 0; t < 2; t++)
            Enumerable.Range(0, Rows).Average(i => (double)losses.Row(i)[t]).ShouldBe(report.Checkpoints[t].MeanLoss!.Value, 1e-9);
        var scratch = new float[features.Dimension];
        foreach (var i in new[] { 0, 5, 1023, 1024, Rows - 1 })
            for (var t = 0; t < 2; t++)
            {
                var a = features.Read(t, i, 1, scratch).BFloats.ToArray();
                var b = otherFeatures.Read(t, Rows - 1 - i, 1, scratch).BFloats.ToArray();
                a.ShouldBe(b);
            }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public void Kronecker_factors_continue_after_a_stop_and_depend_on_the_pool_but_not_on_its_order(int checkpoints)
    {
        var options = Quick with { Preconditioning = Preconditioning.Kronecker, Checkpoints = checkpoints };
        var (whole, report) = Make("whole", options, threads: 1);
        report.Preconditioning.ShouldBe("kronecker");
        using var stop = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(() => Make(
            "stopped", options, progress: new FeatureWorld.StopAt(stop, "curvature", Math.Max(0, checkpoints - 1)), token: stop.Token));
        Make("stopped", options).Store.ShouldBe(whole);
        string Factors(string run) => FeatureWorld.Files(_world.PathOf(run + "/stages/kronecker"))["factors-1.safetensors"];
        Factors("stopped").ShouldBe(Factors("whole"));
        var lines = FeatureWorld.Lines().ToArray();
        Make("reversed", options, _world.Write("reversed.jsonl", string.Concat(lines.Reverse())));
        Factors("reversed").ShouldBe(Factors("whole"));
        Make("other", options, _world.Write("other.jsonl", string.Concat(lines[..900])));
        Factors("other").ShouldNotBe(Factors("whole"));
        Make("stopped", options with { Epsilon = 0.5 }).Store.ShouldNotBe(whole);
    }

    public static TheoryData<string> Changes { get; } = new(
        "kind", "store", "preconditioning", "dimension", "factor", "epsilon", "checkpoints", "warmup", "learning-rate", "batch", "seed",
        "max-length", "pool", "model");

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_never_reuses_what_was_made_before(string change)
    {
        var (before, _) = Make("run", Quick);
        var options = change switch
        {
            "store" => Quick with { Store = GradientStoreType.Int8 },
            "kind" => Quick with { Kind = GradientKind.Full },
            "preconditioning" => Quick with { Preconditioning = Preconditioning.None },
            "dimension" => Quick with { Dimension = 31 },
            "factor" => Quick with { Factor = 3 },
            "epsilon" => Quick with { Epsilon = 1e-3 },
            "checkpoints" => Quick with { Checkpoints = 1 },
            "warmup" => Quick with { Warmup = 0.1 },
            "learning-rate" => Quick with { LearningRate = 0.02 },
            "batch" => Quick with { Batch = 16 },
            "seed" => Quick with { Seed = 1 },
            _ => Quick,
        };
        var data = change == "pool"
            ? _world.Write("changed.jsonl", string.Concat(FeatureWorld.Lines().Select((l, i) => i == 700
                ? l.Replace("nine", "ten", StringComparison.Ordinal).Replace("one", "two", StringComparison.Ordinal)
                    .Replace("A", "B", StringComparison.Ordinal)
                : l)))
            : null;
        if (change == "model") _world.SaveModel(seed: 6);
        var (after, _) = Make("run", options, data, maxLength: change == "max-length" ? 12 : 64);
        after.ShouldNotBe(before);
        // What is left in the run is what a fresh run makes.
        Make("fresh", options, data, maxLength: change == "max-length" ? 12 : 64).Store.ShouldBe(after);
    }

    [Theory]
    [InlineData(GradientKind.Lora, Preconditioning.Symmetric)]
    [InlineData(GradientKind.Lora, Preconditioning.Adam)]
    [InlineData(GradientKind.Full, Preconditioning.Adam)]
    [InlineData(GradientKind.Factored, Preconditioning.Kronecker)]
    public void Every_kind_goes_the_whole_way_and_adam_treats_pool_and_target_apart(GradientKind kind, Preconditioning preconditioning)
    {
        using var pool = Pool.Open(
            new PoolOptions { Paths = [_world.Write("small.jsonl", string.Concat(FeatureWorld.Lines().Take(80)))] }, null,
            TestContext.Current.CancellationToken);
        using var target = Pool.Open(
            new PoolOptions { Paths = [_world.Write("target.jsonl", string.Concat(FeatureWorld.Lines().Take(8)))] }, null,
            TestContext.Current.CancellationToken);
        using var run = RunDirectory.Open(_world.PathOf("run"));
        var source = Source(run, Quick with { Kind = kind, Preconditioning = preconditioning, LoraRank = 2 });
        var made = source.OfPool(pool, TestContext.Current.CancellationToken);
        using var ofPool = made.Features;
        using var ofTarget = source.OfTarget(pool, target, TestContext.Current.CancellationToken).Features;
        var report = made.Report.ShouldBeOfType<GradientReport>();
        report.Kind.ShouldBe(kind.ToString().ToLowerInvariant());
        report.Preconditioning.ShouldBe(preconditioning.ToString().ToLowerInvariant());
        report.Checkpoints[1].MeanLoss!.Value.ShouldNotBe(report.Checkpoints[0].MeanLoss!.Value);
        for (var i = 0; i < 8; i++)
        {
            ofPool.Norms(1)[i].ShouldBeGreaterThan(0);
            // The target's examples are the pool's first; only Adam's directions tell the sides apart.
            (ofPool.Norms(1)[i] == ofTarget.Norms(1)[i]).ShouldBe(preconditioning != Preconditioning.Adam);
        }
    }

    [Fact]
    public void The_report_counts_what_was_made()
    {
        var (_, report) = Make("run", Quick);
        report.Kind.ShouldBe("factored");
        report.Dimension.ShouldBe(32);
        report.Checkpoints.Count.ShouldBe(2);
        report.Checkpoints[0].CosineToPrevious.ShouldBeNull();
        report.Checkpoints[1].CosineToPrevious!.Value.ShouldBeInRange(0.01, 0.9999);
        report.Checkpoints[1].MeanLoss!.Value.ShouldBeLessThan(report.Checkpoints[0].MeanLoss!.Value);
        report.Checkpoints[0].MeanLearningRate.ShouldBeGreaterThan(report.Checkpoints[1].MeanLearningRate);
        report.WarmupRows.Count.ShouldBe(64);
        report.WithoutAnswer.ShouldBe(0);
        report.Tokens.ShouldBeGreaterThan(2 * Rows * 5);
    }

    [Fact]
    public void Examples_that_were_cut_are_counted_and_said()
    {
        var lines = string.Concat(FeatureWorld.Lines().Take(60)) + string.Concat(Enumerable.Range(0, 3).Select(
            i => JsonSerializer.Serialize(new { prompt = $"A{i}", completion = string.Concat(Enumerable.Repeat($"one two {i} ", 40)) })
                + "\n"));
        var (_, report) = Make("cut", Quick, _world.Write("cut.jsonl", lines));
        (report.Cut, report.MaxLength).ShouldBe((3, 64));
    }

    [Fact]
    public void The_best_of_three_learning_rates_is_taken_where_none_is_given()
    {
        var (_, report) = Make("run", Quick with { LearningRate = 0 });
        report.LearningRate.ShouldBe(1e-3); // a random model of 5,000 weights learns faster the higher it is
    }

    [Fact]
    public void Another_run_lends_its_features_and_is_never_changed()
    {
        Make("lender", Quick);
        var before = FeatureWorld.Files(_world.PathOf("lender"));
        var target = _world.Write("target.jsonl", string.Concat(FeatureWorld.Lines().Take(12)));
        using var pool = Pool.Open(new PoolOptions { Paths = [_world.Data()] }, null, TestContext.Current.CancellationToken);
        using var targets = Pool.Open(new PoolOptions { Paths = [target] }, null, TestContext.Current.CancellationToken);
        using (var run = RunDirectory.Open(_world.PathOf("borrower")))
        {
            var source = GradientFeatures.Shared(_world.PathOf("lender"), run, new LentFeatures { Threads = 2 }, StageShare.Whole, null);
            using var ofPool = source.OfPool(pool, TestContext.Current.CancellationToken).Features;
            using var ofTarget = source.OfTarget(pool, targets, TestContext.Current.CancellationToken).Features;
            // The target's examples are the pool's first twelve, so their features are too.
            var scratch = new float[ofPool.Dimension];
            for (var i = 0; i < 12; i++)
                ofTarget.Read(1, i, 1, scratch).BFloats.ToArray().ShouldBe(ofPool.Read(1, i, 1, scratch).BFloats.ToArray());

            var other = _world.Write("other.jsonl", string.Concat(FeatureWorld.Lines().Skip(1)));
            using var otherPool = Pool.Open(new PoolOptions { Paths = [other] }, null, TestContext.Current.CancellationToken);
            Should.Throw<PursuitException>(() => source.OfPool(otherPool, TestContext.Current.CancellationToken)).Message
                .ShouldContain("another pool");
        }

        FeatureWorld.Files(_world.PathOf("lender")).ShouldBe(before);
    }

    [Fact]
    public void A_target_without_an_answer_is_refused_and_records_without_one_get_zero_rows()
    {
        var silent = """{"messages":[{"role":"user","content":"nobody answers this"}]}""" + "\n";
        var spoken = Enumerable.Range(0, 30).Select(
            i => JsonSerializer.Serialize(
                new { messages = new[] { new { role = "user", content = $"say {i}" }, new { role = "assistant", content = "one two" } } })
                + "\n");
        var data = _world.Write("silent.jsonl", string.Concat(spoken) + silent);
        var target = _world.Write("silent-target.jsonl", silent);
        using var pool = Pool.Open(new PoolOptions { Paths = [data] }, null, TestContext.Current.CancellationToken);
        using var targets = Pool.Open(new PoolOptions { Paths = [target] }, null, TestContext.Current.CancellationToken);
        using var run = RunDirectory.Open(_world.PathOf("run"));
        var source = Source(run, Quick);
        var made = source.OfPool(pool, TestContext.Current.CancellationToken);
        made.Report.ZeroRows.ShouldBe(1);
        made.Features.Norms(0)[30].ShouldBe(0);
        made.Features.Dispose();
        Should.Throw<PursuitException>(() => source.OfTarget(pool, targets, TestContext.Current.CancellationToken)).Message
            .ShouldContain("none with a token to learn");
    }

    private GradientFeatures Source(
        RunDirectory run, GradientFeatureOptions options, IProgress<WorkProgress>? progress = null, int threads = 2, int maxLength = 64) =>
        new(
            new FeatureRecipe<GradientFeatureOptions>
            {
                Model = _world.ModelPath(),
                MaxLength = maxLength,
                Options = options,
                Threads = threads,
            },
            run, progress);

    /// <summary>Makes a pool's features and returns the store's bytes, hashed, and the report.</summary>
    private (SortedDictionary<string, string> Store, GradientReport Report) Make(
        string name, GradientFeatureOptions options, string? data = null, IProgress<WorkProgress>? progress = null, int threads = 2,
        int maxLength = 64, CancellationToken? token = null)
    {
        using var pool = Pool.Open(new PoolOptions { Paths = [data ?? _world.Data()] }, null, TestContext.Current.CancellationToken);
        using var run = RunDirectory.Open(_world.PathOf(name));
        var made = Source(run, options, progress, threads, maxLength).OfPool(pool, token ?? TestContext.Current.CancellationToken);
        made.Features.Dispose();
        var files = FeatureWorld.Files(_world.PathOf(name + "/stages/pool-gradients/store"));
        files.Remove("features.json"); // its id is the fingerprint of the options themselves
        return (files, (GradientReport)made.Report);
    }
}
