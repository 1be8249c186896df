using System.Globalization;
using System.Xml.Linq;
using Pursuit.Reports.Html;

namespace Pursuit.Tests.Reports;

public sealed class ChartTests
{
    private static readonly ChartPoint[] Points = [new(0.005, 1.25, 1.1, 1.4), new(0.01, 1.125, 1.05, 1.2), new(0.05, 0.875, 0.8, 0.95)];

    [Theory]
    [InlineData(4.458, 4.458)]
    [InlineData(4.458, 4.4580000000000011)]
    [InlineData(0, double.Epsilon)]
    [InlineData(-1e300, -1e300)]
    [InlineData(1e16, 1.0000000000000002e16)]
    public void An_axis_of_values_that_rounding_alone_tells_apart_has_few_ticks(double low, double high) =>
        new ChartAxis(low, high, 0, 100).Ticks(5).Count.ShouldBeInRange(1, 20);

    [Fact]
    public void A_chart_is_the_same_in_every_culture_and_is_well_formed()
    {
        var before = CultureInfo.CurrentCulture;
        var drawn = new HashSet<string>();
        foreach (var culture in new[] { "", "de-DE", "fr-FR", "ar-SA", "fa-IR" })
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
            try
            {
                drawn.Add(Draw(Line()) + Draw(Bars()));
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }

        var figures = XDocument.Parse("<all>" + drawn.ShouldHaveSingleItem() + "</all>").Root!.Elements().ToArray();
        figures.Length.ShouldBe(2);
        foreach (var svg in figures.Select(f => f.Element("svg")!))
        {
            svg.Element("title")!.Value.ShouldNotBeEmpty();
            svg.Element("desc")!.Value.ShouldNotBeEmpty();
            svg.Attribute("aria-labelledby")!.Value.Split(' ')
                .ShouldBe([svg.Element("title")!.Attribute("id")!.Value, svg.Element("desc")!.Attribute("id")!.Value]);
        }
    }

    [Fact]
    public void Every_mark_lies_within_the_drawing()
    {
        foreach (var chart in new Chart[] { Line(), Line() with { LogarithmicX = false, FromZero = true }, Bars(), One() })
        {
            var svg = XDocument.Parse(Draw(chart)).Root!.Element("svg")!;
            foreach (var element in svg.Descendants())
            {
                foreach (var (name, limit) in new[]
                {
                    ("x", Chart.Width), ("x1", Chart.Width), ("x2", Chart.Width), ("cx", Chart.Width), ("y", Chart.Height),
                    ("y1", Chart.Height), ("y2", Chart.Height), ("cy", Chart.Height),
                })
                {
                    if (element.Attribute(name) is { } at)
                        double.Parse(at.Value, CultureInfo.InvariantCulture).ShouldBeInRange(0, limit, $"{chart.Id} {element}");
                }
            }
        }
    }

    [Fact]
    public void A_larger_value_stands_higher_and_equal_ratios_are_equal_lengths_on_a_logarithmic_axis()
    {
        var axis = new ChartAxis(0.005, 0.5, 0, 200, logarithmic: true);
        axis.At(0.05).ShouldBe(100, 1e-9);
        new ChartAxis(0, 10, 100, 0).At(7.5).ShouldBe(25, 1e-9);
        axis.At(1).ShouldBe(200, "beyond the axis is its end");
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.2, 0.23)]
    [InlineData(0, 4782)]
    [InlineData(-3, 17)]
    [InlineData(1e-9, 3e-9)]
    public void Ticks_are_round_ascending_and_on_the_axis(double low, double high)
    {
        var ticks = new ChartAxis(low, high, 0, 100).Ticks(5);
        ticks.Count.ShouldBeInRange(2, 11);
        ticks.ShouldBe(ticks.Order());
        ticks.ShouldAllBe(t => t >= low - 1e-9 * (high - low) && t <= high + 1e-9 * (high - low));
        foreach (var tick in ticks)
        {
            var label = ChartAxis.Label(tick, ticks);
            if (high > 1e-5)
                double.Parse(label, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture)
                    .ShouldBe(tick, 1e-6 * high);
            label.ShouldNotStartWith("-0");
        }
    }

    private static string Draw(Chart chart)
    {
        var html = new HtmlWriter();
        chart.Write(html);
        return html.ToString();
    }

    private static LineChart Line() => new("score", "Score <of> everything", "Falls \"steadily\".", "budget", "loss")
    {
        Series =
        [
            new("gtp", "s1", Points), new("random", "s2", [.. Points.Select(p => p with { Y = p.Y * 1.1, High = p.High * 1.2 })]),
            new("none", "s3", []),
        ],
        Levels = [("full", "quiet", 0.7)],
        LogarithmicX = true,
    };

    private static LineChart One() => new("one", "One point", "One.", "x", "y") { Series = [new("a", "s1", [new(3, 3)])] };

    private static BarChart Bars() => new("bars", "Bars", "Two bars.", "span", "count")
    {
        BarName = "chosen",
        RangeName = "random",
        Bars = [new("a", "first", 1234.5, 10, 20), new("b", "second", 0, 3, 3)],
    };
}
