using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>What commands make of records that pair answers, of marks, and of directories that hold more than records.</summary>
public sealed class RecordCommandTests : IDisposable
{
    private const string Pair = """{"id":"p","prompt":"Say hi","chosen":"Hi!","rejected":"Go away"}""";
    private const string Plain = """{"id":"q","prompt":"Say bye","completion":"Bye!"}""";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Preference_rows_are_quarantined_unless_their_chosen_answers_are_asked_for_and_then_copied_whole()
    {
        _directory.Write("pool.jsonl", $"{Pair}\n{Plain}\n");
        string[] select = ["select", "--pool", "pool.jsonl", "--method", "random", "--budget", "100%", "--no-report", "--json"];

        var usual = Cli.RunIn(_directory.FullPath, select);
        usual.ExitCode.ShouldBe(0, usual.Error);
        usual.Error.ShouldContain("preference 'chosen'");
        File.ReadAllText(_directory.PathOf("selected.jsonl")).ShouldBe(Plain + "\n");

        var asked = Cli.RunIn(_directory.FullPath, [.. select, "--preference", "chosen"]);
        asked.ExitCode.ShouldBe(0, asked.Error);
        File.ReadAllLines(_directory.PathOf("selected.jsonl")).Order().ShouldBe(new[] { Pair, Plain }.Order());

        var shown = Cli.RunIn(_directory.FullPath, "inspect", "pool.jsonl", "--preference", "chosen");
        shown.Output.ShouldContain("Hi!");
        shown.Output.ShouldNotContain("Go away");
        Cli.RunIn(_directory.FullPath, [.. select, "--preference", "rejected"]).Error.ShouldContain("--preference: 'rejected'; "
            + "expected quarantine or chosen");
    }

    [Fact]
    public void What_a_directory_holds_beside_records_is_said_and_refused_where_strict()
    {
        _directory.Write("data/a.ndjson", Plain + "\n");
        _directory.Write("data/b.txt", "words\n");
        string[] select = ["select", "--pool", "data", "--method", "random", "--budget", "1", "--no-report", "--json"];
        var run = Cli.RunIn(_directory.FullPath, select);
        run.ExitCode.ShouldBe(0, run.Error);
        run.Error.ShouldContain("not read: data/b.txt (a .txt file)");
        run.Json.GetProperty("remarks").EnumerateArray().Select(r => r.GetString()!).ShouldContain(
            r => r.StartsWith("not read: data/b.txt", StringComparison.Ordinal));
        File.ReadAllText(_directory.PathOf("selected.run/ledger.jsonl")).ShouldContain(
            """{"source_file":"data/b.txt","fate":"not read","reason":"a .txt file"}""");

        var strict = Cli.RunIn(_directory.FullPath, [.. select, "--strict"]);
        strict.ExitCode.ShouldBe(2);
        strict.Error.ShouldContain("data/b.txt: a .txt file in a directory that is read");

        var train = Cli.RunIn(
            _directory.FullPath, "train", "--data", "data", "--out", "trained", "--steps", "1", "--max-length", "64", "--json");
        train.ExitCode.ShouldBe(0, train.Error);
        train.Error.ShouldContain("Note      not read: data/b.txt");
        train.Json.GetProperty("notes")[0].GetString()!.ShouldStartWith("not read: data/b.txt");
    }
}
