using System.Text.Json;
using Pursuit.Cli.Output;
using Pursuit.Reports;
using Pursuit.Selection.Methods;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Output;

/// <summary>What data and names hold is shown on a terminal and never acts there, whichever command prints it.</summary>
public sealed class TerminalTests : IDisposable
{
    /// <summary>Clears a screen, sets a title, turns lines around, ends them, begins another.</summary>
    private const string Hostile =
        "a\u001B[2J\u001B]0;title\u0007\u009B1m\u202Eb\u2066c\u200Fd\u200Ee\u061Cf\u2028g\u2029h\u0085i\u007F\npursuit: forged\rj";

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Commands => [.. CommandLine.Root().Subcommands.Select(c => c.Name)];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public void No_value_of_any_option_reaches_the_terminal_as_it_stands(string name)
    {
        var command = CommandLine.Root().Subcommands.Single(c => c.Name == name);
        var values = command.Options.Where(o => o.ValueType == typeof(string) || o.ValueType == typeof(string[])).SelectMany(
            o => new[] { o.Name, Hostile });
        Check(Cli.RunIn(_directory.FullPath, [name, .. values]));
        Check(Cli.RunIn(_directory.FullPath, [name, "--" + Hostile, Hostile]));
    }

    [Fact]
    public void No_command_or_number_reaches_the_terminal_as_it_stands()
    {
        Check(Cli.RunIn(_directory.FullPath, Hostile));
        Check(Cli.RunIn(_directory.FullPath, "select", "--threads", Hostile, "--seed=" + Hostile));
    }

    [Fact]
    public void Records_and_file_names_are_shown_and_never_act()
    {
        var name = Hostile.Replace("\n", "", StringComparison.Ordinal) + ".jsonl";
        string[] records =
        [
            JsonSerializer.Serialize(
                new
                {
                    id = Hostile,
                    source = Hostile,
                    messages = new[] { new { role = "user", content = Hostile }, new { role = "assistant", content = "b" + Hostile } },
                }),
            JsonSerializer.Serialize(
                new
                {
                    id = "2",
                    source = "s",
                    messages = new[] { new { role = "user", content = "x" }, new { role = "assistant", content = "y" } },
                }),
            JsonSerializer.Serialize(new Dictionary<string, object> { [Hostile] = Hostile }),
            JsonSerializer.Serialize(new { messages = new[] { new { role = Hostile, content = "x" } } }),
            "{\"" + "\u202E\u200F\u061C\u2028" + "\": " + "\u202E\u200F",
        ];
        File.WriteAllLines(_directory.PathOf(name), records);
        foreach (var words in (string[][])
        [
            ["inspect", _directory.FullPath],
            ["inspect", _directory.FullPath, "--json"],
            ["select", "--pool", name, "--budget", "1", "--method", "random", "--run", "r", "--out", "o.jsonl"],
            ["select", "--pool", name, "--budget", "1", "--method", "random", "--run", "r", "--out", "o.jsonl", "--json"],
            ["select", "--pool", name, "--budget", "1", "--method", "random", "--run", "s", "--out", "p.jsonl", "--strict"],
            ["explain", "r", "--id", "2"],
            ["explain", "r", "--id", "2", "--json"],
            ["report", "r"],
        ])
        {
            var outcome = Cli.RunIn(_directory.FullPath, words);
            (outcome.Output.Length + outcome.Error.Length).ShouldBeGreaterThan(20, string.Join(' ', words));
            Check(outcome);
        }
    }

    [Fact]
    public void JSON_says_the_same_with_its_characters_escaped()
    {
        var json = VisibleText.InJson(JsonSerializer.Serialize(new { Hostile }, Runs.RunJson.Compact));
        json.ShouldAllBe(c => !IsActive(c));
        JsonDocument.Parse(json).RootElement.GetProperty("hostile").GetString().ShouldBe(Hostile);
    }

    [Theory]
    [InlineData("--budget")]
    [InlineData("--method")]
    [InlineData("--pool")]
    [InlineData("--set")]
    [InlineData("--threads")]
    [InlineData("--memory")]
    [InlineData("--run")]
    [InlineData("--nosuchoption")]
    public void A_message_cuts_what_it_quotes(string option)
    {
        var pool = _directory.Write("pool.jsonl", "{\"text\": \"one\"}\n");
        string[] words = ["select", "--pool", pool, "--budget", "1", "--method", "random", "--no-report", "--run", "r", "--out", "o.jsonl"];
        var at = Array.IndexOf(words, option);
        var given = at < 0 ? [.. words, option, new string('a', 100_000)] : words.Select(
            (w, i) => i == at + 1 ? new string('a', 100_000) : w);
        var outcome = Cli.RunIn(_directory.FullPath, [.. given]);
        outcome.ExitCode.ShouldBe(CommandLine.BadInput, outcome.Error[..Math.Min(2_000, outcome.Error.Length)]);
        outcome.Error.Length.ShouldBeLessThan(3_000);
    }

    [Fact]
    public void Text_of_several_lines_keeps_its_lines_and_nothing_else() =>
        Terminal.Visible(Hostile + "\r\n\tend").ShouldBe(
            "a\u241B[2J\u241B]0;title\u2407[U+009B]1m[U+202E]b[U+2066]c[U+200F]d[U+200E]e[U+061C]f[U+2028]g[U+2029]h[U+0085]i[U+007F]\n"
                + "pursuit: forged\u240Dj\n\tend");

    [Fact]
    public void Tables_in_a_pipe_are_not_wrapped_and_have_no_colours()
    {
        foreach (var words in (string[][])[["methods"], ["methods", "gtp"], ["doctor"]])
        {
            var outcome = Cli.Run(words);
            outcome.ExitCode.ShouldBe(0, outcome.Error);
            outcome.Output.ShouldNotContain('\u001b');
        }

        var lines = Cli.Run("methods").Output.Split('\n');
        foreach (var method in MethodRegistry.Methods)
            lines.ShouldContain(
                line => line.TrimStart().StartsWith(
                    method.Name + " ", StringComparison.Ordinal) && line.Contains(method.Summary, StringComparison.Ordinal));
    }

    private static void Check(Cli.Outcome outcome)
    {
        outcome.Output.ShouldAllBe(c => !IsActive(c), outcome.Output);
        outcome.Error.ShouldAllBe(c => !IsActive(c), outcome.Error);
        // A record's own lines stand under its heading in 'inspect --example' and the audit; elsewhere no name begins a line.
        outcome.Error.Split('\n').ShouldAllBe(line => !line.StartsWith("pursuit: forged", StringComparison.Ordinal));
    }

    private static bool IsActive(char c) =>
        c is (< ' ' and not ('\n' or '\t')) or (>= '\u007F' and <= '\u009F') or '\u200E' or '\u200F' or '\u061C' or '\u2028' or '\u2029'
        or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
