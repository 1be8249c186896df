using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>A sentence encoder's vectors, from the command line's words to a selection.</summary>
public sealed class EncoderCommandTests : IDisposable
{
    private static readonly string[] Words = ["red", "blue", "green", "black", "white", "small", "large", "round", "flat", "new"];
    private readonly TemporaryDirectory _encoder = new();
    private readonly TemporaryDirectory _directory = new();

    public EncoderCommandTests()
    {
        new TinyEncoder().Save(_encoder);
        _directory.Write("pool.jsonl", string.Concat(Enumerable.Range(0, 120).Select(Line)));
        _directory.Write(
            "target.jsonl",
            string.Concat(Enumerable.Range(0, 5).Select(i => Line((10 * i) + 3).Replace("q", "t", StringComparison.Ordinal))));
    }

    public void Dispose()
    {
        _encoder.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("--kind", "embedding")]
    [InlineData("--kind", "encoder")]
    [InlineData]
    public void Vectors_are_planned_made_and_reused(params string[] kind)
    {
        var plan = Succeeds(["plan", "--pool", "pool.jsonl", "--encoder", _encoder.FullPath, "--json", .. kind]);
        (plan.Json.GetProperty("kind").GetString(), plan.Json.GetProperty("dimension").GetInt32()).ShouldBe(("encoder", 6));
        string[] features = ["features", "--pool", "pool.jsonl", "--encoder", _encoder.FullPath, "--run", "run", "--json", .. kind];
        var made = Succeeds(features);
        made.Json.GetProperty("encoder").GetString()!.ShouldEndWith("/model.onnx");
        made.Error.ShouldContain("6 numbers: mean pooling of the whole text, unit norm");
        var again = Succeeds(features);
        again.Output.ShouldBe(made.Output);
        again.Error.ShouldNotContain("Plan ");
    }

    [Fact]
    public void A_choice_is_the_same_whether_its_vectors_are_computed_lent_or_replayed()
    {
        var own = Select("own", "rds", "--encoder", _encoder.FullPath, "--json");
        own.Json.GetProperty("method").GetString().ShouldBe("rds on encoder");
        Select("said", "rds", "--encoder", _encoder.FullPath, "--on", "encoder");
        Succeeds("features", "--pool", "pool.jsonl", "--encoder", _encoder.FullPath, "--run", "lender");
        Select("lent", "rds", "--features", "lender");
        foreach (var name in new[] { "said", "lent" })
            File.ReadAllText(_directory.PathOf(name + ".selection.jsonl")).ShouldBe(
                File.ReadAllText(_directory.PathOf("own.selection.jsonl")), name);
        Succeeds("select", "--config", "own.run/options.yaml").Error.ShouldContain("rds on encoder");
        foreach (var method in new[] { "tsds", "kcenter", "semdedup" })
        {
            var selected = Select(method, method, "--features", "lender", "--json");
            selected.Json.GetProperty("method").GetString().ShouldBe($"{method} on encoder");
        }

        File.ReadAllText(_directory.PathOf("own.run/report.html")).ShouldContain("what the encoder");
        var explained = Succeeds("explain", "own.run", "--id", "q3");
        (explained.Output + explained.Error).ShouldContain("q3");
    }

    [Fact]
    public void Methods_that_only_embeddings_serve_take_them_and_others_refuse_by_name()
    {
        Fails(
            "select", "--pool", "pool.jsonl", "--method", "tracin", "--target", "target.jsonl", "--budget", "3", "--encoder",
            _encoder.FullPath)
            .ShouldContain("'tracin' is defined by gradients");
        Fails("select", "--pool", "pool.jsonl", "--method", "random", "--budget", "3", "--encoder", _encoder.FullPath)
            .ShouldContain("compares no vectors");
        Fails("select", "--pool", "pool.jsonl", "--method", "kcenter", "--budget", "3", "--on", "encoder")
            .ShouldContain("--encoder: missing");
        Fails(
            "select", "--pool", "pool.jsonl", "--method", "kcenter", "--budget", "3", "--on", "gradients", "--encoder", _encoder.FullPath)
            .ShouldContain("--encoder: given");
        Fails("features", "--pool", "pool.jsonl", "--kind", "gradient", "--encoder", _encoder.FullPath).ShouldContain("no gradients");
        Fails("features", "--pool", "pool.jsonl", "--kind", "encoder").ShouldContain("--encoder: missing");
        _encoder.Write("1_Pooling/config.json", """{"pooling_mode_other": true}""");
        Fails("features", "--pool", "pool.jsonl", "--encoder", _encoder.FullPath, "--run", "bad").ShouldContain("the pooling other");
    }

    [Fact]
    public void Proof_and_validation_compare_by_an_encoder()
    {
        string[] shared =
        [
            "--pool", "pool.jsonl", "--target", "target.jsonl", "--encoder", _encoder.FullPath, "--epochs", "1", "--max-length", "32",
        ];
        var proof = Succeeds(
            ["prove", "--test", "target.jsonl", "--budget", "4", "--methods", "rds:on=encoder", "--seeds", "1", "--epoch-seeds", "0",
                "--generate", "0", "--json", .. shared]);
        proof.Output.ShouldContain("rds on encoder");
        var validation = Succeeds(
            ["validate", "--methods", "rds:on=encoder", "--examples", "16", "--subsets", "4", "--json", .. shared]);
        validation.Output.ShouldContain("rds on encoder");
        Fails("validate", "--pool", "pool.jsonl", "--target", "target.jsonl", "--methods", "rds:on=encoder")
            .ShouldContain("--encoder: missing");
        Fails("validate", "--pool", "pool.jsonl", "--target", "target.jsonl", "--methods", "rds", "--encoder", _encoder.FullPath)
            .ShouldContain("no method works on it");
    }

    [Fact]
    public void Options_of_the_encoder_are_listed() =>
        Succeeds("methods", "encoder").Output.ShouldContain("encoder.target-prefix");

    private static string Line(int i) => JsonSerializer.Serialize(
        new { id = $"q{i}", prompt = $"q{i}: what is {i}?", completion = $"it is {Words[i % 10]} and {Words[i / 10 % 10]}" }) + "\n";

    private Cli.Outcome Select(string name, string method, params string[] more) => Succeeds(
        [
            "select", "--pool", "pool.jsonl", "--budget", "5", "--method", method, "--out", $"{name}.jsonl",
            .. method is "kcenter" or "semdedup" ? Array.Empty<string>() : ["--target", "target.jsonl"], .. more,
        ]);

    private Cli.Outcome Succeeds(params string[] arguments)
    {
        var outcome = Cli.RunIn(_directory.FullPath, arguments);
        outcome.ExitCode.ShouldBe(0, outcome.Error);
        return outcome;
    }

    private string Fails(params string[] arguments)
    {
        var outcome = Cli.RunIn(_directory.FullPath, arguments);
        outcome.ExitCode.ShouldBe(2, outcome.Error);
        return outcome.Error;
    }
}
