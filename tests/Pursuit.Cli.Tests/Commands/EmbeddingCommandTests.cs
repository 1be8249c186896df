using System.Text.Json;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>Embeddings that the command computes itself.</summary>
public sealed class EmbeddingCommandTests : IDisposable
{
    private const int Rows = 1200; // two shards
    private static readonly string[] Words = ["red", "blue", "green", "black", "white", "small", "large", "round", "flat", "new"];
    private readonly TemporaryDirectory _directory = new();

    public EmbeddingCommandTests()
    {
        _directory.Write("pool.jsonl", string.Concat(Enumerable.Range(0, Rows).Select(Line)));
        _directory.Write("texts.jsonl", string.Concat(Enumerable.Range(0, 200).Select(Text)));
        _directory.Write(
            "target.jsonl", string.Concat(
                Enumerable.Range(0, 10).Select(i => Line(3 + 10 * i).Replace("q", "t", StringComparison.Ordinal))));
        Succeeds(
            "pretrain", "--data", "texts.jsonl", "--out", "model", "--vocab", "300", "--width", "32", "--layers", "2", "--heads", "2",
            "--mlp", "64", "--context", "64", "--batch-tokens", "512", "--tokens", "2000");
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Embeddings_are_planned_made_and_reused()
    {
        var plan = Succeeds("plan", "--kind", "embedding", "--pool", "pool.jsonl", "--model", "model", "--json");
        var made = Succeeds("features", "--kind", "embedding", "--pool", "pool.jsonl", "--model", "model", "--run", "run", "--json");
        made.Error.ShouldContain("Plan      1,200 examples");
        made.Error.ShouldContain("weighted pooling of all tokens behind layer 2 of 2, unit norm");
        (plan.Json.GetProperty("kind").GetString(), plan.Json.GetProperty("dimension").GetInt32()).ShouldBe(("embedding", 32));
        made.Json.GetProperty("dimension").GetInt32().ShouldBe(32);
        made.Json.GetProperty("tokens").GetDouble().ShouldBe(
            plan.Json.GetProperty("feature_tokens").GetDouble(), 0.03 * made.Json.GetProperty("tokens").GetDouble());
        var again = Succeeds("features", "--kind", "embedding", "--pool", "pool.jsonl", "--model", "model", "--run", "run", "--json");
        again.Output.ShouldBe(made.Output);
        again.Error.ShouldNotContain("Plan ");
    }

    [Fact]
    public void Texts_are_embedded_as_the_options_say()
    {
        var made = Succeeds(
            "features", "--kind", "embedding", "--pool", "texts.jsonl", "--model", "model", "--run", "texts", "--max-length", "8", "--json",
            "--set", "embedding.pool=last", "--set", "embedding.layer=-2", "--set", "embedding.norm=raw", "--set",
            "embedding.precision=f32", "--set", "embedding.tokens=answer");
        (
            made.Json.GetProperty("pool").GetString(), made.Json.GetProperty("layer").GetInt32(), made.Json.GetProperty("norm").GetString(),
            made.Json.GetProperty("pooled_tokens").GetString()).ShouldBe(
            ("last", 1, "raw", "answer"));
        made.Json.GetProperty("cut").GetInt32().ShouldBe(200);
        made.Error.ShouldContain("200 examples cut to 8 tokens");
    }

    [Fact]
    public void A_choice_is_the_same_whether_its_embeddings_are_computed_lent_or_brought_along()
    {
        var own = Select("own", "tsds", "--model", "model", "--json");
        own.Error.ShouldContain("weighted pooling");
        own.Json.GetProperty("embeddings").GetProperty("pool").GetString().ShouldBe("weighted");
        Succeeds("features", "--kind", "embedding", "--pool", "pool.jsonl", "--model", "model", "--run", "lender");
        Select("lent", "tsds", "--features", "lender");
        Select(
            "brought", "tsds", "--features", "lender/stages/pool-embeddings/store", "--target-features",
            "own.run/stages/target-embeddings/store");
        foreach (var method in new[] { "rds", "kcenter" }) Select("other", method, "--features", "lender", "--no-report");
        foreach (var name in new[] { "lent", "brought" })
            File.ReadAllText(_directory.PathOf(name + ".selection.jsonl")).ShouldBe(
                File.ReadAllText(_directory.PathOf("own.selection.jsonl")));

        // Looking back computes nothing: which target examples each serves, by a cosine.
        var report = JsonDocument.Parse(File.ReadAllText(_directory.PathOf("own.run/report.json"))).RootElement;
        report.GetProperty("embeddings").GetProperty("dimension").GetInt32().ShouldBe(32);
        var chosen = report.GetProperty("examples").GetProperty("chosen").EnumerateArray().ToArray();
        chosen.ShouldAllBe(e => e.GetProperty("serves").GetArrayLength() == 3 && e.GetProperty("near").GetArrayLength() == 3);
        chosen.SelectMany(e => e.GetProperty("serves").EnumerateArray()).ShouldAllBe(l => l.GetProperty("value").GetDouble() <= 1.01);
        File.ReadAllText(_directory.PathOf("own.run/report.html")).ShouldContain("behind the last layer and the final norm");
        Succeeds("explain", "own.run", "--id", "q77").Output.ShouldContain("target examples");
        Succeeds("report", "lent.run");
    }

    [Fact]
    public void Gradients_serve_where_embeddings_are_compared_but_not_the_other_way_round()
    {
        string[] quick =
        [
            "--set", "features.checkpoints=1", "--set", "features.dimension=16", "--set", "features.learning-rate=0.01", "--set",
            "features.warmup=0.02",
        ];
        Succeeds(["features", "--pool", "pool.jsonl", "--model", "model", "--run", "gradients", .. quick]);
        Select(
            "by-gradients", "tsds", "--features", "gradients", "--json").Json.GetProperty("gradients").GetProperty("dimension").GetInt32()
                .ShouldBe(16);
        Succeeds("features", "--kind", "embedding", "--pool", "pool.jsonl", "--model", "model", "--run", "embeddings");
        Refused(["--method", "gtp", "--features", "embeddings"], "embeddings alone", "a run with gradient features");
    }

    [Fact]
    public void What_cannot_be_compared_is_refused_with_the_numbers()
    {
        WriteMatrix("pool.npy", Rows, 8);
        WriteMatrix("target.npy", 10, 8);
        WriteMatrix("narrow.npy", 10, 7);
        WriteMatrix("short.npy", Rows - 1, 8);
        WriteMatrix("nan.npy", Rows, 8, bad: 613);
        File.WriteAllBytes(_directory.PathOf("cut.npy"), File.ReadAllBytes(_directory.PathOf("pool.npy"))[..^5]);
        File.WriteAllText(_directory.PathOf("odd.safetensors"), "not a header");
        Refused(["--features", "pool.npy", "--target-features", "narrow.npy"], "narrow.npy", "7", "8");
        Refused(["--features", "short.npy", "--target-features", "target.npy"], "1,199 rows", "1,200");
        Refused(["--features", "nan.npy", "--target-features", "target.npy"], "NaN or infinity", "613");
        Refused(["--features", "cut.npy", "--target-features", "target.npy"], "cut.npy", "incomplete");
        Refused(["--features", "odd.safetensors", "--target-features", "target.npy"], "odd.safetensors");
        Refused(["--features", "pool.npy", "--target", "target.jsonl"], "--target-features: missing beside --features; the target's "
            + "embeddings");
        Refused(["--features", "pool.npy"], "--target-features: missing; 'tsds' reads embeddings of the target");
        Refused([], "--target: missing; 'tsds' compares");
        Refused(["--target-features", "target.npy", "--target", "target.jsonl"], "given without --features");
    }

    [Fact]
    public void A_proof_on_texts_makes_embeddings_and_gradients_once_each()
    {
        _directory.Write("few.jsonl", string.Concat(Enumerable.Range(300, 8).Select(Text)));
        _directory.Write("held-out.jsonl", string.Concat(Enumerable.Range(400, 8).Select(Text)));
        var proof = Succeeds(
            "prove", "--pool", "texts.jsonl", "--target", "few.jsonl", "--test", "held-out.jsonl", "--model", "model", "--budget", "5%,10%",
            "--methods", "tsds,rds,kcenter,gtp", "--seeds", "1", "--epochs", "1", "--set", "features.checkpoints=1", "--set",
            "features.dimension=16", "--set", "features.learning-rate=0.01", "--json");
        proof.Json.GetProperty("scores").EnumerateArray().ShouldAllBe(s => s.GetProperty("loss").GetProperty("estimate").GetDouble() > 0);
        proof.Json.GetProperty("recipe").GetProperty("loss_unit").GetString().ShouldBe("nats per token");
        proof.Json.GetProperty("targets")[0].GetProperty("generated").GetInt32().ShouldBe(0);
        foreach (var stage in new[]
        {
            "features/stages/pool-embeddings", "features/stages/pool-gradients", "target-features/held-out/stages/target-embeddings",
            "target-features/held-out/stages/target-gradients",
        })
            Directory.Exists(_directory.PathOf("proof.run/" + stage)).ShouldBeTrue(stage);
        Directory.EnumerateDirectories(_directory.PathOf("proof.run"), "pool-*", SearchOption.AllDirectories).Count().ShouldBe(2);
        proof.Json.GetProperty("costs").EnumerateArray().Where(
            c => c.GetProperty("method").GetString() is "tsds" or "rds" or "kcenter" or "gtp").ShouldAllBe(
            c => c.GetProperty("selection").GetProperty("model_tokens").GetInt64() > 0);
    }

    [Fact]
    public void The_options_are_listed_and_wrong_ones_told()
    {
        Succeeds("methods", "embedding").Output.ShouldContain("embedding.layer");
        Succeeds("methods", "embedding", "--json").Json.GetArrayLength().ShouldBe(6);
        Fails(["--set", "embedding.pol=mean"], "no option 'pol'", "pool");
        Fails(["--set", "embedding.pool=median"], "weighted, mean, last");
        Fails(["--set", "embedding.layer=7"], "embedding.layer: 7", "0 to 2");
        Fails(["--set", "embedding.micro-batch=0"], "embedding.micro-batch: 0");
        Fails(["--set", "embeding.pool=mean"], "embeding");
        Fails(["--kind", "embeddings"], "embeddings");
        Fails(["--model", "nowhere"], "nowhere");

        void Fails(string[] arguments, params string[] parts)
        {
            var outcome = Cli.RunIn(
                _directory.FullPath,
                [
                    "features", "--pool", "texts.jsonl", "--run", "bad",
                    .. arguments.Contains("--kind") ? arguments : [.. arguments, "--kind", "embedding"],
                    .. arguments.Contains("--model") ? Array.Empty<string>() : ["--model", "model"],
                ]);
            outcome.ExitCode.ShouldBe(2, outcome.Error);
            foreach (var part in parts) outcome.Error.ShouldContain(part);
            outcome.Error.ShouldNotContain("   at ");
        }
    }

    private static string Text(int i) => JsonSerializer.Serialize(new
    {
        text = $"what is {i}? it is {Words[i % 10]} and "
        + $"{Words[i / 7 % 10]}"
    }) + "\n";

    private static string Line(int i) =>
        JsonSerializer.Serialize(new
        {
            id = $"q{i}",
            prompt = $"q{i}: what is {i}?",
            completion = $"it is {Words[i % 10]} and "
            + $"{Words[i / 10 % 10]}"
        }) + "\n";

    private Cli.Outcome Select(string name, string method, params string[] more) =>
        Succeeds(
            [
                "select", "--pool", "pool.jsonl",
                .. more.Contains("--target-features") ? Array.Empty<string>() : ["--target", "target.jsonl"], "--method", method,
                "--budget", "20", "--out", name + ".jsonl", .. more,
            ]);

    private void Refused(string[] arguments, params string[] parts)
    {
        string[] method = arguments.Contains("--method") ? [] : ["--method", "tsds"];
        var outcome = Cli.RunIn(
            _directory.FullPath, ["select", "--pool", "pool.jsonl", "--budget", "20", "--out", "bad.jsonl", .. method, .. arguments]);
        outcome.ExitCode.ShouldBe(2, outcome.Error);
        foreach (var part in parts) outcome.Error.ShouldContain(part);
        outcome.Error.ShouldNotContain("   at ");
        File.Exists(_directory.PathOf("bad.jsonl")).ShouldBeFalse();
    }

    private void WriteMatrix(string name, int rows, int dimension, int? bad = null)
    {
        var values = Enumerable.Range(0, rows * dimension).Select(i => (i * 37 % 101 - 50) / 8f).ToArray();
        if (bad is { } row) values[row * dimension + 2] = float.NaN;
        NpyFile.Write(_directory.PathOf(name), [rows, dimension], values);
    }

    private Cli.Outcome Succeeds(params string[] arguments)
    {
        var outcome = Cli.RunIn(_directory.FullPath, arguments);
        outcome.ExitCode.ShouldBe(0, outcome.Error);
        return outcome;
    }
}
