using System.CommandLine;
using System.Text.RegularExpressions;
using Pursuit.Data.Deduplication;
using Pursuit.Engine.Features;
using Pursuit.Engine.Statistics;
using Pursuit.Selection;
using Pursuit.Selection.Methods;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests;

/// <summary>The documents agree with each other and with the program.</summary>
public sealed partial class DocumentTests
{
    private const string Map = "docs/README.md";

    private static readonly string[] Folders = ["docs", "benchmarks", "models", "samples", "tests/fixtures"];

    private static readonly Dictionary<string, string> Documents = Directory.EnumerateFiles(RepositoryFiles.Root, "*.md")
        .Concat(
            Folders.SelectMany(f => Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, f), "*.md", SearchOption.AllDirectories)))
        .Select(path => Path.GetRelativePath(RepositoryFiles.Root, path).Replace('\\', '/'))
        .Where(path => !path.Split('/').Any(part => part is "bin" or "obj"))
        .ToDictionary(path => path, path => File.ReadAllText(Path.Combine(RepositoryFiles.Root, path)).ReplaceLineEndings("\n"));

    [Fact]
    public void Every_link_leads_to_a_file_and_every_anchor_to_a_heading()
    {
        var broken = new List<string>();
        foreach (var (path, text) in Documents)
        {
            foreach (var (link, target, anchor) in Links(path, text))
            {
                if (!Path.Exists(Path.Combine(RepositoryFiles.Root, target))) broken.Add($"{path}: {link}");
                else if (anchor.Length > 0 && !Headings(Documents[target]).Contains(anchor))
                    broken.Add($"{path}: {link} (no such heading)");
            }
        }

        broken.ShouldBeEmpty();
    }

    [Fact]
    public void Every_document_is_reachable_from_the_map()
    {
        var reached = new HashSet<string> { Map };
        var waiting = new Queue<string>(reached);
        while (waiting.TryDequeue(out var path))
        {
            foreach (var (_, target, _) in Links(path, Documents[path]))
            {
                if (Documents.ContainsKey(target) && reached.Add(target)) waiting.Enqueue(target);
            }
        }

        Documents.Keys.Where(p => p.StartsWith("docs/", StringComparison.Ordinal) || p.StartsWith("benchmarks/", StringComparison.Ordinal))
            .Except(reached).ShouldBeEmpty();
    }

    [Fact]
    public void The_map_lists_every_method()
    {
        foreach (var method in MethodRegistry.Methods)
            Documents[Map].ShouldContain($"[`{method.Name}`](methods/{method.Name}.md)");
    }

    [Fact]
    public void Every_method_page_has_the_same_sections_and_every_option()
    {
        string[] sections = ["formula", "options", "cost", "when-to-use", "result", "limits", "example"];
        foreach (var method in MethodRegistry.Methods)
        {
            var page = Documents[method.Page];
            page.ShouldStartWith($"# {method.Name}: ");
            page.ShouldContain("\n**Source.** ");
            page.ShouldContain("\n**Needs.** ");
            Headings(page).Where(h => sections.Contains(h)).ShouldBe(sections, method.Page);
            if (method.Name == "tsds-uniform") page.ShouldContain("tsds.md");
            foreach (var option in MethodOptions.List(method))
                page.ShouldContain($"`{option.Name}`", Case.Sensitive, $"{method.Page}: {option.Name}");
        }
    }

    [Fact]
    public void Every_command_shown_has_the_options_it_is_shown_with()
    {
        var root = CommandLine.Root();
        var wrong = new List<string>();
        foreach (var (path, text) in Documents)
        {
            foreach (Match shown in Shown().Matches(text.Replace("\\\n", " ", StringComparison.Ordinal)))
            {
                var words = shown.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                Command? command = root.Subcommands.FirstOrDefault(c => c.Name == words[1]);
                if (command is null) continue; // prose that begins with the program's name
                command = command.Subcommands.FirstOrDefault(c => words.Length > 2 && c.Name == words[2]) ?? command;
                foreach (var word in words.Where(w => w.StartsWith("--", StringComparison.Ordinal) && w.Length > 2))
                {
                    var name = word.TrimEnd(',', '.', ';', ':', ')');
                    if (name is not ("--help" or "--version") && !command.Options.Any(o => o.Name == name || o.Aliases.Contains(name)))
                        wrong.Add($"{path}: {words[0]} {command.Name} {name}");
                }

                foreach (Match setting in Setting().Matches(shown.Value))
                {
                    if (!Options(setting.Groups[1].Value).Contains(setting.Groups[2].Value)) wrong.Add($"{path}: {setting.Value}");
                }
            }
        }

        wrong.ShouldBeEmpty();
    }

    private static IEnumerable<string> Options(string owner) => (owner switch
    {
        MethodOptions.FeaturesOwner => MethodOptions.List(typeof(GradientFeatureOptions)),
        MethodOptions.EmbeddingOwner => MethodOptions.List(typeof(EmbeddingOptions)),
        MethodOptions.ProbeOwner => MethodOptions.List(typeof(ProbeOptions)),
        MethodOptions.DedupOwner => MethodOptions.List(typeof(NearDuplicateOptions)),
        _ => MethodRegistry.Methods.Where(m => m.Name == owner).SelectMany(MethodOptions.List),
    }).Select(o => o.Name);

    private static IEnumerable<(string Link, string Target, string Anchor)> Links(string path, string text)
    {
        foreach (Match link in Link().Matches(Fence().Replace(text, "")))
        {
            var whole = link.Groups[1].Value;
            if (whole.StartsWith("http", StringComparison.Ordinal)) continue;
            var parts = whole.Split('#');
            var target = parts[0].Length == 0
                ? path
                : Path.GetRelativePath(
                    RepositoryFiles.Root, Path.GetFullPath(Path.Combine(RepositoryFiles.Root, Path.GetDirectoryName(path)!, parts[0])));
            yield return (whole, target.Replace('\\', '/'), parts.Length > 1 ? parts[1] : "");
        }
    }

    /// <summary>Anchors of headings as GitHub makes them: lower case, hyphens for spaces, without punctuation.</summary>
    private static IEnumerable<string> Headings(string text) => Heading().Matches(Fence().Replace(text, ""))
        .Select(h => Punctuation().Replace(h.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"^(`{3,}).*?^\1$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\bpursuit [a-z]+ [^`\n#|]*")]
    private static partial Regex Shown();

    [GeneratedRegex(@"(?<=[ ])([a-z0-9-]+)\.([a-z-]+)=")]
    private static partial Regex Setting();
}
