using System.Text.RegularExpressions;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Architecture;

/// <summary>
/// No line of C# is longer than max_line_length of .editorconfig. Exempt are two kinds that can't be broken without another text: a line
/// inside a raw string literal of several lines, and a line that is one string literal without a blank, such as a pattern or a hash.
/// </summary>
public sealed partial class LineLengthTests
{
    private const int Longest = 140;

    [Fact]
    public void No_line_is_longer_than_the_limit()
    {
        string[] folders = ["src", "tests", "samples", "benchmarks"];
        var files = folders
            .SelectMany(f => Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, f), "*.cs", SearchOption.AllDirectories))
            .Select(f => Path.GetRelativePath(RepositoryFiles.Root, f))
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal)
            .ToList();
        files.Count.ShouldBeGreaterThan(900);
        files.SelectMany(f => TooLong(File.ReadAllText(Path.Combine(RepositoryFiles.Root, f))).Select(line => $"{f}:{line}"))
            .ShouldBeEmpty();
    }

    [Fact]
    public void The_limit_is_the_editors() =>
        File.ReadAllLines(Path.Combine(RepositoryFiles.Root, ".editorconfig")).ShouldContain($"max_line_length = {Longest}");

    [Theory]
    [InlineData("    var a = ~;", true)]
    [InlineData("    // ~", true)]
    [InlineData("    a(\"~\");", true)]
    [InlineData("    \"a ~\",", true)]
    [InlineData("    \"~\", b);", true)]
    [InlineData("    \"~\",", false)]
    [InlineData("    @\"~\",", false)]
    [InlineData("    + $\"~\");", false)]
    [InlineData("    + \"\"\"{\"a\":\"~\"}\"\"\";", false)]
    [InlineData("    + \"\"\"{\"a\": \"~\"}\"\"\";", true)]
    [InlineData("    var a = \"\"\"\n        b ~\n        \"\"\";", false)]
    [InlineData("    var a = \"\"\"\n        b\n        \"\"\" + ~;", true)]
    [InlineData("    a(\"\"\"b\"\"\");\n    a(~);", true)]
    [InlineData("    // \"\"\" never ends", true)]
    public void A_long_line_is_found_unless_it_cannot_be_broken(string text, bool found) =>
        TooLong(text.Replace("~", new string('x', Longest), StringComparison.Ordinal)).Any().ShouldBe(found);

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void A_line_may_be_as_long_as_the_limit(int more, bool found) => TooLong(new string('x', Longest + more)).Any().ShouldBe(found);

    /// <summary>Numbers of the lines that are too long, and the last one's where a raw string literal seems not to end.</summary>
    private static IEnumerable<int> TooLong(string text)
    {
        var (number, isText) = (0, false);
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            var wasText = isText;
            isText ^= RawQuotes().Count(line) % 2 == 1;
            if (line.Length > Longest && !(wasText && isText) && !OneLiteral().IsMatch(line)) yield return number;
        }

        if (isText) yield return number;
    }

    /// <summary>What opens or closes a raw string literal.</summary>
    [GeneratedRegex("(?<![\\\\\"@])\"{3,}")]
    private static partial Regex RawQuotes();

    [GeneratedRegex("^\\s*(\\+ )?[$@]*(\"\"\"\\S+\"\"\"|\"([^\"\\\\\\s]|\\\\.)+\")(u8)?[,;)\\]}]*$")]
    private static partial Regex OneLiteral();
}
