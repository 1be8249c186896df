using System.Globalization;

namespace Pursuit.Reports.Html;

/// <summary>A value over another.</summary>
/// <param name="X">Along x.</param>
/// <param name="Y">Along y.</param>
/// <param name="Low">The lower end of its interval, or null.</param>
/// <param name="High">The upper end.</param>
internal readonly record struct ChartPoint(double X, double Y, double? Low = null, double? High = null);

/// <summary>One line.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Class">Its colour: s1 to s6, or quiet.</param>
/// <param name="Points">Ascending in x.</param>
internal sealed record ChartSeries(string Name, string Class, IReadOnlyList<ChartPoint> Points);

/// <summary>
/// Lines, with whiskers (and a band, where it can be distinguished) where points have intervals, and levels to compare with.
/// </summary>
internal sealed record LineChart(string Id, string Title, string Description, string XLabel, string YLabel)
    : Chart(Id, Title, Description, XLabel, YLabel)
{
    /// <summary>The lines; those without points are omitted.</summary>
    public required IReadOnlyList<ChartSeries> Series { get; init; }

    /// <summary>Levels drawn across: name, class, y.</summary>
    public IReadOnlyList<(string Name, string Class, double Y)> Levels { get; init; } = [];

    /// <summary>Equal ratios along x are equal lengths.</summary>
    public bool LogarithmicX { get; init; }

    /// <summary>What to write under x, and where; empty for round numbers.</summary>
    public IReadOnlyList<(string Name, double X)> XTicks { get; init; } = [];

    /// <summary>Lines that share their x stand this far beside each other, so that their intervals can be distinguished.</summary>
    public double Apart { get; init; }

    /// <summary>The axis of y begins at 0.</summary>
    public bool FromZero { get; init; }

    /// <inheritdoc/>
    protected override IReadOnlyList<(string Name, string Class)> Legend =>
        [.. Shown.Select(s => (s.Name, s.Class)), .. Levels.Select(l => (l.Name, l.Class + " dashed"))];

    private IEnumerable<ChartSeries> Shown => Series.Where(s => s.Points.Count > 0);

    /// <inheritdoc/>
    protected override void Draw(HtmlWriter html)
    {
        var points = Shown.SelectMany(s => s.Points).ToArray();
        if (points.Length == 0) return;
        var ys = points.SelectMany(p => new[] { p.Y, p.Low ?? p.Y, p.High ?? p.Y }).Concat(Levels.Select(l => l.Y)).Where(double.IsFinite)
            .ToArray();
        var (low, high) = (ys.Min(), ys.Max());
        var room = high > low ? 0.06 * (high - low) : Math.Max(1e-3, Math.Abs(high) * 0.1);
        var x = AxisOfX(points);
        var y = new ChartAxis(FromZero ? 0 : low - room, high + room, Bottom, Top);

        DrawGrid(html, y);
        if (XTicks.Count == 0) DrawXTicks(html, x);
        else DrawXTicks(html, x, XTicks);
        foreach (var (name, style, level) in Levels) Line(html, $"level {style}", Left, y.At(level), Right, y.At(level));
        var shown = Shown.ToArray();
        // More than two bands upon each other can't be distinguished; their whiskers, side by side, can.
        for (var s = 0; s < shown.Length; s++) DrawIntervals(html, shown[s], Beside(x, s, shown.Length), y, band: shown.Length <= 2);
        for (var s = 0; s < shown.Length; s++) DrawLine(html, shown[s], Beside(x, s, shown.Length), y);
    }

    private ChartAxis AxisOfX(ChartPoint[] points)
    {
        // So that the first and last points stand clear of the edges.
        var inset = 8 + Math.Abs(Apart) * Shown.Count() / 2;
        var (low, high) = (points.Min(p => p.X), points.Max(p => p.X));
        if (low == high) (low, high) = LogarithmicX && low > 0 ? (low / 2, high * 2) : (low - 1, high + 1);
        return new ChartAxis(low, high, Left + inset, Right - inset, LogarithmicX);
    }

    private Func<double, double> Beside(ChartAxis x, int series, int all) => value => x.At(value) + (series - (all - 1) / 2.0) * Apart;

    private static void DrawIntervals(HtmlWriter html, ChartSeries series, Func<double, double> x, ChartAxis y, bool band)
    {
        var points = series.Points.Where(p => p is { Low: not null, High: not null }).ToArray();
        if (band && points.Length > 1)
        {
            var upper = points.Select(p => Pair(x(p.X), y.At(p.High!.Value)));
            var lower = points.Reverse().Select(p => Pair(x(p.X), y.At(p.Low!.Value)));
            html.Open("polygon", ("class", $"band {series.Class}"), ("points", string.Join(' ', upper.Concat(lower)))).Close("polygon");
        }

        foreach (var point in points)
            Line(html, $"whisker {series.Class}", x(point.X), y.At(point.Low!.Value), x(point.X), y.At(point.High!.Value));
    }

    private static void DrawLine(HtmlWriter html, ChartSeries series, Func<double, double> x, ChartAxis y)
    {
        if (series.Points.Count > 1)
            html.Open(
                "polyline", ("class", $"line {series.Class}"),
                ("points", string.Join(' ', series.Points.Select(p => Pair(x(p.X), y.At(p.Y))))))
                .Close("polyline");
        if (series.Points.Count > 40) return;
        foreach (var point in series.Points)
        {
            html.Open(
                "circle", ("class", $"dot {series.Class}"), ("cx", HtmlWriter.Number(x(point.X))),
                ("cy", HtmlWriter.Number(y.At(point.Y))), ("r", "3"));
            html.Element(
                "title",
                string.Create(CultureInfo.InvariantCulture, $"{series.Name}: {point.Y:0.####} at {point.X:0.####}{Interval(point)}"))
                .Close("circle");
        }
    }

    private static string Interval(ChartPoint point) =>
        point is { Low: { } low, High: { } high } ? string.Create(CultureInfo.InvariantCulture, $" ({low:0.####} to {high:0.####})") : "";

    private static string Pair(double x, double y) => $"{HtmlWriter.Number(x)},{HtmlWriter.Number(y)}";
}
