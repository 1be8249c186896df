using System.Globalization;

namespace Pursuit.Reports.Html;

/// <summary>One bar with the range it is compared with.</summary>
/// <param name="Label">Under the bar; empty for none.</param>
/// <param name="Name">What the bar stands for, in words.</param>
/// <param name="Value">Its height.</param>
/// <param name="Low">The lower end of the range, or null.</param>
/// <param name="High">The upper end.</param>
internal readonly record struct ChartBar(string Label, string Name, double Value, double? Low = null, double? High = null);

/// <summary>Bars from zero, each before the range it is compared with: a histogram, or counts of kinds.</summary>
internal sealed record BarChart(string Id, string Title, string Description, string XLabel, string YLabel)
    : Chart(Id, Title, Description, XLabel, YLabel)
{
    /// <summary>The bars, left to right.</summary>
    public required IReadOnlyList<ChartBar> Bars { get; init; }

    /// <summary>What the bars are.</summary>
    public required string BarName { get; init; }

    /// <summary>What the ranges are; null where there are none.</summary>
    public string? RangeName { get; init; }

    /// <inheritdoc/>
    protected override IReadOnlyList<(string Name, string Class)> Legend =>
        RangeName is null ? [(BarName, "s1 box")] : [(BarName, "s1 box"), (RangeName, "range")];

    /// <inheritdoc/>
    protected override void Draw(HtmlWriter html)
    {
        if (Bars.Count == 0) return;
        var y = new ChartAxis(0, 1.05 * Bars.Max(b => Math.Max(b.Value, b.High ?? 0)), Bottom, Top);
        DrawGrid(html, y);
        var step = (Right - Left) / Bars.Count;
        for (var i = 0; i < Bars.Count; i++)
        {
            var bar = Bars[i];
            var (from, width) = (Left + (i + 0.14) * step, 0.72 * step);
            html.Open("g");
            html.Element("title", string.Create(CultureInfo.InvariantCulture, $"{bar.Name}: {bar.Value:0.##}{Range(bar)}"));
            Rectangle(html, "bar s1", from, y.At(bar.Value), width, Bottom - y.At(bar.Value));
            if (bar is { Low: { } low, High: { } high })
            {
                Rectangle(html, "range", from - 0.06 * step, y.At(high), width + 0.12 * step, Math.Max(1.5, y.At(low) - y.At(high)));
            }

            html.Close("g");
            if (bar.Label.Length > 0) XLabelAt(html, bar.Label, from + width / 2);
        }

        Line(html, "axis", Left, Bottom, Right, Bottom);
    }

    private string Range(ChartBar bar) =>
        bar is { Low: { } low, High: { } high }
            ? string.Create(CultureInfo.InvariantCulture, $"; {RangeName}: {low:0.##} to {high:0.##}")
            : "";

    private static void Rectangle(HtmlWriter html, string style, double x, double y, double width, double height) =>
        html.Open(
            "rect", ("class", style), ("x", HtmlWriter.Number(x)), ("y", HtmlWriter.Number(y)), ("width", HtmlWriter.Number(width)),
            ("height", HtmlWriter.Number(Math.Max(0, height))))
            .Close("rect");
}
