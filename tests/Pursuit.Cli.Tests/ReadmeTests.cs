using System.Text.RegularExpressions;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Runs;
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
        foreach (var line in Readme.Split('\n')
            .Where(l => l.StartsWith("Read      ", StringComparison.Ordinal) || l.StartsWith("Chosen    ", StringComparison.Ordinal)))
            run.Error.ShouldContain(line);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("src/Pursuit/README.md")]
    public void The_selection_shown_is_this_code(string page)
    {
        ShownOn(page, "using var pool")
            .ShouldBe(Here("using var pool")
                .Replace("pool.jsonl", page == "README.md" ? "samples/world/pool.jsonl" : "pool.jsonl", StringComparison.Ordinal));

        using var directory = new TemporaryDirectory();
        File.CreateSymbolicLink(directory.PathOf("pool.jsonl"), Path.Combine(RepositoryFiles.Root, "samples", "world", "pool.jsonl"));
        Gradients(directory.PathOf("pool.npy"), 4782);
        Gradients(directory.PathOf("target.npy"), 32);
        using var written = new StringWriter();
        SelectAsShown(directory.PathOf, written);
        written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(239);
    }

    [Fact]
    public void The_engine_s_page_shows_this_code()
    {
        ShownOn("src/Pursuit.Engine/README.md", "var options").ShouldBe(Here("var options"));

        using var directory = new TemporaryDirectory();
        File.CreateSymbolicLink(directory.PathOf("model"), Path.Combine(RepositoryFiles.Root, "models", "pursuit-mini"));
        var records = File.ReadLines(Path.Combine(RepositoryFiles.Root, "samples", "world", "pool.jsonl")).Take(60).ToArray();
        File.WriteAllLines(directory.PathOf("pool.jsonl"), records[..50]);
        File.WriteAllLines(directory.PathOf("target.jsonl"), records[50..]);
        using var written = new StringWriter();
        ComputeAsShown(directory.PathOf, written);
        written.ToString().Trim().ShouldBe("5 of 50 examples chosen");
        File.ReadLines(directory.PathOf("selected.jsonl")).Count().ShouldBe(5);
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

    [GeneratedRegex(@"\bat\((""[^""]*"")\)")]
    private static partial Regex Place();

    /// <summary>A page's code from some words on, word by word.</summary>
    private static string ShownOn(string page, string from)
    {
        var text = File.ReadAllText(Path.Combine(RepositoryFiles.Root, page)).ReplaceLineEndings("\n");
        text = text[text.IndexOf(from, StringComparison.Ordinal)..];
        return Words(text[..text.IndexOf("```", StringComparison.Ordinal)]);
    }

    /// <summary>The last method of this file that has some words, from them on, as a page would show it.</summary>
    private static string Here(string from)
    {
        var text = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "tests", "Pursuit.Cli.Tests", "ReadmeTests.cs"))
            .ReplaceLineEndings("\n");
        text = text[text.LastIndexOf(from, StringComparison.Ordinal)..];
        text = text[..text.IndexOf("    }\n", StringComparison.Ordinal)];
        return Words(Place().Replace(text, "$1").Replace("text.WriteLine", "Console.WriteLine", StringComparison.Ordinal));
    }

    private static string Words(string text) => string.Join(' ', text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

    private static void Gradients(string path, int rows)
    {
        const int Dimension = 8;
        var random = new SeededRandom(1, "readme");
        NpyFile.Write(path, [rows, Dimension], [.. Enumerable.Range(0, rows * Dimension).Select(_ => (float)random.NextGaussian())]);
    }

    private static void SelectAsShown(Func<string, string> at, StringWriter text)
    {
        using var pool = Pool.Open(new PoolOptions { Paths = [at("pool.jsonl")] });
        using var gradients = FeatureSource.Open(at("pool.npy"), pool);
        using var target = FeatureSource.Open(at("target.npy"));
        var problem = new SelectionProblem
        {
            ContentIds = pool.ContentIds.ToArray(),
            Gradients = new GradientInputs { Pool = gradients, Target = target },
            Budget = Budget.Parse("5%"),
        };
        var selection = MethodRegistry.Create("gtp", new GtpOptions()).Select(problem);
        foreach (var row in selection.Rows)
            text.WriteLine($"{pool.ContentIds[row.Position]} {row.Weight:F3}");
    }

    private static void ComputeAsShown(Func<string, string> at, StringWriter text)
    {
        var options = new SelectJobOptions
        {
            Pool = new PoolOptions { Paths = [at("pool.jsonl")] },
            Targets = [at("target.jsonl")],
            ModelDirectory = at("model"),
            ComputesFeatures = true,
            Method = "gtp",
            Budget = Budget.Parse("10%"),
            Out = at("selected.jsonl"),
        };
        var recipe = new FeatureRecipe<GradientFeatureOptions>
        {
            Model = at("model"),
            MaxLength = options.MaxLength,
            Options = new GradientFeatureOptions(),
        };
        using var run = RunDirectory.Open(options.RunPath);
        var job = new SelectJob(options) { Features = new GradientFeatures(recipe, run) };
        var summary = job.Run(run);
        text.WriteLine($"{summary.Selected} of {summary.Input.Rows} examples chosen");
    }
}
