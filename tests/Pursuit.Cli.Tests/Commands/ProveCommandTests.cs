using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

public sealed class ProveCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public ProveCommandTests()
    {
        Write(
            "pool.jsonl", Enumerable.Range(0, 40).Select(i => ($"after {i}", $"comes {i + 1}{(i % 3 == 0 ? " and then some more" : "")}")));
        Write("dev.jsonl", Enumerable.Range(50, 4).Select(i => ($"after {i}", $"comes {i + 1}")));
        Write("sums/test.jsonl", Enumerable.Range(60, 6).Select(i => ($"after {i}", $"comes {i + 1}")));
        var text = _directory.Write(
            "text.jsonl",
            string.Concat(Enumerable.Range(0, 20).Select(i => JsonSerializer.Serialize(new
            {
                text = $"the number {i} comes before "
                + $"{i + 1}"
            }) + "\n")));
        Done(
            "pretrain", "--data", text, "--out", "model", "--vocab", "280", "--width", "16", "--layers", "1", "--heads", "2", "--mlp", "32",
            "--context", "48", "--tokens", "512", "--batch-tokens", "128");
    }

    private static string[] Prove =>
    [
        "prove", "--pool", "pool.jsonl", "--target", "dev.jsonl", "--test", "sums/test.jsonl", "--model", "model", "--budget", "10%,20%",
        "--methods", "length,length-matched-random", "--seeds", "2", "--generate", "2", "--lr", "0.01", "--epochs", "2",
    ];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_validation_prints_a_row_per_method_and_replays_from_its_options()
    {
        string[] command =
        [
            "validate", "--pool", "pool.jsonl", "--target", "dev.jsonl", "--model", "model", "--methods", "bm25", "--subsets", "5", "--lr",
            "0.01", "--batch", "4", "--json",
        ];
        var outcome = Done(command);
        outcome.Error.ShouldContain("5 random subsets of 20 of 40 examples");
        outcome.Error.ShouldMatch(@"\nbm25 +-?\d\.\d{3} \[");
        outcome.Error.ShouldMatch(@"\nrandom +-?\d\.\d{3} \[");
        var methods = outcome.Json.GetProperty("methods");
        methods.GetArrayLength().ShouldBe(2);
        var again = Done("validate", "--config", "validation.run/options.yaml", "--run", "again.run", "--json").Json;
        again.GetProperty("methods")[0].GetProperty("datamodel_score").GetRawText().ShouldBe(
            methods[0].GetProperty("datamodel_score").GetRawText());
    }

    [Fact]
    public void A_validation_refuses_methods_without_scores_toward_an_example()
    {
        Refused(
            "--methods: 'gtp', which gives examples no score toward each target example; expected of: ",
            ["validate", "--pool", "pool.jsonl", "--target", "dev.jsonl", "--model", "model", "--methods", "gtp,random"]);
    }

    [Fact]
    public void A_proof_ends_with_tables_verdicts_and_the_model_of_the_report_and_replays_from_its_options()
    {
        var outcome = Done([.. Prove, "--json"]);
        outcome.Error.ShouldContain("sums, 10%");
        outcome.Error.ShouldContain("full-epoch");
        File.ReadAllText(_directory.PathOf("proof.run/report.html")).ShouldContain("pursuit prove --pool");
        var page = File.ReadAllBytes(_directory.PathOf("proof.run/report.html"));
        File.Delete(_directory.PathOf("proof.run/report.html"));
        Done("report", "proof.run");
        File.ReadAllBytes(_directory.PathOf("proof.run/report.html")).ShouldBe(page);
        outcome.Error.ShouldContain("Verdict   length at 20% on sums: ");
        var json = outcome.Json;
        json.GetProperty("methods").EnumerateArray().Select(m => m.GetString()).ShouldBe(
            ["length", "length-matched-random", "random", "full", "full-epoch"]);
        json.GetProperty("scores").GetArrayLength().ShouldBe(2 * 4 + 2);
        json.GetProperty("comparisons")[0].GetProperty("verdict").GetString().ShouldBeOneOf("better", "worse", "no-difference-shown");
        json.GetProperty("costs").EnumerateArray().ShouldAllBe(c => c.GetProperty("training_seconds").GetDouble() > 0);

        Done("prove", "--config", "proof.run/options.yaml", "--run", "again.run");
        File.ReadAllBytes(_directory.PathOf("again.run/result.json")).ShouldBe(
            File.ReadAllBytes(_directory.PathOf("proof.run/result.json")));
    }

    [Fact]
    public void Killed_with_signal_9_the_same_command_ends_in_the_same_bytes()
    {
        Done([.. Prove, "--run", "whole.run"]);
        using (var process = Cli.Start(_directory.FullPath, [.. Prove, "--run", "killed.run"]))
        {
            var stages = _directory.PathOf("killed.run/stages");
            SpinWait.SpinUntil(
                () => process.HasExited || (Directory.Exists(stages) && Directory.EnumerateDirectories(stages, "training-*").Count() > 3),
                TimeSpan.FromMinutes(1));
            process.HasExited.ShouldBeFalse();
            process.Kill();
            process.WaitForExit();
        }

        File.Exists(_directory.PathOf("killed.run/result.json")).ShouldBeFalse();
        Done([.. Prove, "--run", "killed.run"]);
        File.ReadAllBytes(_directory.PathOf("killed.run/result.json")).ShouldBe(
            File.ReadAllBytes(_directory.PathOf("whole.run/result.json")));
    }

    [Fact]
    public void A_selection_may_let_trainings_choose_its_method()
    {
        string[] command =
        [
            "select", "--pool", "pool.jsonl", "--target", "dev.jsonl", "--model", "model", "--budget", "20%", "--method", "auto", "--set",
            "auto.methods=length-matched-random,bm25", "--set", "auto.learning-rate=0.01", "--json",
        ];
        var chosen = Done(command).Json;
        var told = chosen.GetProperty("remarks").EnumerateArray().Select(r => r.GetString()!)
            .Single(r => r.StartsWith("auto chose ", StringComparison.Ordinal));
        var method = chosen.GetProperty("method").GetString()!;
        told.ShouldStartWith($"auto chose {method}: ");
        chosen.GetProperty("selected").GetInt32().ShouldBe(8);

        var again = Done(command).Json;
        again.GetProperty("reused").GetBoolean().ShouldBeTrue();
        File.Delete(_directory.PathOf("selected.run/report.html"));
        Done("report", "selected.run");
        File.ReadAllText(_directory.PathOf("selected.run/report.html")).ShouldContain("auto chose");

        Refused(
            "'auto' judges methods by examples of it",
            ["select", "--pool", "pool.jsonl", "--model", "model", "--budget", "5", "--method", "auto"]);
    }

    [Fact]
    public void From_scratch_new_models_are_trained_by_its_own_defaults()
    {
        _directory.Write(
            "held.jsonl",
            string.Concat(Enumerable.Range(30, 5).Select(i => JsonSerializer.Serialize(new
            {
                text = $"the number {i} comes before "
                + $"{i + 1}"
            }) + "\n")));
        var outcome = Done(
            "prove", "--pool", "text.jsonl", "--test", "held.jsonl", "--model", "model", "--from-scratch", "--budget", "50%", "--methods",
            "zip", "--seeds", "2", "--epoch-seeds", "1", "--run", "scratch.run", "--json");
        outcome.Error.ShouldContain("nats per byte");
        outcome.Error.ShouldContain("from new weights in the shape of");
        var recipe = outcome.Json.GetProperty("recipe");
        (
            recipe.GetProperty("from_scratch").GetBoolean(), recipe.GetProperty("epochs").GetInt32(),
            recipe.GetProperty("learning_rate").GetDouble(), recipe.GetProperty("use").GetString()).ShouldBe(
            (true, 1, 0.002, "uniform"));
        outcome.Json.GetProperty("budgets").EnumerateArray().Select(b => b.GetProperty("name").GetString()).ShouldBe(
            ["50%", "50%, own epoch"]);
        outcome.Json.GetProperty("costs").EnumerateArray().Count(c => c.GetProperty("method").GetString() == "full-epoch").ShouldBe(1);
        File.ReadAllText(_directory.PathOf("scratch.run/report.html")).ShouldContain("each trained for an epoch of its own");
    }

    [Fact]
    public void What_is_lacking_is_said_with_exit_code_2()
    {
        Refused("--test", Without("--test"));
        Refused("nowhere.jsonl", Replace("sums/test.jsonl", "nowhere.jsonl"));
        _directory.Write("empty.jsonl", "");
        Refused("empty.jsonl", Replace("sums/test.jsonl", "empty.jsonl"));
        Refused("'length-matched-random' can't choose without one", Without("--target"));
        Refused("Did you mean 'length'?", Replace("length,length-matched-random", "lenght"));
        Refused("such as 90s, 30m or 2h", [.. Prove, "--time", "soon"]);
        Refused(
            "--target-features: missing beside --features", [.. Replace("length,length-matched-random", "gtp"), "--features", "dev.jsonl"]);
        Refused("--strict: pool: of 40 test examples 40 stand in the pool", [.. Replace("sums/test.jsonl", "pool.jsonl"), "--strict"]);

        string[] Without(string option) => [.. Prove.Where((a, i) => a != option && (i == 0 || Prove[i - 1] != option))];

        string[] Replace(string from, string to) => [.. Prove.Select(a => a == from ? to : a)];
    }

    private void Refused(string named, string[] arguments)
    {
        var outcome = Cli.RunIn(_directory.FullPath, arguments);
        outcome.ExitCode.ShouldBe(2, outcome.Error);
        outcome.Error.ShouldContain(named);
    }

    private Cli.Outcome Done(params string[] arguments)
    {
        var outcome = Cli.RunIn(_directory.FullPath, arguments);
        outcome.ExitCode.ShouldBe(0, outcome.Error);
        return outcome;
    }

    private string Write(string name, IEnumerable<(string Prompt, string Completion)> records) =>
        _directory.Write(
            name, string.Concat(
                records.Select(r => JsonSerializer.Serialize(new { prompt = r.Prompt, completion = r.Completion }) + "\n")));
}
