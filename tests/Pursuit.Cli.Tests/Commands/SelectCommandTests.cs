using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

public sealed class SelectCommandTests : IDisposable
{
    private const int Good = 40;
    private readonly TemporaryDirectory _directory = new();
    private readonly string _pool;

    public SelectCommandTests()
    {
        // 40 good rows (one with unusual spacing and a field of its own), a copy of row 3 with another id, and a broken line.
        var text = new StringBuilder();
        for (var i = 0; i < Good; i++)
            text.Append(Record(i, i == 5 ? "  \"kept\" : [1,2] ," : "", i % 2 == 0 ? "even" : "odd")).Append('\n');
        text.Append(Record(3, "", "odd").Replace("\"r3\"", "\"copy\"", StringComparison.Ordinal)).Append('\n');
        text.Append("{\"messages\": [\n");
        _pool = _directory.Write("pool.jsonl", text.ToString());
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_chosen_records_are_the_inputs_bytes_and_the_ledger_accounts_for_every_row()
    {
        var run = Select("--budget", "10", "--json");
        run.ExitCode.ShouldBe(0, run.Error);

        var input = File.ReadAllLines(_pool);
        var records = File.ReadAllLines(_directory.PathOf("out.jsonl"));
        var facts = File.ReadAllLines(_directory.PathOf("out.selection.jsonl")).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        records.Length.ShouldBe(10);
        for (var i = 0; i < records.Length; i++)
        {
            facts[i].GetProperty("rank").GetInt32().ShouldBe(i + 1);
            records[i].ShouldBe(input[facts[i].GetProperty("index").GetInt32()]);
            facts[i].GetProperty("line").GetInt32().ShouldBe(facts[i].GetProperty("index").GetInt32() + 1);
        }

        var fates = File.ReadAllLines(_directory.PathOf("out.run/ledger.jsonl")).Select(
            l => JsonDocument.Parse(l).RootElement.GetProperty("fate").GetString()!).ToArray();
        fates.Length.ShouldBe(Good + 2);
        fates.CountBy(f => f).ShouldBe(
            [new("not selected", 30), new("selected", 10), new("duplicate of", 1), new("quarantined", 1)], ignoreOrder: true);
        var counts = run.Json.GetProperty("input");
        counts.GetProperty("rows").GetInt32().ShouldBe(
            counts.GetProperty("selected").GetInt32() + counts.GetProperty("not_selected").GetInt32()
                + counts.GetProperty("duplicates").GetInt32() + counts.GetProperty("quarantined").GetInt32());
        run.Error.ShouldContain("1 invalid records");
    }

    [Fact]
    public void The_same_command_gives_the_same_bytes_and_another_seed_others()
    {
        Select("--budget", "50%").ExitCode.ShouldBe(0);
        var first = File.ReadAllBytes(_directory.PathOf("out.jsonl"));
        var again = Select("--budget", "50%", "--threads", "1");
        again.Error.ShouldContain("unchanged since the last run");
        File.ReadAllBytes(_directory.PathOf("out.jsonl")).ShouldBe(first);
        Select("--budget", "50%", "--run", _directory.PathOf("elsewhere")).ExitCode.ShouldBe(0);
        File.ReadAllBytes(_directory.PathOf("out.jsonl")).ShouldBe(first);
        var other = Select("--budget", "50%", "--seed", "1");
        other.Error.ShouldNotContain("unchanged");
        File.ReadAllBytes(_directory.PathOf("out.jsonl")).ShouldNotBe(first);
    }

    [Fact]
    public void A_changed_input_is_never_answered_from_an_old_run()
    {
        Select("--budget", "5").ExitCode.ShouldBe(0);
        File.AppendAllText(_pool, Record(99, "", "odd") + "\n");
        var run = Select("--budget", "5");
        run.ExitCode.ShouldBe(0);
        run.Error.ShouldNotContain("unchanged");
    }

    [Fact]
    public void The_options_kept_in_the_run_directory_replay_it_from_anywhere()
    {
        Select("--budget", "7", "--seed", "4", "--quota", "even=5..").ExitCode.ShouldBe(2); // sources are files without --source-field
        Select("--budget", "7", "--seed", "4", "--quota", "even=5..", "--source-field", "kind").ExitCode.ShouldBe(0);
        var first = File.ReadAllBytes(_directory.PathOf("out.jsonl"));
        File.Delete(_directory.PathOf("out.jsonl"));
        var replay = Cli.Run("select", "--config", _directory.PathOf("out.run/options.yaml"));
        replay.ExitCode.ShouldBe(0, replay.Error);
        File.ReadAllBytes(_directory.PathOf("out.jsonl")).ShouldBe(first);
    }

    [Fact]
    public void A_quota_of_a_file_is_met_whichever_way_the_file_is_named()
    {
        _directory.Write("more/other.jsonl", string.Concat(Enumerable.Range(200, 9).Select(i => Record(i, "", "odd") + "\n")));
        Cli.Outcome Quota(string name) => Cli.RunIn(
            _directory.FullPath, "select", "--pool", "more", _pool, "--budget", "4", "--method", "random", "--quota", name + "=4..",
            "--out", "quota.jsonl");
        foreach (var name in (string[])["more/other.jsonl", "./more/../more/other.jsonl", _directory.PathOf("more/other.jsonl")])
        {
            var run = Quota(name);
            run.ExitCode.ShouldBe(0, run.Error);
        }

        Quota("more/other.jsonl").ExitCode.ShouldBe(0);
        File.Delete(_directory.PathOf("quota.jsonl"));
        var replay = Cli.RunIn("/", "select", "--config", _directory.PathOf("quota.run/options.yaml"));
        replay.ExitCode.ShouldBe(0, replay.Error);
        replay.Error.ShouldContain("unchanged since the last run");
        File.ReadAllLines(_directory.PathOf("quota.jsonl")).ShouldBeSubsetOf(File.ReadAllLines(_directory.PathOf("more/other.jsonl")));
    }

    [Fact]
    public void Repeats_write_a_record_as_often_as_its_facts_say()
    {
        Select("--budget", "4", "--repeats", "3").ExitCode.ShouldBe(0);
        File.ReadAllLines(_directory.PathOf("out.jsonl")).CountBy(l => l).ShouldAllBe(c => c.Value == 3);
        File.ReadAllLines(_directory.PathOf("out.selection.jsonl")).ShouldAllBe(l => l.Contains("\"repeats\":3"));
    }

    [Theory]
    [InlineData("trl", "messages")]
    [InlineData("axolotl", "field_messages")]
    [InlineData("llamafactory", "sharegpt")]
    public void A_trainers_files_hold_the_same_turns(string format, string expected)
    {
        var run = Select("--budget", "4", "--format", format, "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        var files = run.Json.GetProperty("files");
        var written = File.ReadAllLines(files.GetProperty(format).GetString()!);
        written.Select(Turns).ShouldBe(File.ReadAllLines(_directory.PathOf("out.jsonl")).Select(Turns));
        var configuration = File.ReadAllText(files.GetProperty(format + "_configuration").GetString()!);
        configuration.ShouldContain(format == "trl" ? "data_files: \"out.trl.jsonl\"" : expected);
    }

    [Theory]
    [InlineData("no such file", "--pool", "none.jsonl", "--budget", "1")]
    [InlineData("*.nothing", "--pool", "*.nothing", "--budget", "1")]
    [InlineData("no record", "--pool", "empty.jsonl", "--budget", "1")]
    [InlineData("none of 3 records can be read", "--pool", "bad.jsonl", "--budget", "1")]
    [InlineData("not above zero", "--pool", "pool.jsonl", "--budget", "0")]
    [InlineData("isn't a budget", "--pool", "pool.jsonl", "--budget", "lots")]
    [InlineData("at most the pool's 40", "--pool", "pool.jsonl", "--budget", "41")]
    [InlineData("Did you mean 'random'?", "--pool", "pool.jsonl", "--budget", "1", "--method", "randon")]
    [InlineData("Did you mean '--budget'?", "--pool", "pool.jsonl", "--buget", "1")]
    [InlineData("Did you mean 'axolotl'?", "--pool", "pool.jsonl", "--budget", "1", "--format", "axolotle")]
    [InlineData("--threads", "--pool", "pool.jsonl", "--budget", "1", "--threads", "0")]
    [InlineData("'messagse'", "--pool", "pool.jsonl", "--budget", "1", "--shape", "messagse")]
    [InlineData("line 42", "--pool", "pool.jsonl", "--budget", "1", "--strict")]
    [InlineData("--repeats", "--pool", "pool.jsonl", "--budget", "1", "--repeats", "0")]
    [InlineData("no record has a text field", "--pool", "pool.jsonl", "--budget", "1", "--source-field", "nope")]
    [InlineData("cut.jsonl.gz", "--pool", "cut.jsonl.gz", "--budget", "1")]
    public void Bad_input_gets_exit_code_2_and_a_message_to_act_on(string expected, params string[] arguments)
    {
        _directory.Write("empty.jsonl", "");
        _directory.Write("bad.jsonl", "nonsense\n{\"a\": 1}\n[1]\n");
        File.WriteAllBytes(_directory.PathOf("cut.jsonl.gz"), Gzip(File.ReadAllBytes(_pool))[..^5]);
        string[] method = arguments.Contains("--method") ? [] : ["--method", "random"];
        var run = Cli.RunIn(_directory.FullPath, ["select", .. arguments, .. method, "--out", "out.jsonl"]);
        run.ExitCode.ShouldBe(2, run.Error);
        run.Error.ShouldContain(expected);
        run.Error.ShouldNotContain("   at "); // no stack trace
        File.Exists(_directory.PathOf("out.jsonl")).ShouldBeFalse();
    }

    [Fact]
    public void Token_budgets_and_lengths_use_the_models_tokenizer_and_template()
    {
        var model = _directory.PathOf("model");
        Cli.Run("tokenizer", "train", "--vocab", "300", "--out", model, _pool).ExitCode.ShouldBe(0);

        var run = Select("--method", "length", "--model", model, "--budget", "30-supervised-tokens", "--json");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Error.ShouldContain("supervised tokens");
        run.Json.GetProperty("spent").GetInt64().ShouldBeInRange(20, 30);
        var longest = File.ReadAllLines(_directory.PathOf("out.selection.jsonl")).Select(
            l => JsonDocument.Parse(l).RootElement.GetProperty("score").GetDouble()).ToArray();
        longest.ShouldBe(longest.OrderDescending());

        var match = _directory.PathOf("out.selection.jsonl");
        var matched = Cli.Run(
            "select", "--pool", _pool, "--method", "length-matched-random", "--match", match, "--model", model, "--budget", "4", "--out",
            _directory.PathOf("matched.jsonl"));
        matched.ExitCode.ShouldBe(0, matched.Error);
        Select("--method", "length", "--budget", "4").ExitCode.ShouldBe(0, "the bundled model counts where none is given");
        Select("--method", "length-matched-random", "--model", model, "--budget", "4").Error.ShouldContain("--target");
    }

    [Fact]
    public void Inspect_tells_trained_tokens_from_masked_ones()
    {
        var model = _directory.PathOf("model");
        Cli.Run("tokenizer", "train", "--vocab", "300", "--out", model, _pool).ExitCode.ShouldBe(0);
        var one = Cli.Run("inspect", _pool, "--id", "r7", "--model", model);
        one.ExitCode.ShouldBe(0, one.Error);
        one.Output.ShouldContain("What is 7 + 7? é");
        one.Output.ShouldContain("⟦14<|endoftext|>⟧");
        var all = Cli.Run("inspect", _pool, "--model", model, "--json").Json;
        all.GetProperty("input").GetProperty("quarantined").GetInt32().ShouldBe(1);
        all.GetProperty("audit").GetProperty("examples").GetInt32().ShouldBe(Good);
        Cli.Run("inspect", _pool, "--id", "r777", "--model", model).ExitCode.ShouldBe(2);
    }

    [Fact]
    public void An_input_is_never_written_over()
    {
        var before = File.ReadAllBytes(_pool);
        var run = Cli.Run("select", "--pool", _pool, "--method", "random", "--budget", "5", "--out", _pool);
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain("would be written over the input --pool");
        File.ReadAllBytes(_pool).ShouldBe(before);
        File.Move(_pool, _directory.PathOf("out.selection.jsonl"));
        Cli.Run(
            "select", "--pool", _directory.PathOf("out.selection.jsonl"), "--method", "random", "--budget", "5", "--out",
            _directory.PathOf("out.jsonl")).ExitCode.ShouldBe(2);
    }

    [Fact]
    public void A_refused_export_leaves_the_earlier_selection_whole()
    {
        Select("--budget", "5").ExitCode.ShouldBe(0);
        var options = File.ReadAllText(_directory.PathOf("out.run/options.yaml"));
        var records = File.ReadAllText(_directory.PathOf("out.jsonl"));
        var texts = _directory.Write("texts.jsonl", "{\"text\":\"one\"}\n{\"text\":\"two\"}\n");
        var run = Cli.Run(
            "select", "--pool", _pool, texts, "--method", "random", "--budget", "42", "--format", "trl", "--out",
            _directory.PathOf("out.jsonl"));
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain("mixes conversations (40) and texts (2)");
        File.ReadAllText(_directory.PathOf("out.jsonl")).ShouldBe(records);
        File.ReadAllText(_directory.PathOf("out.run/options.yaml")).ShouldBe(options);
    }

    [Fact]
    public void A_directory_is_read_without_what_earlier_selections_left_in_it()
    {
        Select("--budget", "5").ExitCode.ShouldBe(0);
        File.Delete(_directory.PathOf("out.jsonl"));
        var run = Cli.Run(
            "select", "--pool", _directory.FullPath, "--method", "random", "--budget", "5", "--out", _directory.PathOf("again.txt"),
            "--json"); // of a name that no directory is read for
        run.Json.GetProperty("input").GetProperty("rows").GetInt32().ShouldBe(Good + 2);
    }

    [Fact]
    public void A_read_only_directory_is_said_and_nothing_is_left()
    {
        var run = Select("--budget", "5", "--run", "/proc/pursuit");
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain("/proc/pursuit");
    }

    private Cli.Outcome Select(params string[] arguments) =>
        Cli.Run(
            [
                "select", "--pool", _pool, .. (arguments.Contains("--method") ? Array.Empty<string>() : ["--method", "random"]), "--out",
                _directory.PathOf("out.jsonl"), .. arguments,
            ]);

    private static byte[] Gzip(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal)) gzip.Write(bytes);
        return buffer.ToArray();
    }

    private static string Record(int i, string extra, string kind) =>
        $$"""{ {{extra}} "id":"r{{i}}", "kind":"{{kind}}", "messages":[{"role":"user","content":"What is {{i}} + {{i}}? é"},"""
            + $$"""{"role":"assistant","content":"{{2 * i}}"}]}""";

    private static string Turns(string record) =>
        string.Join(
            '|',
            JsonDocument.Parse(record).RootElement.GetProperty("messages").EnumerateArray().Select(
                m => m.GetProperty("role").GetString() + ":" + m.GetProperty("content").GetString()));
}
