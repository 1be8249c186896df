using System.Security.Cryptography;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.TestKit;

namespace Pursuit.Encoders.Tests;

/// <summary>From records to stores of an encoder's vectors: what changes them, what doesn't, and what survives a stop.</summary>
public sealed class EncoderFeaturesTests : IDisposable
{
    private const int Rows = 1100; // two shards
    private static readonly string[] Words = ["the", "a", "query", "Bcd", "42", "xyz.", "77"];
    private readonly TinyEncoder _tiny = new();
    private readonly TemporaryDirectory _encoder = new();
    private readonly TemporaryDirectory _directory = new();

    public EncoderFeaturesTests()
    {
        _tiny.Save(_encoder);
        _encoder.Write(
            "config_sentence_transformers.json", """{"prompts": {"query": "query: ", "passage": "a: "}, "default_prompt_name": null}""");
    }

    public static TheoryData<string> Changes { get; } = new(
        "pool", "norm", "pool-prefix", "precision", "max-length", "records", "weights", "pooling", "vocabulary");

    public void Dispose()
    {
        _encoder.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void A_stopped_run_continues_to_the_same_bytes_and_a_finished_one_is_reused()
    {
        var (whole, report) = Make("whole");
        (report.Encoder!.EndsWith("/model.onnx", StringComparison.Ordinal), report.Pool, report.Dimension, report.ZeroRows)
            .ShouldBe((true, "mean", TinyEncoder.Width, 0));
        using var stop = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(() => Make("stopped", progress: new StopAt(stop), stop: stop));
        File.Exists(Path.Combine(StoreOf("stopped"), "shard-00000.safetensors")).ShouldBeTrue("a finished shard stays");
        File.Exists(Path.Combine(StoreOf("stopped"), "features.json")).ShouldBeFalse();
        var (continued, reportOfBoth) = Make("stopped");
        continued.ShouldBe(whole);
        (reportOfBoth.Tokens, reportOfBoth.Cut, reportOfBoth.WithoutTokens).ShouldBe((report.Tokens, report.Cut, report.WithoutTokens));
        var written = File.GetLastWriteTimeUtc(Path.Combine(StoreOf("whole"), "features.json"));
        Make("whole").Store.ShouldBe(whole);
        File.GetLastWriteTimeUtc(Path.Combine(StoreOf("whole"), "features.json")).ShouldBe(written);
    }

    [Fact]
    public void Threads_and_order_change_no_bit_of_a_vector()
    {
        Make("four", threads: 4).Store.ShouldBe(Make("one", threads: 1).Store);
        var lines = Lines();
        using var pool = Open(Write("data.jsonl", lines));
        using var other = Open(Write("reversed.jsonl", [.. lines.Reverse()]));
        using var run = RunDirectory.Open(_directory.PathOf("one"));
        using var otherRun = RunDirectory.Open(_directory.PathOf("reversed"));
        using var features = Source(run, new()).OfPool(pool, TestContext.Current.CancellationToken).Features;
        using var ofOther = Source(otherRun, new()).OfPool(other, TestContext.Current.CancellationToken).Features;
        foreach (var i in new[] { 0, 5, 1023, 1024, Rows - 1 }) RowOf(ofOther, Rows - 1 - i).ShouldBe(RowOf(features, i));
    }

    [Fact]
    public void Each_side_has_its_own_prefix_by_name_or_as_a_text()
    {
        using var pool = Open(Write("data.jsonl", Lines()));
        using var target = Open(Write("target.jsonl", Lines()[..3]));
        using var run = RunDirectory.Open(_directory.PathOf("prefixes"));
        var source = Source(run, new() { PoolPrefix = "a: ", TargetPrefix = "query" });
        using var ofPool = source.OfPool(pool, TestContext.Current.CancellationToken).Features;
        using var ofTarget = source.OfTarget(pool, target, TestContext.Current.CancellationToken).Features;
        var encoder = new OnnxEncoderLoader().Load(_encoder.FullPath, new EncoderOptions(), 64);
        var text = JsonDocument.Parse(Lines()[0]).RootElement.GetProperty("text").GetString()!;
        Near(RowOf(ofPool, 0), encoder.Tokenize("a: " + text, ""));
        Near(RowOf(ofTarget, 0), encoder.Tokenize("query: " + text, ""));
    }

    [Fact]
    public void A_word_that_is_no_prompt_is_refused_with_those_there_are()
    {
        var fault = Should.Throw<PursuitException>(() => Make("run", new() { PoolPrefix = "document" }));
        fault.Message.ShouldContain("encoder.pool-prefix");
        fault.Message.ShouldContain("passage, query");
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_never_reuses_what_was_made_before(string change)
    {
        var (before, _) = Make("run");
        var options = change switch
        {
            "pool" => new EncoderOptions { Pool = EncoderPool.Cls },
            "norm" => new EncoderOptions { Norm = EmbeddingNorm.Raw },
            "pool-prefix" => new EncoderOptions { PoolPrefix = "query" },
            "precision" => new EncoderOptions { Precision = EmbeddingPrecision.Bf16 },
            _ => new EncoderOptions(),
        };
        var lines = Lines();
        if (change == "records") lines[700] = JsonSerializer.Serialize(new { text = "another" }) + "\n";
        if (change == "weights") Damage("model.onnx", 400);
        if (change == "pooling") _encoder.Write("1_Pooling/config.json", """{"pooling_mode_max_tokens": true}""");
        if (change == "vocabulary") _encoder.Write("tokenizer_config.json", """{"do_lower_case": false}""");
        var (after, _) = Make("run", options, lines, change == "max-length" ? 9 : 64);
        after.ShouldNotBe(before);
        Make("fresh", options, lines, change == "max-length" ? 9 : 64).Store.ShouldBe(after);
    }

    [Fact]
    public void Of_a_conversation_all_the_prompt_or_the_answer_is_read()
    {
        var example = new Example
        {
            ContentId = default,
            Locator = default,
            Turns = [new Turn("system", "s"), new Turn("user", "u"), new Turn("assistant", "a")],
        };
        string Text(EncoderText text) => EncoderStoreMaker.TextOf(example, text);
        (Text(EncoderText.All), Text(EncoderText.Prompt), Text(EncoderText.Answer)).ShouldBe(("s\nu\na", "s\nu", "a"));
    }

    [Fact]
    public void An_example_without_the_text_that_is_asked_for_has_a_zero_vector_and_a_target_of_them_is_refused()
    {
        var silent = """{"messages":[{"role":"user","content":"the query"}]}""" + "\n";
        var spoken = """{"messages":[{"role":"user","content":"the query"},{"role":"assistant","content":"a bcd"}]}""" + "\n";
        var (_, report) = Make("run", new() { Text = EncoderText.Answer }, [silent, spoken]);
        (report.ZeroRows, report.WithoutTokens, report.PooledTokens).ShouldBe((1, 1, "answer"));
        using var pool = Open(Write("data.jsonl", [silent, spoken]));
        using var target = Open(Write("target.jsonl", [silent]));
        using var run = RunDirectory.Open(_directory.PathOf("run"));
        Should.Throw<PursuitException>(
            () => Source(run, new() { Text = EncoderText.Answer }).OfTarget(pool, target, TestContext.Current.CancellationToken))
            .Message.ShouldContain("none with a text to encode");
    }

    [Fact]
    public void A_plan_tells_the_tokens_that_are_encoded()
    {
        using var pool = Open(Write("data.jsonl", Lines()));
        var plan = EncoderFeatures.Plan(
            Recipe(new(), 64, 1), new OnnxEncoderLoader(), pool, new PlanRequest(), TestContext.Current.CancellationToken);
        (plan.Kind, plan.Dimension, plan.PoolTokens).ShouldBe((CostPlan.Encoder, TinyEncoder.Width, Make("run").Report.Tokens));
    }

    private static string[] Lines()
    {
        string TextOf(int i) => string.Join(' ', Enumerable.Range(0, 1 + (i % 9)).Select(k => Words[(i + (k * k)) % 7] + $"{i}"));
        return [.. Enumerable.Range(0, Rows).Select(i => JsonSerializer.Serialize(new { text = TextOf(i) }) + "\n")];
    }

    private (SortedDictionary<string, string> Store, EmbeddingReport Report) Make(
        string name, EncoderOptions? options = null, string[]? lines = null, int maxLength = 64, int threads = 2,
        IProgress<WorkProgress>? progress = null, CancellationTokenSource? stop = null)
    {
        using var pool = Open(Write("data.jsonl", lines ?? Lines()));
        using var run = RunDirectory.Open(_directory.PathOf(name));
        var made = new EncoderFeatures(Recipe(options ?? new(), maxLength, threads), new OnnxEncoderLoader(), run, progress)
            .OfPool(pool, stop?.Token ?? TestContext.Current.CancellationToken);
        made.Features.Dispose();
        return (
            // features.json has the fingerprint of the options themselves.
            new(Directory.EnumerateFiles(StoreOf(name), "*.safetensors").ToDictionary(
                f => Path.GetFileName(f), f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))), StringComparer.Ordinal),
            (EmbeddingReport)made.Report);
    }

    private FeatureRecipe<EncoderOptions> Recipe(EncoderOptions options, int maxLength, int threads) =>
        new() { Model = _encoder.FullPath, MaxLength = maxLength, Options = options, Threads = threads };

    private EncoderFeatures Source(RunDirectory run, EncoderOptions options) => new(Recipe(options, 64, 2), new OnnxEncoderLoader(), run);

    private string StoreOf(string name) => _directory.PathOf($"{name}/stages/pool-encodings/store");

    private string Write(string name, string[] lines) => _directory.Write(name, string.Concat(lines));

    private static Pool Open(string path) =>
        Pool.Open(new PoolOptions { Paths = [path], Threads = 2 }, null, TestContext.Current.CancellationToken);

    private void Damage(string name, int at)
    {
        var bytes = File.ReadAllBytes(_encoder.PathOf(name));
        bytes[at + bytes.Length / 4] ^= 1; // a low bit of a weight
        File.WriteAllBytes(_encoder.PathOf(name), bytes);
    }

    private static float[] RowOf(IDenseFeatures features, int row)
    {
        return features.Read(0, row, 1, new float[features.Dimension]).Floats.ToArray();
    }

    private void Near(float[] row, EncoderTokens tokens)
    {
        var states = _tiny.States(tokens.Ids);
        var mean = Enumerable.Range(0, TinyEncoder.Width).Select(k => states.Average(state => state[k])).ToArray();
        var norm = Math.Sqrt(mean.Sum(v => v * v));
        for (var k = 0; k < row.Length; k++) ((double)row[k]).ShouldBe(mean[k] / norm, 2 * Tolerances.EncoderStates);
    }

    private sealed class StopAt(CancellationTokenSource source) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            if (value.Work == "encoding the pool" && value.Done > 1024) source.Cancel();
        }
    }
}
