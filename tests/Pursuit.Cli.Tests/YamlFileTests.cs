using Pursuit.TestKit;

namespace Pursuit.Cli.Tests;

/// <summary>The reader of YAML is total: what a file holds is read, or refused with file and line and exit code 2.</summary>
public sealed class YamlFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string, string> Broken => new()
    {
        { "pool: " + new string('[', 100_000), "at most 16" },
        { "pool: " + new string('{', 100_000), "at most 16" },
        { string.Concat(Enumerable.Repeat("- ", 100_000)), "at most 16" },
        { string.Concat(Enumerable.Repeat("? ", 100_000)), "at most 16" },
        { "pool: \"a\\0b.jsonl\"\nbudget: 5\n", "line 1: U+0000 in a value" },
        { "budget: 5\npool: \"a\\uD800\"\n", "line 2" },
        { "a: &a [x, y]\npool: *a\n", "line 2: the alias '*a'" },
        { "# : \u0301c\0\0\0\0\0\0\0\0\0: select\npool:", "run.yaml" },
        { "a: 1\na: 2\n", "run.yaml" },
        { "a: [\n", "line" },
        { "%YAML 9.9\n---\na: 1\n", "run.yaml" },
        { "--- a\n--- b\n", "not a mapping" },
        { "", "not a mapping" },
        { "pool: |\n\u0001\n", "run.yaml" },
        { "? [a]\n: b\n", "line 1: a nested value" },
        { "pool: !!binary [\n", "line" },
        { "'\\", "line 1" },
        { "\"\\UFFFFFFFF\": 1", "run.yaml" },
        { "\"\\", "run.yaml" },
    };

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_hostile_file_of_options_is_refused_with_file_and_place(string yaml, string expected)
    {
        var file = _directory.Write("run.yaml", yaml);
        var message = Should.Throw<PursuitException>(() => OptionsFile.Expand(["select", "--config", file], CommandLine.Root())).Message;
        message.ShouldContain(file);
        message.ShouldContain(expected);
        Should.Throw<PursuitException>(() => MachinesFile.Read(file)).Message.ShouldContain(file);
        Should.Throw<PursuitException>(() => OptionsFile.CommandIn(file)).Message.ShouldContain(file);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused_and_a_byte_order_mark_is_skipped()
    {
        var file = _directory.PathOf("run.yaml");
        File.WriteAllBytes(file, [(byte)'a', (byte)':', (byte)' ', 0xFF, 0xFE]);
        Should.Throw<PursuitException>(() => OptionsFile.CommandIn(file)).Message.ShouldContain("not valid UTF-8");
        File.WriteAllBytes(file, [0xEF, 0xBB, 0xBF, .. "command: prune\n"u8]);
        OptionsFile.CommandIn(file).ShouldBe("prune");
    }

    [Fact]
    public void A_file_is_bounded_in_size()
    {
        var file = _directory.Write("run.yaml", "pool: " + new string('a', YamlFile.MostBytes));
        Should.Throw<PursuitException>(() => OptionsFile.CommandIn(file)).Message.ShouldContain("at most 16,777,216 bytes");
    }

    [Theory]
    [InlineData("explain", "--id", "one")]
    [InlineData("report")]
    public void A_run_whose_options_are_made_to_mislead_is_refused(string command, params string[] more)
    {
        var pool = _directory.Write("pool.jsonl", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
        var made = Cli.RunIn(
            _directory.FullPath, "select", "--budget", "1", "--method", "random", "--no-report", "--run", "r", "--out", "o.jsonl", "--pool",
            pool);
        made.ExitCode.ShouldBe(0, made.Error);
        File.WriteAllText(_directory.PathOf("r/options.yaml"), "pool: " + new string('[', 100_000));
        var outcome = Cli.RunIn(_directory.FullPath, [command, "r", .. more]);
        outcome.ExitCode.ShouldBe(CommandLine.BadInput, outcome.Error);
        outcome.Error.ShouldContain("options.yaml");
    }
}
