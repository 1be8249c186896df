using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests;

/// <summary>Embeddings that the command computes itself.</summary>
public sealed class EmbeddingCommandTests : IDisposable
{
    private const int Rows = 1200; // two shards
    private static readonly string[] Words = ["red", "blue", "green", "black", "white", "small", "large", "round", "flat", "new"];
    private readonly TemporaryDirectory _directory = new();

    public EmbeddingCommandTests()
    {
        _directory.Write("pool.jsonl", string.Concat(Enumerable.Range(0, Rows).Select(Line)));
        _directory.Write("texts.jsonl", string.Concat(Enumerable.Range(0, 200).Select(i => JsonSerializer.Serialize(new { text = $"what is {i}? it is {Words[i % 10]} and {Words[i / 7 % 10]}" }) + "\n")));
        Succeeds("pretrain", "--data", "texts.jsonl", "--out", "model", "--vocab", "300", "--width", "32", "--layers", "2", "--heads", "2", "--mlp", "64", "--context", "64", "--batch-tokens", "512", "--tokens", "2000");
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
        made.Json.GetProperty("tokens").GetDouble().ShouldBe(plan.Json.GetProperty("feature_tokens").GetDouble(), 0.03 * made.Json.GetProperty("tokens").GetDouble());
        var again = Succeeds("features", "--kind", "embedding", "--pool", "pool.jsonl", "--model", "model", "--run", "run", "--json");
        again.Output.ShouldBe(made.Output);
        again.Error.ShouldNotContain("Plan ");
    }

    [Fact]
    public void Texts_are_embedded_as_the_options_say()
    {
        var made = Succeeds("features", "--kind", "embedding", "--pool", "texts.jsonl", "--model", "model", "--run", "texts", "--max-length", "8", "--json", "--set", "embedding.pool=last", "--set", "embedding.layer=-2", "--set", "embedding.norm=raw", "--set", "embedding.precision=f32", "--set", "embedding.tokens=answer");
        (made.Json.GetProperty("pool").GetString(), made.Json.GetProperty("layer").GetInt32(), made.Json.GetProperty("norm").GetString(), made.Json.GetProperty("pooled_tokens").GetString()).ShouldBe(("last", 1, "raw", "answer"));
        made.Json.GetProperty("cut").GetInt32().ShouldBe(200);
        made.Error.ShouldContain("200 examples cut to 8 tokens");
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
            var outcome = Cli.RunIn(_directory.FullPath, ["features", "--pool", "texts.jsonl", "--run", "bad", .. arguments.Contains("--kind") ? arguments : [.. arguments, "--kind", "embedding"], .. arguments.Contains("--model") ? Array.Empty<string>() : ["--model", "model"]]);
            outcome.ExitCode.ShouldBe(2, outcome.Error);
            foreach (var part in parts) outcome.Error.ShouldContain(part);
            outcome.Error.ShouldNotContain("   at ");
        }
    }

    private static string Line(int i) => JsonSerializer.Serialize(new { id = $"q{i}", prompt = $"q{i}: what is {i}?", completion = $"it is {Words[i % 10]} and {Words[i / 10 % 10]}" }) + "\n";

    private Cli.Outcome Succeeds(params string[] arguments)
    {
        var outcome = Cli.RunIn(_directory.FullPath, arguments);
        outcome.ExitCode.ShouldBe(0, outcome.Error);
        return outcome;
    }
}
