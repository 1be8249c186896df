namespace Pursuit.Reports.Html;

/// <summary>What every chart is: a figure with a caption, a legend in words and an SVG that has a title and a description.</summary>
/// <param name="Id">Names the SVG's title for readers of the page; unique in it.</param>
/// <param name="Title">What is shown.</param>
/// <param name="Description">What it shows in words, with its main numbers: what somebody who can't see it needs.</param>
/// <param name="XLabel">What runs along x, with its unit.</param>
/// <param name="YLabel">What runs along y, with its unit.</param>
internal abstract record Chart(string Id, string Title, string Description, string XLabel, string YLabel)
{
    /// <summary>The drawing's size in its own units; it scales to the column it is in.</summary>
    public const double Width = 460;

    /// <summary>See <see cref="Width"/>.</summary>
    public const double Height = 280;

    /// <summary>The plot's edges within the drawing.</summary>
    protected const double Left = 56;

    /// <summary>See <see cref="Left"/>.</summary>
    protected const double Right = Width - 12;

    /// <summary>See <see cref="Left"/>.</summary>
    protected const double Top = 14;

    /// <summary>See <see cref="Left"/>.</summary>
    protected const double Bottom = Height - 44;

    /// <summary>Names and classes for the legend; one entry needs none.</summary>
    protected abstract IReadOnlyList<(string Name, string Class)> Legend { get; }

    /// <summary>Writes the figure.</summary>
    public void Write(HtmlWriter html)
    {
        html.Open("figure", ("class", "chart"));
        html.Element("figcaption", Title);
        if (Legend.Count > 1)
        {
            html.Open("ul", ("class", "legend"));
            foreach (var (name, style) in Legend)
            {
                html.Open("li").Open("span", ("class", "key " + style)).Close("span");
                html.Text(name).Close("li");
            }

            html.Close("ul");
        }

        html.Open(
            "svg", ("viewBox", $"0 0 {HtmlWriter.Number(Width)} {HtmlWriter.Number(Height)}"), ("role", "img"),
            ("aria-labelledby", $"{Id}-title {Id}-description"));
        html.Element("title", Title, ("id", $"{Id}-title"));
        html.Element("desc", Description, ("id", $"{Id}-description"));
        Draw(html);
        html.Element(
            "text", XLabel, ("class", "axis-label"), ("x", HtmlWriter.Number((Left + Right) / 2)), ("y", HtmlWriter.Number(Height - 6)),
            ("text-anchor", "middle"));
        html.Element(
            "text", YLabel, ("class", "axis-label"), ("x", "14"), ("y", HtmlWriter.Number((Top + Bottom) / 2)), ("text-anchor", "middle"),
            ("transform", $"rotate(-90 14 {HtmlWriter.Number((Top + Bottom) / 2)})"));
        html.Close("svg").Close("figure");
    }

    /// <summary>Draws grid, ticks and data.</summary>
    protected abstract void Draw(HtmlWriter html);

    /// <summary>Horizontal lines at round values, with their labels.</summary>
    protected static void DrawGrid(HtmlWriter html, ChartAxis y)
    {
        var ticks = y.Ticks(5);
        foreach (var tick in ticks)
        {
            var at = y.At(tick);
            Line(html, "grid", Left, at, Right, at);
            html.Element(
                "text", ChartAxis.Label(tick, ticks), ("class", "tick"), ("x", HtmlWriter.Number(Left - 6)),
                ("y", HtmlWriter.Number(at + 4)), ("text-anchor", "end"));
        }
    }

    /// <summary>The axis of x with round values.</summary>
    protected static void DrawXTicks(HtmlWriter html, ChartAxis x)
    {
        var ticks = x.Ticks(6);
        DrawXTicks(html, x, [.. ticks.Select(t => (ChartAxis.Label(t, ticks), t))]);
    }

    /// <summary>The axis of x with values of the caller's.</summary>
    protected static void DrawXTicks(HtmlWriter html, ChartAxis x, IReadOnlyList<(string Name, double X)> ticks)
    {
        Line(html, "axis", Left, Bottom, Right, Bottom);
        foreach (var (name, value) in ticks)
        {
            var at = x.At(value);
            Line(html, "axis", at, Bottom, at, Bottom + 4);
            XLabelAt(html, name, at);
        }
    }

    /// <summary>A label under the axis of x.</summary>
    protected static void XLabelAt(HtmlWriter html, string text, double at) =>
        html.Element(
            "text", text, ("class", "tick"), ("x", HtmlWriter.Number(at)), ("y", HtmlWriter.Number(Bottom + 18)),
            ("text-anchor", "middle"));

    /// <summary>A line of a class.</summary>
    protected static void Line(HtmlWriter html, string style, double x1, double y1, double x2, double y2) =>
        html.Open(
            "line", ("class", style), ("x1", HtmlWriter.Number(x1)), ("y1", HtmlWriter.Number(y1)), ("x2", HtmlWriter.Number(x2)),
            ("y2", HtmlWriter.Number(y2)))
            .Close("line");
}
