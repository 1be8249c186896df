using Pursuit.TestKit;

namespace Pursuit.Cli.Tests;

public sealed class OptionsFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Keys_become_options_and_lists_become_repeated_options()
    {
        var file = _directory.Write("run.yaml", "pool: [a.jsonl, b.jsonl]\nbudget: 1%\nset:\n  - length.keep=shortest\n");
        OptionsFile.Expand(["select", "--config", file, "--method", "random"], CommandLine.Root())
            .ShouldBe(
                [
                    "select", "--method", "random", "--pool", "a.jsonl", "--pool", "b.jsonl", "--budget", "1%", "--set",
                    "length.keep=shortest", "--config", file,
                ]);
    }

    [Fact]
    public void What_the_command_line_gives_wins()
    {
        var file = _directory.Write("run.yaml", "budget: 1%\nseed: 4\n");
        OptionsFile.Expand(["select", "--config=" + file, "--budget=5%"], CommandLine.Root())
            .ShouldBe(["select", "--budget=5%", "--seed", "4", "--config", file]);
    }

    [Fact]
    public void Options_are_written_in_the_form_they_are_read_in()
    {
        using var text = new StringWriter();
        var options = new Dictionary<string, object>
        {
            ["pool"] = new[] { "a b.jsonl", "yes" },
            ["budget"] = "1%",
            ["seed"] = 3UL,
            ["strict"] = true,
        };
        OptionsFile.Write(text, "select", options);
        var file = _directory.Write("run.yaml", text.ToString());
        OptionsFile.Expand(["select", "--config", file], CommandLine.Root())
            .ShouldBe(
                ["select", "--pool", "a b.jsonl", "--pool", "yes", "--budget", "1%", "--seed", "3", "--strict", "true", "--config", file]);
    }

    [Theory]
    [InlineData("budgte: 1%\n", "Did you mean 'budget'?")]
    [InlineData("- a\n- b\n", "not a mapping")]
    [InlineData("budget: {a: b}\n", "nested")]
    [InlineData("budget: [a\n", "not YAML")]
    [InlineData("command: prune\n", "options of 'prune'")]
    public void A_bad_file_is_refused_with_what_would_do(string yaml, string expected)
    {
        var file = _directory.Write("run.yaml", yaml);
        Should.Throw<PursuitException>(
            () => OptionsFile.Expand(["select", "--config", file], CommandLine.Root())).Message.ShouldContain(expected);
    }

    [Fact]
    public void A_missing_file_is_said()
    {
        Should.Throw<PursuitException>(
            () => OptionsFile.Expand(
                ["select", "--config", _directory.PathOf("none.yaml")], CommandLine.Root())).Message.ShouldContain("none.yaml");
    }
}
