using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary><c>pursuit report</c> and <c>pursuit explain</c> on a finished run.</summary>
public sealed class ReportCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _pool;

    public ReportCommandTests()
    {
        var lines = Enumerable.Range(0, 30).Select(
            i => $$"""{"id":"r{{i}}","messages":[{"role":"user","content":"q{{i}}"},{"role":"assistant","content":"a{{i}}"}]}""");
        _pool = _directory.Write("it's a pool.jsonl", string.Join('\n', lines) + "\n{\n");
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_report_is_the_last_line_and_is_rebuilt_to_the_same_bytes()
    {
        var run = Select();
        run.ExitCode.ShouldBe(0, run.Error);
        run.Error.TrimEnd().Split('\n')[^1].ShouldStartWith("Report");
        var page = File.ReadAllBytes(_directory.PathOf("out.run/report.html"));
        var model = File.ReadAllBytes(_directory.PathOf("out.run/report.json"));
        File.Delete(_directory.PathOf("out.run/report.html"));
        var again = Cli.Run("report", _directory.PathOf("out.run"), "--json");
        again.ExitCode.ShouldBe(0, again.Error);
        again.Json.GetProperty("selected").GetInt32().ShouldBe(7);
        File.ReadAllBytes(_directory.PathOf("out.run/report.html")).ShouldBe(page);
        File.ReadAllBytes(_directory.PathOf("out.run/report.json")).ShouldBe(model);
    }

    [Fact]
    public void The_command_in_the_report_repeats_the_selection_from_anywhere()
    {
        Select("--seed", "9").ExitCode.ShouldBe(0);
        var chosen = File.ReadAllText(_directory.PathOf("out.jsonl"));
        var command =
            JsonDocument.Parse(File.ReadAllText(_directory.PathOf("out.run/report.json"))).RootElement.GetProperty("command").GetString()!;
        command.ShouldContain("--seed 9");
        File.Delete(_directory.PathOf("out.jsonl"));
        Cli.RunIn("/", ShellWords(command)[1..]).ExitCode.ShouldBe(0);
        File.ReadAllText(_directory.PathOf("out.jsonl")).ShouldBe(chosen);
    }

    [Fact]
    public void A_run_that_another_process_holds_or_that_can_not_be_written_is_explained_and_reported_all_the_same()
    {
        Select().ExitCode.ShouldBe(0);
        var run = _directory.PathOf("out.run");
        var page = File.ReadAllBytes(Path.Combine(run, "report.html"));
        using (Runs.RunDirectory.Open(run))
        {
            Cli.Run("explain", run, "--id", "r1").ShouldSatisfyAllConditions(r => r.ExitCode.ShouldBe(0, r.Error));
            Cli.Run("report", run).ShouldSatisfyAllConditions(r => r.ExitCode.ShouldBe(0, r.Error));
        }

        Cli.Run("report", run, "--out", _directory.PathOf("there")).ExitCode.ShouldBe(0);
        File.ReadAllBytes(_directory.PathOf("there/report.html")).ShouldBe(page);

        // A directory in a file's place can't be written whoever the user is.
        File.Delete(Path.Combine(run, "report.json"));
        Directory.CreateDirectory(Path.Combine(run, "report.json"));
        var elsewhere = Cli.RunIn(_directory.FullPath, "report", "out.run");
        elsewhere.ExitCode.ShouldBe(0, elsewhere.Error);
        elsewhere.Error.ShouldContain("The report goes to out.report instead");
        File.ReadAllBytes(_directory.PathOf("out.report/report.html")).ShouldBe(page);
    }

    [Fact]
    public void An_example_is_explained_and_what_is_not_there_is_refused()
    {
        Select("--no-report").ExitCode.ShouldBe(0);
        File.Exists(_directory.PathOf("out.run/report.html")).ShouldBeFalse();
        var rank = File.ReadLines(_directory.PathOf("out.selection.jsonl")).Select(l => JsonDocument.Parse(l).RootElement).ToDictionary(
            e => e.GetProperty("id").GetString()!, e => e.GetProperty("rank").GetInt32());
        var id = rank.Keys.First();
        var explanation = Cli.Run("explain", _directory.PathOf("out.run"), "--id", id, "--json");
        explanation.ExitCode.ShouldBe(0, explanation.Error);
        explanation.Json.GetProperty("rank").GetInt32().ShouldBe(rank[id]);
        explanation.Json.GetProperty("place").GetInt32().ShouldBe(rank[id]);
        Cli.Run("explain", _directory.PathOf("out.run"), "--id", "it's a pool.jsonl:31").Output.ShouldContain("quarantined");
        Cli.Run("explain", _directory.PathOf("out.run"), "--id", "r99").ShouldSatisfyAllConditions(
            r => r.ExitCode.ShouldBe(2), r => r.Error.ShouldContain("r99"));
        Cli.Run("report", _directory.FullPath).ShouldSatisfyAllConditions(
            r => r.ExitCode.ShouldBe(2), r => r.Error.ShouldContain("run.json"));
        File.AppendAllText(
            _pool,
            """{"text":"more"}""" + "\n" + """{"messages":[{"role":"user","content":"n"},{"role":"assistant","content":"m"}]}""" + "\n");
        Cli.Run("report", _directory.PathOf("out.run")).ShouldSatisfyAllConditions(
            r => r.ExitCode.ShouldBe(2), r => r.Error.ShouldContain("changed"));
    }

    private Cli.Outcome Select(params string[] arguments) =>
        Cli.Run(["select", "--pool", _pool, "--method", "random", "--budget", "7", "--out", _directory.PathOf("out.jsonl"), .. arguments]);

    /// <summary>
    /// The words a POSIX shell makes of a line: spaces part them, single quotes hold them together, a backslash keeps a quote.
    /// </summary>
    private static string[] ShellWords(string line)
    {
        var words = new List<string> { "" };
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\'') quoted = !quoted;
            else if (line[i] == '\\' && !quoted) words[^1] += line[++i];
            else if (line[i] == ' ' && !quoted) words.Add("");
            else words[^1] += line[i];
        }

        return [.. words];
    }
}
