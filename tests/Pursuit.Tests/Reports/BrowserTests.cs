using System.Drawing;
using System.Globalization;
using Pursuit.Reports;

namespace Pursuit.Tests.Reports;

/// <summary>The report in a real browser.</summary>
public sealed class BrowserTests : IDisposable
{
    private readonly ReportWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(1280, "light")]
    [InlineData(375, "dark")]
    public void A_page_of_hostile_records_stays_text_logs_nothing_and_fits_its_width(int width, string scheme)
    {
        var report = _world.Select("gtp", "60").Report;
        using var browser = Browser.Open(_world.PathOf("run/report.html"), width, scheme);
        browser.All("#list .example").Count.ShouldBe(40, "the first part of the list");
        browser.Run("document.querySelectorAll('#list .extend').forEach(b => b.click())");
        browser.Run("document.querySelectorAll('#list .example').forEach(e => { e.open = true; })");
        browser.Wait("document.querySelectorAll('#list .example .body').length === 60");

        // What is shown of every example is what its record says, marks for what can't be seen aside.
        var shown = browser.Texts("#list .example .body .turns pre");
        shown.ShouldBe(report.Examples.Chosen.SelectMany(c => c.Turns).Select(t => VisibleText.Of(t.Text)));
        browser.Title.ShouldStartWith("60 of 120 by gtp");
        browser.All("img, iframe, object, embed, link, svg[onload], b").ShouldBeEmpty();
        browser.All("script").Count.ShouldBe(2);
        browser.Run("return document.documentElement.scrollWidth").ShouldBe((long)width);
        browser.Console.ShouldBeEmpty();
    }

    [Fact]
    public void The_list_sorts_searches_and_filters()
    {
        var report = _world.Select("gtp", "100").Report;
        var chosen = report.Examples.Chosen;
        using var browser = Browser.Open(_world.PathOf("run/report.html"));
        Ranks(browser).ShouldBe(Enumerable.Range(1, 40));

        Pick(browser, "sort", "length");
        Ranks(browser).ShouldBe(chosen.OrderByDescending(c => c.Length).ThenBy(c => c.Rank).Take(40).Select(c => c.Rank));
        Pick(browser, "sort", "weight");
        browser.Find("#reverse").Click();
        Ranks(browser).ShouldBe(chosen.OrderByDescending(c => c.Weight).ThenBy(c => c.Rank).Reverse().Take(40).Select(c => c.Rank));
        browser.Find("#reverse").Click();
        Pick(browser, "sort", "rank");

        browser.Search("r17 question");
        Ranks(browser).ShouldBe(chosen.Where(c => Holds(c, "r17") && Holds(c, "question")).Select(c => c.Rank).Take(40));
        browser.Search("<img SRC=x");
        var found = chosen.Where(c => Holds(c, "<img") && Holds(c, "src=x")).Select(c => c.Rank).ToArray();
        found.ShouldNotBeEmpty();
        Ranks(browser).ShouldBe(found.Take(40));
        browser.Search("no such words anywhere");
        browser.Find(".status").Text.ShouldStartWith("0 of 100");
        browser.Search("");

        Pick(browser, "source", "1");
        var second = chosen.Select(c => c.Source)
            .Distinct().Order(StringComparer.Create(CultureInfo.GetCultureInfo("en"), CompareOptions.None)).ElementAt(1);
        browser.Texts("#list .example summary .source").Distinct().ShouldHaveSingleItem().ShouldBe(VisibleText.Of(second));
        browser.Console.ShouldBeEmpty();
    }

    [Fact]
    public void Five_thousand_examples_are_listed_a_part_at_a_time()
    {
        var report = _world.Select("random", "100").Report;
        var many = Enumerable.Range(0, 5_000).Select(i => report.Examples.Chosen[i % 100] with
        {
            Rank = i + 1,
            Id = $"id-{i}",
            Turns = [new ReportTurn("user", $"what is {i}? " + new string('w', 600)), new ReportTurn("assistant", new string('a', 500))],
        });
        File.WriteAllText(
            _world.PathOf("many.html"), SelectReportFiles.Page(report with { Examples = report.Examples with { Chosen = [.. many] } }));
        using var browser = Browser.Open(_world.PathOf("many.html"));
        browser.Find(".status").Text.ShouldBe("5,000 examples");
        browser.All(".example").Count.ShouldBe(40);
        browser.Search("id-4321");
        Ranks(browser).ShouldBe([4322]);
        Pick(browser, "sort", "id");
        browser.Search("");
        Ranks(browser).ShouldBe(Enumerable.Range(1, 40));
        for (var part = 2; part <= 4; part++)
        {
            browser.Run("document.querySelector('#list .extend').click()");
            browser.All(".example").Count.ShouldBeGreaterThanOrEqualTo(40 * part);
        }

        browser.Console.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public void Text_stands_out_from_what_is_behind_it_in_both_schemes(string scheme)
    {
        _world.Select("gtp", "60");
        using var browser = Browser.Open(_world.PathOf("run/report.html"), scheme: scheme);
        foreach (var selector in new[]
        {
            "body", ".lead", ".mark", ".tiles dt", ".findings li", ".chart figcaption", ".legend", ".comparison td", ".status",
            ".example .source", ".example .rank", "footer",
        })
        {
            // WCAG 2.1, 1.4.3: 4.5 to 1 for text.
            Contrast(browser, selector).ShouldBeGreaterThan(4.5, $"{selector}, {scheme}");
        }
    }

    private static double Contrast(Browser browser, string selector)
    {
        var colours = (string)browser.Run(
            "let e = document.querySelector(arguments[0]); const ink = getComputedStyle(e).color; let paper = 'rgba(0, 0, 0, 0)';" +
            "for (; e && (paper === 'rgba(0, 0, 0, 0)' || paper === 'transparent'); e = e.parentElement) paper = "
                + "getComputedStyle(e).backgroundColor;" +
            "return ink + ';' + paper;", selector);
        var luminances = colours.Split(';').Select(c => Luminance(Parse(c))).OrderDescending().ToArray();
        return (luminances[0] + 0.05) / (luminances[1] + 0.05);
    }

    private static Color Parse(string colour)
    {
        var parts = colour[(colour.IndexOf('(', StringComparison.Ordinal) + 1)..]
            .TrimEnd(')').Split(',').Select(p => (int)double.Parse(p, CultureInfo.InvariantCulture)).ToArray();
        return Color.FromArgb(parts[0], parts[1], parts[2]);
    }

    private static double Luminance(Color colour)
    {
        static double Linear(byte value) => value / 255.0 is var v && v <= 0.04045 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4);
        return 0.2126 * Linear(colour.R) + 0.7152 * Linear(colour.G) + 0.0722 * Linear(colour.B);
    }

    private static bool Holds(ChosenExample example, string word) =>
        new[] { example.Id!, example.ContentId, example.Source, $"{example.File}:{example.Line}" }.Concat(example.Turns.Select(t => t.Text))
            .Any(t => t.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static int[] Ranks(Browser browser) =>
        [.. browser.Texts("#list .example summary .rank")
            .Select(t => int.Parse(t, NumberStyles.AllowThousands, CultureInfo.InvariantCulture))];

    private static void Pick(Browser browser, string select, string value) =>
        browser.Run(
            "const s = document.getElementById(arguments[0]); s.value = arguments[1]; s.dispatchEvent(new Event('change'))", select, value);
}
