using System.Text.RegularExpressions;
using Pursuit.Data;
using Pursuit.Selection;
using Pursuit.Selection.Random;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests;

/// <summary>What the README shows is what happens.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "README.md"));

    [Fact]
    public void The_first_command_runs_and_prints_the_lines_shown()
    {
        using var directory = new TemporaryDirectory();
        var command = FirstCommand().Match(Readme).Groups[1].Value;
        command.ShouldNotBeEmpty();
        var run = Cli.RunIn(RepositoryFiles.Root, [.. command.Split(' '), "--out", directory.PathOf("selected.jsonl")]);
        run.ExitCode.ShouldBe(0, run.Error);
        foreach (var line in Readme.Split('\n').Where(
            l => l.StartsWith("Read      ", StringComparison.Ordinal) || l.StartsWith("Chosen    ", StringComparison.Ordinal)))
            run.Error.ShouldContain(line);
    }

    [Fact]
    public void The_csharp_shown_is_this_code()
    {
        var text = Readme.ReplaceLineEndings("\n");
        var shown = text[(text.IndexOf("using var pool", StringComparison.Ordinal))..];
        shown = shown[..shown.IndexOf("```", StringComparison.Ordinal)];
        var here =
            File.ReadAllText(Path.Combine(RepositoryFiles.Root, "tests", "Pursuit.Cli.Tests", "ReadmeTests.cs")).ReplaceLineEndings("\n");
        here = here[here.LastIndexOf("using var pool", StringComparison.Ordinal)..];
        here = here[..here.IndexOf("    }\n", StringComparison.Ordinal)];
        Words(shown).ShouldBe(
            Words(
                here.Replace("text.WriteLine", "Console.WriteLine", StringComparison.Ordinal).Replace(
                    "Path.Combine(RepositoryFiles.Root, \"samples/world/pool.jsonl\")", "\"samples/world/pool.jsonl\"",
                    StringComparison.Ordinal)));

        using var written = new StringWriter();
        SelectAsShown(written);
        written.ToString().Length.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void Every_file_the_readme_links_to_exists()
    {
        foreach (Match link in Link().Matches(Readme))
            Path.Exists(Path.Combine(RepositoryFiles.Root, link.Groups[1].Value)).ShouldBeTrue(link.Value);
    }

    [Fact]
    public void Every_method_has_its_page_and_stands_in_the_table()
    {
        foreach (var method in MethodRegistry.Methods)
        {
            File.Exists(Path.Combine(RepositoryFiles.Root, method.Page)).ShouldBeTrue(method.Page);
            Readme.ShouldContain($"[`{method.Name}`]({method.Page})");
        }
    }

    [GeneratedRegex(@"src/Pursuit\.Cli -- (select .*)")]
    private static partial Regex FirstCommand();

    [GeneratedRegex(@"\]\(([^)#:]+)\)")]
    private static partial Regex Link();

    private static string[] Words(string text) => text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    private static void SelectAsShown(StringWriter text)
    {
        using var pool = Pool.Open(
            new PoolOptions { Paths = [Path.Combine(RepositoryFiles.Root, "samples/world/pool.jsonl")] }, progress: null,
            CancellationToken.None);
        var problem = new SelectionProblem
        {
            ContentIds = pool.ContentIds.ToArray(),
            Budget = Budget.Parse("5%"),
            Seed = 0,
        };
        var chosen = new RandomSelector().Select(problem, progress: null, CancellationToken.None);
        foreach (var example in pool.Read([.. chosen.Rows.Select(r => r.Position)], CancellationToken.None))
            text.WriteLine(example.Turns[^1].Content);
    }
}
