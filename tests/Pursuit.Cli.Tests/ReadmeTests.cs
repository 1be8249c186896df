using System.Text.RegularExpressions;
using Pursuit.Data;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Methods;
using Pursuit.Storage;
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
        foreach (var line in Readme.Split('\n').Where(l => l.StartsWith("Read      ", StringComparison.Ordinal) || l.StartsWith("Chosen    ", StringComparison.Ordinal)))
            run.Error.ShouldContain(line);
    }

    [Fact]
    public void The_csharp_shown_is_this_code()
    {
        var text = Readme.ReplaceLineEndings("\n");
        var shown = text[(text.IndexOf("using var pool", StringComparison.Ordinal))..];
        shown = shown[..shown.IndexOf("```", StringComparison.Ordinal)];
        var here = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "tests", "Pursuit.Cli.Tests", "ReadmeTests.cs")).ReplaceLineEndings("\n");
        here = here[here.LastIndexOf("using var pool", StringComparison.Ordinal)..];
        here = here[..here.IndexOf("    }\n", StringComparison.Ordinal)];
        Words(shown).ShouldBe(Words(Place().Replace(here, "$1").Replace("text.WriteLine", "Console.WriteLine", StringComparison.Ordinal)));

        using var directory = new TemporaryDirectory();
        Gradients(directory.PathOf("pool.npy"), 4782);
        Gradients(directory.PathOf("target.npy"), 32);
        using var written = new StringWriter();
        SelectAsShown(directory.PathOf, written);
        written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(239);
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

    [GeneratedRegex(@"(?:Path\.Combine\(RepositoryFiles\.Root, |at\()(""[^""]*"")\)")]
    private static partial Regex Place();

    private static string[] Words(string text) => text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    private static void Gradients(string path, int rows)
    {
        const int Dimension = 8;
        var random = new SeededRandom(1, "readme");
        NpyFile.Write(path, [rows, Dimension], [.. Enumerable.Range(0, rows * Dimension).Select(_ => (float)random.NextGaussian())]);
    }

    private static void SelectAsShown(Func<string, string> at, StringWriter text)
    {
        using var pool = Pool.Open(new PoolOptions { Paths = [Path.Combine(RepositoryFiles.Root, "samples/world/pool.jsonl")] }, progress: null, CancellationToken.None);
        using var gradients = FeatureSource.Open(at("pool.npy"), pool, CancellationToken.None);
        using var target = FeatureSource.Open(at("target.npy"), rows: null, CancellationToken.None);
        var problem = new SelectionProblem
        {
            ContentIds = pool.ContentIds.ToArray(),
            Gradients = new GradientInputs { Pool = gradients, Target = target },
            Budget = Budget.Parse("5%"),
        };
        var selection = new GtpSelector(new GtpOptions()).Select(problem);
        foreach (var row in selection.Rows)
            text.WriteLine($"{pool.ContentIds[row.Position]} {row.Weight:F3}");
    }
}
