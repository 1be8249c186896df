using System.CommandLine;
using System.Text.RegularExpressions;
using Pursuit.Cli.Help;
using Pursuit.Runs;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Help;

/// <summary>Help says of every option what it is, what its value is and where it belongs, in lines that fit.</summary>
public sealed partial class HelpTests
{
    public static TheoryData<string> Paths => [.. Commands().Select(c => c.Path)];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_option_has_a_description_a_value_name_and_a_group(string path)
    {
        foreach (var option in Find(path).Options.Where(o => o is not System.CommandLine.Help.HelpOption and not VersionOption))
        {
            option.ShouldBeAssignableTo<IListedOption>($"{path} {option.Name}");
            Enum.IsDefined(((IListedOption)option).Group).ShouldBeTrue();
            option.Description.ShouldNotBeNullOrWhiteSpace(option.Name);
            option.Description!.ShouldEndWith(".", Case.Sensitive, $"{path} {option.Name}");
            if (option.ValueType == typeof(bool)) option.HelpName.ShouldBeNull($"{path} {option.Name} is a flag");
            else option.HelpName.ShouldNotBeNullOrEmpty($"{path} {option.Name}");
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void No_line_of_help_is_wider_than_the_page(string path)
    {
        foreach (var isLong in (bool[])[false, true])
            HelpPage.Render(Find(path), path, isLong).Split('\n').ShouldAllBe(
                line => line.Length <= HelpPage.Width && line == line.TrimEnd());
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Short_help_is_short_and_shows_an_example_that_parses(string path)
    {
        var (command, page) = (Find(path), HelpPage.Render(Find(path), path, isLong: false));
        page.ShouldContain("Usage: pursuit " + path);
        page.Split('\n').Length.ShouldBeLessThan(40);
        if (command.Subcommands.Count > 0) return;
        var example = command.ShouldBeOfType<ToolCommand>().Example;
        example.ShouldStartWith(path);
        CommandLine.Parse(CommandLine.Root(), Words(example.Replace("DIR", BundledModel.Directory, StringComparison.Ordinal))).Errors
            .ShouldBeEmpty(example);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Long_help_has_every_option_once_under_its_heading(string path)
    {
        var (command, page) = (Find(path), HelpPage.Render(Find(path), path, isLong: true));
        foreach (var option in HelpPage.Listed(command))
        {
            var place = page.Split('\n').Count(
                line => line.StartsWith("  " + HelpPage.Label(option), StringComparison.Ordinal) && Follows(line, option));
            place.ShouldBe(1, $"{path} {option.Name}");
        }

        foreach (
            var group in HelpPage.Listed(command).Select(o => ((IListedOption)o).Group).Distinct().Where(g => g != OptionGroup.Adapters))
            page.ShouldContain($"\n{group}:\n");

        static bool Follows(string line, Option option) =>
            line.Length == 2 + HelpPage.Label(option).Length || line[2 + HelpPage.Label(option).Length] == ' ';
    }

    [Fact]
    public void Help_of_the_main_command_reads_as_this()
    {
        var run = Cli.Run("select", "-h");
        run.ExitCode.ShouldBe(0);
        run.Output.ShouldBe("""
            Selects examples from a pool within a budget, and writes the selected records.

            Usage: pursuit select --pool <FILES>... --budget <AMOUNT> --method <NAME> [OPTIONS]

            Options:
              --pool <FILES>...       The candidates, as JSONL, JSON arrays, Parquet, Arrow, CSV or TSV.
              --target <FILES>...     Examples of what the model should become good at.
              --features <PATH>       Existing features of the pool, instead of computing them.
              --budget <AMOUNT>       How much to select, such as 500, 1% or 200k-tokens.
              --method <NAME>         The selection method.
              --out <FILE>            The file that gets the selected records.
              --model <MODEL>         The model: a directory, or ORG/NAME[@REVISION] in the local hub cache.
              --format <TRAINERS>...  Also write the files of a trainer: trl, axolotl, llamafactory.

            Example:
              pursuit select --pool pool.jsonl --target dev.jsonl --budget 5% --method gtp

            'pursuit select --help' describes all 37 options.

            """);
    }

    [Fact]
    public void Help_and_short_help_differ_and_come_before_errors()
    {
        var (shorter, longer) = (Cli.Run("select", "--strict", "-h"), Cli.Run("select", "--nosuch", "--help"));
        shorter.ExitCode.ShouldBe(0, shorter.Error);
        longer.ExitCode.ShouldBe(0, longer.Error);
        longer.Output.Length.ShouldBeGreaterThan(2 * shorter.Output.Length);
        longer.Output.ShouldContain("\nSelection:\n");
    }

    [Fact]
    public void Words_of_an_enumeration_are_lower_case_read_in_any_case_and_named_where_wrong()
    {
        foreach (var (path, command) in Commands())
        {
            foreach (var option in HelpPage.Listed(command))
            {
                ((IListedOption)option).Words.ShouldAllBe(w => !w.Any(char.IsUpper), $"{path} {option.Name}");
                var type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
                if (type.IsEnum) option.HelpName.ShouldBe(string.Join('|', Enum.GetNames(type).Select(n => n.ToLowerInvariant())));
            }
        }

        string[] good = ["features", "--pool", "p.jsonl", "--kind", "EMBEDDING"];
        CommandLine.Parse(CommandLine.Root(), good).Errors.ShouldBeEmpty();
        var wrong = Cli.Run("features", "--pool", "p.jsonl", "--kind", "gradients");
        wrong.ExitCode.ShouldBe(2);
        wrong.Error.ShouldContain("--kind: 'gradients'; expected gradient, embedding or encoder. Did you mean 'gradient'?");
    }

    [Theory]
    [InlineData("--threads", "x", "--threads: 'x'; expected a whole number.")]
    [InlineData("--seed", "-1", "--seed: '-1'; expected a whole number of 0 or more.")]
    [InlineData("--repeats", "2.5", "--repeats: '2.5'; expected a whole number.")]
    public void A_value_of_the_wrong_kind_is_named_with_what_was_expected(string option, string value, string expected)
    {
        string[] words = ["select", "--pool", "p.jsonl", "--budget", "1", "--method", "random", option, value];
        var run = Cli.Run(words);
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain(expected);
    }

    [Fact]
    public void The_version_is_the_one_in_the_build_properties_and_in_a_runs_record()
    {
        var properties = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "Directory.Build.props"));
        var version = Version().Match(properties).Groups[1].Value;
        var run = Cli.Run("--version");
        run.ExitCode.ShouldBe(0);
        run.Output.TrimEnd().ShouldBe(RunDirectory.PursuitVersion);
        run.Output.Split('+')[0].TrimEnd().ShouldBe(version);
    }

    [GeneratedRegex("<Version>(.*)</Version>")]
    private static partial Regex Version();

    private static IEnumerable<(string Path, Command Command)> Commands()
    {
        var root = CommandLine.Root();
        yield return ("", root);
        foreach (var command in root.Subcommands)
        {
            yield return (command.Name, command);
            foreach (var inner in command.Subcommands) yield return ($"{command.Name} {inner.Name}", inner);
        }
    }

    private static Command Find(string path) => Commands().Single(c => c.Path == path).Command;

    /// <summary>Words as a shell splits them, of which single quotes hold some together.</summary>
    private static string[] Words(string line) => [.. Word().Matches(line).Select(m => m.Value.Trim('\''))];

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Word();
}
