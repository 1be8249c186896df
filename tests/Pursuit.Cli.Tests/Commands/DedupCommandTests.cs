using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary><c>pursuit dedup</c>, and <c>--dedup near</c> of the commands that read a pool.</summary>
public sealed class DedupCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Kept_records_are_the_inputs_own_in_its_order_and_the_ledger_accounts_for_the_others()
    {
        var first = """{"text" : "The cat sat on the mat and looked at the moon until the morning came", "id":"cat"}""";
        var near = """{"text":"the cat sat on the mat, and looked at the moon, until the morning came!"}""";
        var other = """{"id":7,"text":"Something that has nothing to do with any animal at all"}""";
        _directory.Write("pool.jsonl", string.Join('\n', [near, first, other, near, "{"]) + "\n");
        var run = Cli.RunIn(_directory.FullPath, "dedup", "--pool", "pool.jsonl", "--out", "kept.jsonl", "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        File.ReadAllText(_directory.PathOf("kept.jsonl")).ShouldBe($"{near}\n{other}\n");
        Ledger("kept.run")[..4].ShouldBe(
        [
            """{"row":0,"source_file":"pool.jsonl","line":1,"fate":"kept"}""",
            """{"row":1,"source_file":"pool.jsonl","line":2,"fate":"near duplicate of","duplicate_of":0,"similarity":1,"""
                + "\"reason\":\"near duplicate of row 0 (1.00)\"}",
            """{"row":2,"source_file":"pool.jsonl","line":3,"fate":"kept"}""",
            """{"row":3,"source_file":"pool.jsonl","line":4,"fate":"duplicate of","duplicate_of":0}""",
        ]);
        run.Error.ShouldContain("Read      5 rows: 1 exact duplicates, 1 near duplicates, 1 invalid records");
        var json = run.Json;
        json.GetProperty("kept").GetInt32().ShouldBe(2);
        json.GetProperty("near_duplicates").GetInt32().ShouldBe(1);
        var group = json.GetProperty("largest_groups").EnumerateArray().ShouldHaveSingleItem();
        (group.GetProperty("row").GetInt32(), group.GetProperty("exact").GetInt32(), group.GetProperty("near").GetInt32())
            .ShouldBe((0, 1, 1));

        var exact = Cli.RunIn(_directory.FullPath, "dedup", "--pool", "pool.jsonl", "--dedup", "exact", "--out", "exact.jsonl");
        exact.ExitCode.ShouldBe(0, exact.Error);
        File.ReadAllText(_directory.PathOf("exact.jsonl")).ShouldBe($"{near}\n{first}\n{other}\n");
    }

    [Fact]
    public void A_selection_is_from_what_stays_says_so_and_is_not_taken_for_one_from_everything()
    {
        Pool();
        string[] select =
        [
            "select", "--pool", "pool.jsonl", "--method", "random", "--budget", "100%", "--out", "s.jsonl", "--no-report", "--json",
        ];
        var all = Cli.RunIn(_directory.FullPath, select);
        all.ExitCode.ShouldBe(0, all.Error);
        all.Json.GetProperty("selected").GetInt32().ShouldBe(20);

        var near = Cli.RunIn(_directory.FullPath, [.. select, "--dedup", "near"]);
        near.ExitCode.ShouldBe(0, near.Error);
        near.Json.GetProperty("selected").GetInt32().ShouldBe(10);
        near.Json.GetProperty("input").GetProperty("near_duplicates").GetInt32().ShouldBe(10);
        near.Json.GetProperty("reused").GetBoolean().ShouldBeFalse();
        near.Error.ShouldContain("10 near duplicates");
        near.Error.ShouldContain("10 rows are near duplicates of earlier rows");
        Ledger("s.run")[10].ShouldContain("\"fate\":\"near duplicate of\",\"duplicate_of\":0,");
        Ledger("s.run")[10].ShouldContain("\"reason\":\"near duplicate of t0 (0.90)\"");

        var explained = Cli.RunIn(_directory.FullPath, "explain", "s.run", "--id", "t10");
        explained.ExitCode.ShouldBe(0, explained.Error);
        explained.Output.ShouldContain("near duplicate of t0");
        explained.Output.ShouldContain("Jaccard similarity 0.9");

        Cli.RunIn(_directory.FullPath, [.. select, "--dedup", "near"]).Json.GetProperty("reused").GetBoolean().ShouldBeTrue();
        var strict = Cli.RunIn(_directory.FullPath, [.. select, "--dedup", "near", "--set", "dedup.threshold=1"]);
        strict.Json.GetProperty("reused").GetBoolean().ShouldBeFalse();
        strict.Json.GetProperty("selected").GetInt32().ShouldBe(20);
    }

    [Fact]
    public void Other_commands_leave_near_duplicates_out_as_well()
    {
        Pool();
        var scored = Cli.RunIn(
            _directory.FullPath, "score", "--pool", "pool.jsonl", "--methods", "zip", "--out", "scores.jsonl", "--dedup", "near");
        scored.ExitCode.ShouldBe(0, scored.Error);
        File.ReadAllLines(_directory.PathOf("scores.jsonl")).Length.ShouldBe(10);
        var inspected = Cli.RunIn(_directory.FullPath, "inspect", "pool.jsonl", "--dedup", "near", "--json");
        inspected.ExitCode.ShouldBe(0, inspected.Error);
        inspected.Json.GetProperty("input").GetProperty("near_duplicates").GetInt32().ShouldBe(10);
    }

    [Theory]
    [InlineData("--set dedup.threshold=1.5", "dedup.threshold: 1.5; expected 0.1 to 1")]
    [InlineData("--set dedup.unit=letters", "'dedup.unit=letters'; expected one of: words, characters")]
    [InlineData("--set dedup.treshold=0.9", "'dedup' has no option 'treshold'")]
    [InlineData("--set gtp.passes=3", "expected dedup.OPTION=VALUE")]
    [InlineData("--dedup exact --set dedup.threshold=0.9", "without --dedup near")]
    [InlineData("--dedup nearly", "'nearly'; expected exact or near")]
    [InlineData("--out pool.jsonl", "would be written over the input")]
    public void What_cannot_be_is_refused_and_nothing_is_written(string options, string message)
    {
        Pool();
        var run = Cli.RunIn(_directory.FullPath, ["dedup", "--pool", "pool.jsonl", .. options.Split(' ')]);
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain(message);
        File.Exists(_directory.PathOf("kept.jsonl")).ShouldBeFalse();
    }

    [Fact]
    public void Methods_lists_the_options()
    {
        var listed = Cli.Run("methods", "dedup");
        listed.ExitCode.ShouldBe(0, listed.Error);
        foreach (var option in new[] { "threshold", "unit", "gram-size", "compare", "permutations", "seed" })
            listed.Output.ShouldContain($"dedup.{option}");
    }

    /// <summary>Ten texts of 100 words, then each again with one word of it changed.</summary>
    private void Pool() => _directory.Write("pool.jsonl", string.Concat(Enumerable.Range(0, 20).Select(i => JsonSerializer.Serialize(new
    {
        id = $"t{i}",
        text = string.Join(' ', Enumerable.Range(0, 100).Select(k => i >= 10 && k == 50 ? "changed" : $"w{(i % 10 + 1) * (k + 3) % 997}")),
    }) + "\n")));

    private string[] Ledger(string run) =>
        File.ReadAllLines(Path.Combine(_directory.PathOf(run), "ledger.jsonl"));
}
