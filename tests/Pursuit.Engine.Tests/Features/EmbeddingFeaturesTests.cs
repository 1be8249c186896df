using System.Text.Json;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;

namespace Pursuit.Engine.Tests.Features;

/// <summary>The whole way from records to stores of embeddings: what changes them, what doesn't, and what survives a kill.</summary>
public sealed class EmbeddingFeaturesTests : IDisposable
{
    private readonly FeatureWorld _world = new();

    public static TheoryData<string> Changes { get; } = new(
        "pool-of-tokens", "layer", "tokens", "norm", "precision", "max-length", "records", "model");

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_stopped_run_continues_to_the_same_bytes_and_a_finished_one_is_reused()
    {
        var (whole, report) = Make("whole", new());
        using var stop = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(
            () => Make("stopped", new(), progress: new FeatureWorld.StopAt(stop, "embeddings of the pool", 1024), token: stop.Token));
        var first = Path.Combine(StoreOf("stopped"), "shard-00000.safetensors");
        var written = File.GetLastWriteTimeUtc(first);
        var (continued, reportOfBoth) = Make("stopped", new());
        continued.ShouldBe(whole);
        (reportOfBoth.Tokens, reportOfBoth.Cut).ShouldBe((report.Tokens, report.Cut), "the first part counts too");
        File.GetLastWriteTimeUtc(first).ShouldBe(written, "a finished shard stays");
        var last = Path.Combine(StoreOf("stopped"), "shard-00001.safetensors");
        written = File.GetLastWriteTimeUtc(last);
        Make("stopped", new()).Store.ShouldBe(whole);
        File.GetLastWriteTimeUtc(last).ShouldBe(written);
    }

    [Fact]
    public void Threads_and_micro_batches_change_no_byte() =>
        Make("two", new() { MicroBatch = 77 }, threads: 2).Store.ShouldBe(Make("one", new(), threads: 1).Store);

    [Fact]
    public void A_permuted_pool_and_a_target_give_every_example_the_same_embedding()
    {
        var lines = FeatureWorld.Lines().ToArray();
        using var pool = Open(_world.Data());
        using var other = Open(_world.Write("reversed.jsonl", string.Concat(lines.Reverse())));
        using var few = Open(_world.Write("target.jsonl", string.Concat(lines.Take(12))));
        using var run = RunDirectory.Open(_world.PathOf("a"));
        using var otherRun = RunDirectory.Open(_world.PathOf("b"));
        using var features = Source(run, new()).OfPool(pool, TestContext.Current.CancellationToken).Features;
        using var ofOther = Source(otherRun, new()).OfPool(other, TestContext.Current.CancellationToken).Features;
        using var ofTarget = Source(run, new()).OfTarget(pool, few, TestContext.Current.CancellationToken).Features;
        foreach (var i in new[] { 0, 5, 1023, 1024, lines.Length - 1 }) RowOf(ofOther, lines.Length - 1 - i).ShouldBe(RowOf(features, i));
        for (var i = 0; i < 12; i++) RowOf(ofTarget, i).ShouldBe(RowOf(features, i));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_never_reuses_what_was_made_before(string change)
    {
        var (before, _) = Make("run", new());
        var options = change switch
        {
            "pool-of-tokens" => new EmbeddingOptions { Pool = EmbeddingPool.Mean },
            "layer" => new EmbeddingOptions { Layer = 1 },
            "tokens" => new EmbeddingOptions { Tokens = EmbeddingTokens.Answer },
            "norm" => new EmbeddingOptions { Norm = EmbeddingNorm.Raw },
            "precision" => new EmbeddingOptions { Precision = EmbeddingPrecision.F32 },
            _ => new EmbeddingOptions(),
        };
        var data = change == "records"
            ? _world.Write(
                "changed.jsonl",
                string.Concat(FeatureWorld.Lines().Select((l, i) => i == 700 ? l.Replace("A", "B", StringComparison.Ordinal) : l)))
            : null;
        if (change == "model") _world.SaveModel(seed: 6);
        var maxLength = change == "max-length" ? 12 : 64;
        var (after, _) = Make("run", options, data, maxLength: maxLength);
        after.ShouldNotBe(before);
        Make("fresh", options, data, maxLength: maxLength).Store.ShouldBe(after);
    }

    [Fact]
    public void A_layer_named_from_the_end_is_the_same_stage()
    {
        var (_, report) = Make("run", new() { Layer = 2 });
        var written = File.GetLastWriteTimeUtc(Path.Combine(StoreOf("run"), "features.json"));
        Make("run", new() { Layer = -1 });
        File.GetLastWriteTimeUtc(Path.Combine(StoreOf("run"), "features.json")).ShouldBe(written);
        (report.Layer, report.Layers).ShouldBe((2, 2));
    }

    [Fact]
    public void Texts_are_embedded_and_what_is_over_the_length_is_cut_and_counted()
    {
        var texts = string.Concat(Enumerable.Range(0, 40).Select(
            i => JsonSerializer.Serialize(new { text = i < 3 ? string.Concat(Enumerable.Repeat($"one two {i} ", 40)) : $"three {i} four" })
                + "\n"));
        using var pool = Open(_world.Write("texts.jsonl", texts));
        using var run = RunDirectory.Open(_world.PathOf("texts"));
        var made = Source(run, new() { Precision = EmbeddingPrecision.F32 }).OfPool(pool, TestContext.Current.CancellationToken);
        using var features = made.Features;
        var report = made.Report.ShouldBeOfType<EmbeddingReport>();
        (report.Cut, report.MaxLength, report.WithoutTokens).ShouldBe((3, 64, 0));
        features.Norms(0).ToArray().ShouldAllBe(n => Math.Abs(n - 1) < 1e-5);

        // Only what is kept counts: a text cut by hand at that token gives the same.
        using var other =
            Open(_world.Write("longer.jsonl", texts.Replace("one two 1 \"", "one two 1 and more\"", StringComparison.Ordinal)));
        using var otherRun = RunDirectory.Open(_world.PathOf("longer"));
        using var ofOther = Source(otherRun, new() { Precision = EmbeddingPrecision.F32 })
            .OfPool(other, TestContext.Current.CancellationToken).Features;
        RowOf(ofOther, 1).ShouldBe(RowOf(features, 1));
    }

    [Fact]
    public void Examples_without_an_answer_have_an_embedding_unless_the_answer_is_asked_for()
    {
        var silent = """{"messages":[{"role":"user","content":"nobody answers this"}]}""" + "\n";
        var spoken = Enumerable.Range(0, 30).Select(
            i => JsonSerializer.Serialize(
                new { messages = new[] { new { role = "user", content = $"say {i}" }, new { role = "assistant", content = "one two" } } })
                + "\n");
        using var pool = Open(_world.Write("silent.jsonl", string.Concat(spoken) + silent));
        using var target = Open(_world.Write("silent-target.jsonl", silent));
        using var run = RunDirectory.Open(_world.PathOf("run"));
        using (var all = Source(run, new()).OfPool(pool, TestContext.Current.CancellationToken).Features)
            all.Norms(0)[30].ShouldBe(1, 1e-5);
        var ofAnswers = Source(run, new() { Tokens = EmbeddingTokens.Answer });
        var made = ofAnswers.OfPool(pool, TestContext.Current.CancellationToken);
        made.Features.Norms(0)[30].ShouldBe(0);
        made.Report.ZeroRows.ShouldBe(1);
        made.Features.Dispose();
        Should.Throw<PursuitException>(() => ofAnswers.OfTarget(pool, target, TestContext.Current.CancellationToken)).Message
            .ShouldContain("embedding.tokens=all");
    }

    [Fact]
    public void Another_run_lends_its_embeddings_and_is_never_changed_and_one_without_them_is_refused_by_name()
    {
        Make("lender", new());
        var before = FeatureWorld.Files(_world.PathOf("lender"));
        using var pool = Open(_world.Data());
        using var target = Open(_world.Write("target.jsonl", string.Concat(FeatureWorld.Lines().Take(12))));
        using (var run = RunDirectory.Open(_world.PathOf("borrower")))
        {
            var source = FeatureSources.Shared(
                FeatureSources.KindIn(_world.PathOf("lender"), MethodRegistry.Find("rds"), null), _world.PathOf("lender"), run,
                new LentFeatures { Threads = 2 }, StageShare.Whole, null);
            using var ofPool = source.OfPool(pool, TestContext.Current.CancellationToken).Features;
            using var ofTarget = source.OfTarget(pool, target, TestContext.Current.CancellationToken).Features;
            for (var i = 0; i < 12; i++) RowOf(ofTarget, i).ShouldBe(RowOf(ofPool, i));
            using var otherPool = Open(_world.Write("other.jsonl", string.Concat(FeatureWorld.Lines().Skip(1))));
            Should.Throw<PursuitException>(() => source.OfPool(otherPool, TestContext.Current.CancellationToken)).Message
                .ShouldContain("another pool");
        }

        FeatureWorld.Files(_world.PathOf("lender")).ShouldBe(before);
        FeatureSources.KindIn(_world.PathOf("lender"), MethodRegistry.Find("gtp"), FeatureKind.Embedding).ShouldBe(FeatureKind.Embedding);
        foreach (var (method, asked) in new[] { ("grand", (FeatureKind?)null), ("gtp", null), ("gtp", FeatureKind.Gradient) })
        {
            Should.Throw<PursuitException>(() => FeatureSources.KindIn(_world.PathOf("lender"), MethodRegistry.Find(method), asked))
                .Message.ShouldContain("embeddings alone");
        }
    }

    [Fact]
    public void A_plan_counts_what_is_then_made()
    {
        using var pool = Open(_world.Data());
        var plan = EmbeddingFeatures.Plan(Recipe(new(), 2, 64), pool, new PlanRequest(), TestContext.Current.CancellationToken);
        var (_, report) = Make("run", new());
        plan.Dimension.ShouldBe(report.Dimension);
        // All of so small a pool is tokenized; the rest of the bytes are the shards' headers.
        plan.FeatureTokens.ShouldBe(report.Tokens);
        ((double)plan.StoreBytes).ShouldBe(report.Bytes, 1024);
        plan.Seconds.ShouldBe(plan.FeatureSeconds);
    }

    private static Pool Open(string path) => Pool.Open(new PoolOptions { Paths = [path] }, null, TestContext.Current.CancellationToken);

    private static float[] RowOf(IDenseFeatures features, int row)
    {
        var tile = features.Read(0, row, 1, new float[features.Dimension]);
        return tile.Element == FeatureElement.F32
            ? tile.Floats.ToArray()
            : Array.ConvertAll(tile.BFloats.ToArray(), b => BitConverter.Int32BitsToSingle(b << 16));
    }

    private string StoreOf(string name) => _world.PathOf(name + "/stages/pool-embeddings/store");

    private FeatureRecipe<EmbeddingOptions> Recipe(EmbeddingOptions options, int threads, int maxLength) =>
        new() { Model = _world.ModelPath(), MaxLength = maxLength, Options = options, Threads = threads };

    private EmbeddingFeatures Source(
        RunDirectory run, EmbeddingOptions options, IProgress<WorkProgress>? progress = null, int threads = 2, int maxLength = 64) =>
        new(Recipe(options, threads, maxLength), run, progress);

    /// <summary>Makes a pool's embeddings and returns the store's bytes, hashed, and the report.</summary>
    private (SortedDictionary<string, string> Store, EmbeddingReport Report) Make(
        string name, EmbeddingOptions options, string? data = null, IProgress<WorkProgress>? progress = null, int threads = 2,
        int maxLength = 64, CancellationToken? token = null)
    {
        using var pool = Open(data ?? _world.Data());
        using var run = RunDirectory.Open(_world.PathOf(name));
        var made = Source(run, options, progress, threads, maxLength).OfPool(pool, token ?? TestContext.Current.CancellationToken);
        made.Features.Dispose();
        var files = FeatureWorld.Files(StoreOf(name));
        files.Remove("features.json"); // its id is the fingerprint of the options themselves
        return (files, (EmbeddingReport)made.Report);
    }
}
