using System.IO.Compression;
using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>What <c>select</c> writes for trainers, compressed records, and examples of the target in the pool.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private const int Rows = 12;
    private readonly TemporaryDirectory _directory = new();

    public ExportCommandTests() => _directory.Write("pool.jsonl", string.Concat(Enumerable.Range(0, Rows).Select(i => Record(i) + "\n")));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_one_trainer_cannot_take_is_left_out_of_its_file_alone_and_named_everywhere()
    {
        File.AppendAllText(
            _directory.PathOf("pool.jsonl"), """{"id":"last","messages":[{"role":"user","content":"only a question"}]}""" + "\n");
        var run = Select("--budget", "13", "--format", "llamafactory", "axolotl", "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        Lines("out.jsonl").Length.ShouldBe(13);
        Lines("out.axolotl.jsonl").Length.ShouldBe(13);
        Lines("out.llamafactory.jsonl").Length.ShouldBe(12);
        run.Error.ShouldContain("llamafactory: 1 of 13 records are left out of its file");
        var left = run.Json.GetProperty("exports").EnumerateArray().Single(
            e => e.GetProperty("trainer").GetString() == "llamafactory").GetProperty("left_out").EnumerateArray().Single();
        left.GetProperty("first")[0].GetString().ShouldBe("last");
        var facts = Lines("out.selection.jsonl").Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        facts.Single(
            f => f.GetProperty("id").GetString() == "last").GetProperty("left_out").GetProperty("llamafactory").GetString().ShouldBe(
            "a last turn that isn't the assistant's");
        var exported = Lines("out.llamafactory.jsonl");
        foreach (var fact in facts.Where(f => f.GetProperty("id").GetString() != "last"))
            exported[fact.GetProperty("lines").GetProperty("llamafactory").GetInt32() - 1].ShouldContain(
                $"question {fact.GetProperty("index").GetInt32()}\"");
    }

    [Theory]
    [InlineData("the pool mixes conversations (12) and texts (1)", """{"text":"one"}""")]
    [
        InlineData(
            "none of the pool's 1 records can be read as it is meant", """{"messages":[{"role":"user","content":"only a question"}]}"""),
    ]
    public void What_can_not_be_exported_is_known_before_anything_is_computed(string expected, string record)
    {
        var other = _directory.Write("other.jsonl", record + "\n");
        string[] pool = expected.StartsWith("none", StringComparison.Ordinal) ? [other] : ["pool.jsonl", other];
        var run = Cli.RunIn(
            _directory.FullPath,
            ["select", "--pool", .. pool, "--budget", "1", "--method", "grand", "--format", "llamafactory", "--out", "out.jsonl"]);
        run.ExitCode.ShouldBe(2, run.Error);
        run.Error.ShouldContain(expected);
        File.Exists(_directory.PathOf("out.jsonl")).ShouldBeFalse();
        Directory.Exists(_directory.PathOf("out.run/stages/warm-up")).ShouldBeFalse("no features were made");
    }

    [Fact]
    public void Records_under_a_name_of_gzip_are_compressed_to_the_same_bytes_each_time()
    {
        Cli.RunIn(
            _directory.FullPath, "select", "--pool", "pool.jsonl", "--budget", "5", "--method", "random", "--format", "trl", "--out",
            "out.jsonl.gz").ExitCode.ShouldBe(0);
        var first = File.ReadAllBytes(_directory.PathOf("out.jsonl.gz"));
        using (var gzip = new StreamReader(new GZipStream(new MemoryStream(first), CompressionMode.Decompress)))
            gzip.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBeSubsetOf(Lines("pool.jsonl"));
        foreach (var name in new[] { "out.selection.jsonl", "out.trl.jsonl", "out.trl.yaml", "out.run/summary.json" })
            File.Exists(_directory.PathOf(name)).ShouldBeTrue(name);
        first.AsSpan(3, 5).ToArray().ShouldAllBe(b => b == 0, "neither a name nor a time in the header");
        Cli.RunIn(
            _directory.FullPath, "select", "--pool", "pool.jsonl", "--budget", "5", "--method", "random", "--out", "out.jsonl.gz").ExitCode
                .ShouldBe(0);
        File.ReadAllBytes(_directory.PathOf("out.jsonl.gz")).ShouldBe(first);
    }

    [Fact]
    public void Examples_of_the_target_in_the_pool_are_said_and_left_out_where_that_is_asked()
    {
        _directory.Write("target.jsonl", Record(3) + "\n" + Record(5) + "\n" + Record(99) + "\n");
        var run = Select("--target", "target.jsonl", "--budget", "4", "--method", "dsir");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Error.ShouldContain("2 of 3 target examples stand in the pool too");
        var without = Select("--target", "target.jsonl", "--budget", "10", "--method", "dsir", "--exclude-target", "--strict");
        without.ExitCode.ShouldBe(0, without.Error);
        without.Error.ShouldContain("2 rows of the pool are examples of the target and were excluded as asked");
        without.Error.ShouldContain("10 examples, 0 exact duplicates, 0 invalid records, 2 of the target's");
        without.Error.ShouldNotContain("invalid: ");
        Lines("out.jsonl").ShouldBe(Lines("pool.jsonl").Where((_, i) => i is not (3 or 5)), ignoreOrder: true);
        Lines("out.run/ledger.jsonl")[3].ShouldContain("an example of the target, excluded as asked");
        Cli.RunIn(_directory.FullPath, "explain", "out.run", "--id", "pool.jsonl:4").Output.ShouldContain("It was excluded");
        Cli.RunIn(_directory.FullPath, "report", "out.run").ExitCode.ShouldBe(0);
        var page = File.ReadAllText(_directory.PathOf("out.run/report.html"));
        page.ShouldContain("of the target, excluded as asked");
        page.ShouldNotContain("rows are invalid");
        var nothing = Select("--target", "pool.jsonl", "--budget", "4", "--method", "dsir", "--exclude-target");
        (nothing.ExitCode, nothing.Error.Contains("all 12 good records are the target's own")).ShouldBe((2, true), nothing.Error);
        Select("--budget", "4", "--exclude-target").Error.ShouldContain("--exclude-target: given without --target");
    }

    [Fact]
    public void A_report_built_again_from_elsewhere_is_the_same_bytes_where_paths_were_relative()
    {
        _directory.Write("more.jsonl", Record(50) + "\n" + Record(51) + "\n");
        _directory.Write("a.jsonl", Record(60) + "\n");
        _directory.Write("b.jsonl", Record(61) + "\n");
        var run = Cli.RunIn(
            _directory.FullPath, "select", "--pool", "pool.jsonl", "more.jsonl", "--target", "a.jsonl", "b.jsonl", "--budget", "5",
            "--method", "dsir", "--out", "out.jsonl");
        run.ExitCode.ShouldBe(0, run.Error);
        string[] names = ["out.run/report.html", "out.run/report.json"];
        var before = names.Select(n => File.ReadAllText(_directory.PathOf(n))).ToArray();
        before[1].ShouldContain("\"more.jsonl\"");
        Cli.RunIn("/", "report", _directory.PathOf("out.run")).ExitCode.ShouldBe(0);
        names.Select(n => File.ReadAllText(_directory.PathOf(n))).ShouldBe(before);
    }

    private Cli.Outcome Select(params string[] arguments) => Cli.RunIn(
        _directory.FullPath,
        [
            "select", "--pool", "pool.jsonl", .. arguments.Contains("--method") ? Array.Empty<string>() : ["--method", "random"], "--out",
            "out.jsonl", "--no-report", .. arguments,
        ]);

    private string[] Lines(string name) => File.ReadAllLines(_directory.PathOf(name));

    private static string Record(int i) =>
        $$"""{"id":"r{{i}}","messages":[{"role":"user","content":"question {{i}}"},{"role":"assistant","content":"answer {{i}}"}]}""";
}
