using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Runs;
using Pursuit.TestKit;
using Pursuit.Tokenization;

namespace Pursuit.Engine.Tests.Features;

/// <summary>The whole way from records to stores: what changes them, what doesn't, and what survives a kill.</summary>
public sealed class GradientFeaturesTests : IDisposable
{
    private const int Rows = 1100; // two shards
    private static readonly GradientFeatureOptions Quick = new() { Checkpoints = 2, Dimension = 32, Factor = 4, Warmup = 0.02, LearningRate = 0.01, Batch = 8 };

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_stopped_run_continues_to_the_same_bytes_and_a_finished_one_is_reused()
    {
        var (whole, _) = Make("whole", Quick);
        using var stop = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(() => Make("stopped", Quick, progress: new StopAt(stop, "gradients of the pool", 1024), token: stop.Token));
        var first = Path.Combine(_directory.PathOf("stopped"), "stages/pool-gradients/store/shard-00000.safetensors");
        var written = File.GetLastWriteTimeUtc(first);
        Make("stopped", Quick).Store.ShouldBe(whole);
        File.GetLastWriteTimeUtc(first).ShouldBe(written, "a finished shard stays");
        var last = Path.Combine(_directory.PathOf("stopped"), "stages/pool-gradients/store/shard-00001.safetensors");
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
        var lines = Lines().ToArray();
        var reversed = _directory.Write("reversed.jsonl", string.Concat(lines.Reverse()));
        using var pool = Pool.Open(new PoolOptions { Paths = [Data()] }, null, TestContext.Current.CancellationToken);
        using var other = Pool.Open(new PoolOptions { Paths = [reversed] }, null, TestContext.Current.CancellationToken);
        using var run = RunDirectory.Open(_directory.PathOf("a"));
        using var otherRun = RunDirectory.Open(_directory.PathOf("b"));
        var (made, otherMade) = (Source(run, Quick).OfPool(pool, TestContext.Current.CancellationToken), Source(otherRun, Quick).OfPool(other, TestContext.Current.CancellationToken));
        using var features = made.Features;
        using var otherFeatures = otherMade.Features;
        made.Losses.Rows.ShouldBe(Rows);
        for (var i = 0; i < Rows; i++) made.Losses.Of(i).ToArray().ShouldBe(otherMade.Losses.Of(Rows - 1 - i).ToArray(), "an example's losses are its own");
        for (var t = 0; t < 2; t++) Enumerable.Range(0, Rows).Average(i => (double)made.Losses.Of(i)[t]).ShouldBe(made.Report.Checkpoints[t].MeanLoss!.Value, 1e-9);
        var scratch = new float[features.Dimension];
        foreach (var i in new[] { 0, 5, 1023, 1024, Rows - 1 })
            for (var t = 0; t < 2; t++)
            {
                var a = features.Read(t, i, 1, scratch).BFloats.ToArray();
                var b = otherFeatures.Read(t, Rows - 1 - i, 1, scratch).BFloats.ToArray();
                a.ShouldBe(b);
            }
    }

    public static TheoryData<string> Changes { get; } = new("kind", "preconditioning", "dimension", "factor", "epsilon", "checkpoints", "warmup", "learning-rate", "batch", "seed", "max-length", "pool", "model");

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_never_reuses_what_was_made_before(string change)
    {
        var (before, _) = Make("run", Quick);
        var options = change switch
        {
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
        var data = change == "pool" ? _directory.Write("changed.jsonl", string.Concat(Lines().Select((l, i) => i == 700 ? l.Replace("nine", "ten", StringComparison.Ordinal).Replace("one", "two", StringComparison.Ordinal).Replace("A", "B", StringComparison.Ordinal) : l))) : null;
        if (change == "model") SaveModel(seed: 6);
        var (after, _) = Make("run", options, data, maxLength: change == "max-length" ? 12 : 64);
        after.ShouldNotBe(before);
        // What is left in the run is what a fresh run makes.
        Make("fresh", options, data, maxLength: change == "max-length" ? 12 : 64).Store.ShouldBe(after);
    }

    [Theory]
    [InlineData(GradientKind.Lora, Preconditioning.Symmetric)]
    [InlineData(GradientKind.Lora, Preconditioning.Adam)]
    [InlineData(GradientKind.Full, Preconditioning.Adam)]
    public void Every_kind_goes_the_whole_way_and_adam_treats_pool_and_target_apart(GradientKind kind, Preconditioning preconditioning)
    {
        using var pool = Pool.Open(new PoolOptions { Paths = [_directory.Write("small.jsonl", string.Concat(Lines().Take(80)))] }, null, TestContext.Current.CancellationToken);
        using var target = Pool.Open(new PoolOptions { Paths = [_directory.Write("target.jsonl", string.Concat(Lines().Take(8)))] }, null, TestContext.Current.CancellationToken);
        using var run = RunDirectory.Open(_directory.PathOf("run"));
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
            (ofPool.Norms(1)[i] == ofTarget.Norms(1)[i]).ShouldBe(preconditioning == Preconditioning.Symmetric);
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
    public void The_best_of_three_learning_rates_is_taken_where_none_is_given()
    {
        var (_, report) = Make("run", Quick with { LearningRate = 0 });
        report.LearningRate.ShouldBe(1e-3); // a random model of 5,000 weights learns faster the higher it is
    }

    [Fact]
    public void Another_run_lends_its_features_and_is_never_changed()
    {
        Make("lender", Quick);
        var before = Files(_directory.PathOf("lender"));
        var target = _directory.Write("target.jsonl", string.Concat(Lines().Take(12)));
        using var pool = Pool.Open(new PoolOptions { Paths = [Data()] }, null, TestContext.Current.CancellationToken);
        using var targets = Pool.Open(new PoolOptions { Paths = [target] }, null, TestContext.Current.CancellationToken);
        using (var run = RunDirectory.Open(_directory.PathOf("borrower")))
        {
            var source = GradientFeatures.Shared(_directory.PathOf("lender"), run, null, 2, null);
            using var ofPool = source.OfPool(pool, TestContext.Current.CancellationToken).Features;
            using var ofTarget = source.OfTarget(pool, targets, TestContext.Current.CancellationToken).Features;
            // The target's examples are the pool's first twelve, so their features are too.
            var scratch = new float[ofPool.Dimension];
            for (var i = 0; i < 12; i++) ofTarget.Read(1, i, 1, scratch).BFloats.ToArray().ShouldBe(ofPool.Read(1, i, 1, scratch).BFloats.ToArray());

            var other = _directory.Write("other.jsonl", string.Concat(Lines().Skip(1)));
            using var otherPool = Pool.Open(new PoolOptions { Paths = [other] }, null, TestContext.Current.CancellationToken);
            Should.Throw<PursuitException>(() => source.OfPool(otherPool, TestContext.Current.CancellationToken)).Message.ShouldContain("another pool");
        }

        Files(_directory.PathOf("lender")).ShouldBe(before);
    }

    [Fact]
    public void A_target_without_an_answer_is_refused_and_records_without_one_get_zero_rows()
    {
        var silent = """{"messages":[{"role":"user","content":"nobody answers this"}]}""" + "\n";
        var spoken = Enumerable.Range(0, 30).Select(i => JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = $"say {i}" }, new { role = "assistant", content = "one two" } } }) + "\n");
        var data = _directory.Write("silent.jsonl", string.Concat(spoken) + silent);
        var target = _directory.Write("silent-target.jsonl", silent);
        using var pool = Pool.Open(new PoolOptions { Paths = [data] }, null, TestContext.Current.CancellationToken);
        using var targets = Pool.Open(new PoolOptions { Paths = [target] }, null, TestContext.Current.CancellationToken);
        using var run = RunDirectory.Open(_directory.PathOf("run"));
        var source = Source(run, Quick);
        var made = source.OfPool(pool, TestContext.Current.CancellationToken);
        made.Report.ZeroRows.ShouldBe(1);
        made.Features.Norms(0)[30].ShouldBe(0);
        made.Features.Dispose();
        Should.Throw<PursuitException>(() => source.OfTarget(pool, targets, TestContext.Current.CancellationToken)).Message.ShouldContain("none with a token to learn");
    }

    private static IEnumerable<string> Lines()
    {
        string[] words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
        for (var i = 0; i < Rows; i++)
            yield return JsonSerializer.Serialize(new { prompt = $"A{i}: {words[i % 10]} and {words[i / 10 % 10]}", completion = $"{words[i * 7 % 10]} {words[i * 3 / 10 % 10]}" }) + "\n";
    }

    private static SortedDictionary<string, string> Files(string directory) =>
        new(Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("run.lock", StringComparison.Ordinal))
            .ToDictionary(f => Path.GetRelativePath(directory, f), f => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))), StringComparer.Ordinal);

    private string Data() => File.Exists(_directory.PathOf("data.jsonl")) ? _directory.PathOf("data.jsonl") : _directory.Write("data.jsonl", string.Concat(Lines()));

    private string ModelPath()
    {
        if (!Directory.Exists(_directory.PathOf("model"))) SaveModel(seed: 5);
        return _directory.PathOf("model");
    }

    private void SaveModel(ulong seed)
    {
        var path = _directory.PathOf("model");
        var tokenizer = BpeTrainer.Train(Lines().Take(50), new BpeTrainingOptions { VocabularySize = 280, BosToken = "<|endoftext|>" });
        tokenizer.Save(path);
        using var decoder = Decoder.Create(new DecoderShape { Width = 16, Layers = 2, Heads = 2, Mlp = 32, Context = 64 }.ToConfig(tokenizer.VocabularySize, 0, 0), seed, 0.1f);
        decoder.Save(path);
    }

    private GradientFeatures Source(RunDirectory run, GradientFeatureOptions options, IProgress<WorkProgress>? progress = null, int threads = 2, int maxLength = 64) =>
        new(new FeatureRecipe<GradientFeatureOptions> { Model = ModelPath(), MaxLength = maxLength, Options = options, Threads = threads }, run, progress);

    /// <summary>Makes a pool's features and returns the store's bytes, hashed, and the report.</summary>
    private (SortedDictionary<string, string> Store, GradientReport Report) Make(string name, GradientFeatureOptions options, string? data = null, IProgress<WorkProgress>? progress = null, int threads = 2, int maxLength = 64, CancellationToken? token = null)
    {
        using var pool = Pool.Open(new PoolOptions { Paths = [data ?? Data()] }, null, TestContext.Current.CancellationToken);
        using var run = RunDirectory.Open(_directory.PathOf(name));
        var made = Source(run, options, progress, threads, maxLength).OfPool(pool, token ?? TestContext.Current.CancellationToken);
        made.Features.Dispose();
        var files = Files(_directory.PathOf(name + "/stages/pool-gradients/store"));
        files.Remove("features.json"); // its id is the fingerprint of the options themselves
        return (files, (GradientReport)made.Report);
    }

    /// <summary>Cancels once a work has come a certain way.</summary>
    private sealed class StopAt(CancellationTokenSource source, string work, double done) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            if (value.Work == work && value.Done >= done) source.Cancel();
        }
    }
}
