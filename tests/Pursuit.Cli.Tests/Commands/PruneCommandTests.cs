using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary><c>pursuit prune</c> and <c>pursuit score</c>, which share probes and measures.</summary>
public sealed class PruneCommandTests : IDisposable
{
    private const int Documents = 150; // and an empty one, which is no record
    private static readonly string[] Tiny =
    [
        "--set", "probe.vocabulary=300", "probe.width=8", "probe.heads=2", "probe.layers=1", "probe.context=16", "probe.tokens=3000",
        "probe.common-slice=0.1",
    ];

    private readonly TemporaryDirectory _directory = new();
    private readonly string _pool;

    public PruneCommandTests() => _pool = _directory.Write("pool.jsonl", string.Concat(Enumerable.Range(0, Documents + 1).Select(i =>
        JsonSerializer.Serialize(
            new
            {
                id = $"d{i}",
                text = i == Documents ? "" : $"document {i} says{(i == 7 ? " \uFFFE" : "")} " + string.Join(
                ' ', Enumerable.Range(0, 20 + i % 5).Select(k => $"word{i * k % 97}"))
            }) + "\n")));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Pruning_keeps_the_share_by_probes_it_trains_and_the_next_share_reuses_them()
    {
        var run = Cli.Run(["prune", "--pool", _pool, "--keep", "70%", "--out", _directory.PathOf("kept.jsonl"), "--json", .. Tiny]);
        run.ExitCode.ShouldBe(0, run.Error);
        File.ReadAllLines(_directory.PathOf("kept.jsonl")).Length.ShouldBe(Documents * 7 / 10);
        run.Json.GetProperty("method").GetString().ShouldBe("information");
        run.Error.ShouldContain("the two probes");
        run.Error.ShouldContain("1 invalid records");
        File.ReadAllText(_directory.PathOf("kept.selection.jsonl")).ShouldNotContain("NaN");
        var report = Cli.Run("report", _directory.PathOf("kept.run"));
        report.ExitCode.ShouldBe(0, report.Error);

        var first = JsonDocument.Parse(
            File.ReadLines(_directory.PathOf("kept.selection.jsonl")).First()).RootElement.GetProperty("id").GetString()!;
        Cli.Run("explain", _directory.PathOf("kept.run"), "--id", first, "--json").Json.GetProperty("place").GetInt32().ShouldBe(
            1, "the probes' statistics are at hand");

        var probe = File.GetLastWriteTimeUtc(_directory.PathOf("kept.run/stages/probe-1/model/model.safetensors"));
        var half = Cli.Run(
            ["prune", "--pool", _pool, "--keep", "50%", "--method", "perplexity", "--out", _directory.PathOf("kept.jsonl"), .. Tiny]);
        half.ExitCode.ShouldBe(0, half.Error);
        File.ReadAllLines(_directory.PathOf("kept.jsonl")).Length.ShouldBe(Documents / 2);
        File.GetLastWriteTimeUtc(_directory.PathOf("kept.run/stages/probe-1/model/model.safetensors")).ShouldBe(probe);
    }

    [Theory]
    [InlineData("--keep")]
    [InlineData("--budget")]
    public void A_share_that_cannot_be_is_refused_by_the_name_it_was_given_under(string option)
    {
        foreach (var (value, word) in new[]
        {
            ("0", "is not above zero"), ("1000", "at most the pool's"), ("0.1%", "less than one"), ("most", "isn't a budget"),
        })
        {
            var run = Cli.Run(["prune", "--pool", _pool, option, value, "--method", "random", "--out", _directory.PathOf("kept.jsonl")]);
            run.ExitCode.ShouldBe(2, run.Error);
            run.Error.ShouldContain(word);
            run.Error.ShouldContain($"pursuit: {option}: ");
        }
    }

    [Fact]
    public void Scores_stand_beside_every_example_and_what_has_none_is_null()
    {
        var run = Cli.Run(["score", "--pool", _pool, "--out", _directory.PathOf("scores.jsonl"), "--json", .. Tiny]);
        run.ExitCode.ShouldBe(0, run.Error);
        var lines = File.ReadAllLines(_directory.PathOf("scores.jsonl")).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        lines.Length.ShouldBe(Documents);
        lines.Select(l => l.GetProperty("id").GetString()).ShouldBe(Enumerable.Range(0, Documents).Select(i => $"d{i}"));
        foreach (var name in new[] { "information", "perplexity", "entropy", "margin", "el2n", "zip" })
            lines.ShouldAllBe(l => l.GetProperty("scores").GetProperty(name).ValueKind == JsonValueKind.Number, name);

        // A text has no question, so no ratio of losses behind it and alone.
        var few = _directory.Write("few.jsonl", string.Concat(File.ReadAllLines(_pool).Take(3).Select(l => l + "\n")));
        var model = Path.Combine(RepositoryFiles.Root, "models", "pursuit-mini");
        Cli.Run(
            "score", "--pool", few, "--model", model, "--methods", "ifd", "perplexity",
            "--out", _directory.PathOf("few.scores.jsonl")).ExitCode
                .ShouldBe(0);
        var scores = File.ReadAllLines(_directory.PathOf("few.scores.jsonl")).Select(
            l => JsonDocument.Parse(l).RootElement.GetProperty("scores")).ToArray();
        scores.ShouldAllBe(s => s.GetProperty("ifd").ValueKind == JsonValueKind.Null);
        scores.ShouldAllBe(s => s.GetProperty("perplexity").GetDouble() > 1);
    }

    [Fact]
    public void The_share_of_highest_excess_is_left_out_first_and_told()
    {
        const int Left = Documents / 20;
        string[] model = ["--pool", _pool, "--model", Path.Combine(RepositoryFiles.Root, "models", "pursuit-mini")];
        var scored = Cli.Run(["score", .. model, "--methods", "excess", "information", "--out", _directory.PathOf("scores.jsonl")]);
        scored.ExitCode.ShouldBe(0, scored.Error);
        var scores = File.ReadAllLines(_directory.PathOf("scores.jsonl")).Select(l => JsonDocument.Parse(l).RootElement)
            .ToDictionary(s => s.GetProperty("id").GetString()!, s => (Excess: Of(s, "excess"), Information: Of(s, "information")));
        var excessive = scores.OrderByDescending(s => s.Value.Excess).Take(Left).Select(s => s.Key).ToHashSet();
        excessive.ShouldContain(
            id => scores[id].Information > scores.Values.Select(s => s.Information).Order().ElementAt(Documents / 2),
            "the measure by itself would keep some of them");

        // All others; then few, which are the most informative of them.
        foreach (var (command, budget, count) in new[]
        {
            ("prune", "--keep", Documents - Left), ("select", "--budget", Documents - Left), ("prune", "--keep", 30),
        })
        {
            var run = Cli.Run(
                [
                    command, .. model, budget, $"{count}", "--method", "information", "--set", "information.leave-excess=0.05", "--out",
                    _directory.PathOf("kept.jsonl"), "--run", _directory.PathOf("kept.run"),
                ]);
            run.ExitCode.ShouldBe(0, run.Error);
            run.Error.ShouldContain($"{Left} examples were left out first");
            run.Error.ShouldContain("information.leave-excess");
            File.ReadAllLines(_directory.PathOf("kept.jsonl")).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("id").GetString()!)
                .ShouldBe(
                    scores.Where(s => !excessive.Contains(s.Key)).OrderByDescending(s => s.Value.Information).Take(count)
                        .Select(s => s.Key),
                    ignoreOrder: true, $"{command} {count}");
        }

        static double Of(JsonElement example, string measure) => example.GetProperty("scores").GetProperty(measure).GetDouble();
    }

    [Theory]
    [InlineData("1")]
    [InlineData("1.5")]
    [InlineData("-0.1")]
    [InlineData("NaN")]
    [InlineData("some")]
    public void A_share_of_excess_out_of_range_is_refused(string share)
    {
        foreach (var (command, budget) in new[] { ("prune", "--keep"), ("select", "--budget") })
        {
            var run = Cli.Run(
                command, "--pool", _pool, budget, "50%", "--method", "information", "--set", $"information.leave-excess={share}", "--out",
                _directory.PathOf("kept.jsonl"));
            run.ExitCode.ShouldBe(2, run.Error);
            run.Error.ShouldContain("information.leave-excess");
            File.Exists(_directory.PathOf("kept.jsonl")).ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData("prune", "--keep", "70%", "--method", "ifd", "--model", "/nowhere", "no directory '/nowhere'")]
    [InlineData("prune", "--keep", "70%", "--method", "loss-discrepancy", "--seed", "1", "--reference-model: missing")]
    [InlineData("prune", "--keep", "170%", "--method", "information", "--seed", "1", "more than the whole pool")]
    [InlineData("prune", "--keep", "70%", "--set", "probe.layer=2", "--seed", "1", "Did you mean 'layers'?")]
    [InlineData("score", "--methods", "gtp", "--seed", "1", "--threads", "1", "measures no example by itself")]
    [InlineData("select", "--budget", "10", "--method", "dsir", "--seed", "1", "--target: missing")]
    public void What_is_missing_is_told_before_any_work(params string[] words)
    {
        var run = Cli.Run([.. words[..^1], "--pool", _pool, "--out", _directory.PathOf("out.jsonl")]);
        run.ExitCode.ShouldBe(2, run.Error);
        run.Error.ShouldContain(words[^1]);
    }
}
