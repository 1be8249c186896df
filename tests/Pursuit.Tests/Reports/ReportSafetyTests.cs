using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pursuit.Reports;
using Pursuit.Runs;

namespace Pursuit.Tests.Reports;

/// <summary>Nothing that a record says can become markup, script or a line of its own.</summary>
public sealed partial class ReportSafetyTests : IDisposable
{
    private readonly ReportWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_page_holds_our_elements_only_and_the_data_comes_back_as_it_was()
    {
        var (report, page) = _world.Select("gtp", "60");
        Script().Matches(page).Select(m => m.Value).ShouldBe(["<script type=\"application/json\" id=\"examples-data\">", "<script>"]);
        page.ShouldNotContain("<img");
        page.ShouldNotContain("<svg/");
        page.ShouldNotContain("<b>");
        page.ShouldNotContain("onerror=\"");
        page.ShouldContain("&lt;b&gt;bold&lt;/b&gt;");
        page.ShouldContain("pursuit select --pool &#x27;&lt;pool&gt;&#x27; &amp; more");

        var data = Between(page, "id=\"examples-data\">", "</script>");
        data.ShouldNotContain("<");
        var read = JsonSerializer.Deserialize<ChosenExamples>(data, RunJson.Compact)!;
        JsonSerializer.Serialize(read, RunJson.Compact).ShouldBe(JsonSerializer.Serialize(report.Examples, RunJson.Compact));
        foreach (var hostile in ReportWorld.Hostile)
            read.Chosen.ShouldContain(c => c.Turns.Any(t => t.Text.Contains(hostile, StringComparison.Ordinal)), hostile);
    }

    [Fact]
    public void No_character_of_a_page_is_invisible_or_turns_the_line_around()
    {
        foreach (var rune in _world.Select("random", "100").Page.EnumerateRunes())
        {
            (rune.Value is '\n' or >= ' ' and not (>= 0x7F and <= 0x9F)).ShouldBeTrue($"U+{rune.Value:X4}");
            (rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0x2028 or 0x2029 or 0xFFFD)
                .ShouldBeFalse($"U+{rune.Value:X4}");
        }
    }

    [Fact]
    public void The_content_policy_allows_the_pages_own_script_and_style_and_nothing_else()
    {
        var page = _world.Select("random").Page;
        var policy = Between(page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"")
            .Replace("&#x27;", "'", StringComparison.Ordinal).Replace("&#x2B;", "+", StringComparison.Ordinal);
        policy.ShouldStartWith("default-src 'none';");
        policy.ShouldContain($"script-src 'sha256-{Hash(Between(page, "\n<script>", "</script>"))}'");
        policy.ShouldContain($"style-src 'sha256-{Hash(Between(page, "<style>", "</style>"))}'");
        page.ShouldNotContain(" style=");
        Link().IsMatch(page[..page.IndexOf("examples-data\">", StringComparison.Ordinal)]).ShouldBeFalse("a page loads nothing");
    }

    [Fact]
    public void Characters_that_cannot_be_seen_are_written_as_marks()
    {
        foreach (var (text, visible) in new[]
        {
            ("a\0b", "a\u2400b"), ("\u202Ex", "[U+202E]x"), ("\uD800x", "[U+D800]x"), ("x\uDC00", "x[U+DC00]"),
            ("tab\tand\nline", "tab\tand\nline"), ("\U0001F600 \u0639\u200F", "\U0001F600 \u0639\u200F"),
        })
        {
            VisibleText.Of(text).ShouldBe(visible);
        }
    }

    [Fact]
    public void A_cut_keeps_both_ends_and_splits_no_character()
    {
        var text = string.Concat(Enumerable.Repeat("\U0001F600", 400));
        foreach (var length in Enumerable.Range(100, 30))
        {
            var cut = TextCut.Middle(text, length);
            cut.Length.ShouldBeLessThan(length + 40);
            VisibleText.Of(cut).ShouldBe(cut, "half a character would be marked");
            VisibleText.Of(TextCut.Start(text, length)).ShouldBe(TextCut.Start(text, length));
        }

        TextCut.Middle("short", 3).ShouldBe("short");
    }

    private static string Hash(string content) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    private static string Between(string text, string before, string after)
    {
        var start = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return text[start..text.IndexOf(after, start, StringComparison.Ordinal)];
    }

    [GeneratedRegex("<script[^>]*>")]
    private static partial Regex Script();

    [GeneratedRegex("(href|src|url\\()=?[\"'(]", RegexOptions.IgnoreCase)]
    private static partial Regex Link();
}
