using static System.FormattableString;

namespace Pursuit.Reports.Html;

/// <summary>Parts that reports have in common.</summary>
internal static class ReportParts
{
    /// <summary>Opens a section with its heading.</summary>
    public static void Section(HtmlWriter html, string id, string heading, string? lead, Action content)
    {
        html.Open("section", ("id", id), ("aria-labelledby", id + "-heading"));
        html.Element("h2", heading, ("id", id + "-heading"));
        if (lead is not null) html.Element("p", lead, ("class", "lead"));
        content();
        html.Close("section");
    }

    /// <summary>Large figures with what they are.</summary>
    public static void Tiles(HtmlWriter html, IEnumerable<(string Value, string Label, string? Note)> tiles)
    {
        html.Open("dl", ("class", "tiles"));
        foreach (var (value, label, note) in tiles)
        {
            html.Open("div").Element("dt", label).Element("dd", value);
            if (note is not null) html.Element("dd", note, ("class", "note"));
            html.Close("div");
        }

        html.Close("dl");
    }

    /// <summary>Sentences as a list.</summary>
    public static void Sentences(HtmlWriter html, string style, IReadOnlyList<string> sentences)
    {
        if (sentences.Count == 0) return;
        html.Open("ul", ("class", style));
        foreach (var sentence in sentences) html.Element("li", sentence);
        html.Close("ul");
    }

    /// <summary>
    /// A table whose first column is left and whose others are right-aligned; it scrolls sideways where the page is narrow.
    /// </summary>
    public static void Table(HtmlWriter html, string caption, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        html.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", caption))
            .Open("table", ("class", headers.Count <= 4 ? "short" : null));
        html.Element("caption", caption);
        html.Open("thead").Open("tr");
        foreach (var header in headers) html.Element("th", header, ("scope", "col"));
        html.Close("tr").Close("thead").Open("tbody");
        foreach (var row in rows)
        {
            html.Open("tr").Open("th", ("scope", "row")).Open("bdi").Text(row[0]).Close("bdi").Close("th");
            foreach (var cell in row.Skip(1)) html.Element("td", cell);
            html.Close("tr");
        }

        html.Close("tbody").Close("table").Close("div");
    }

    /// <summary>Names and values.</summary>
    public static void Figures(HtmlWriter html, IEnumerable<KeyValuePair<string, string>> figures)
    {
        html.Open("dl", ("class", "figures"));
        foreach (var (name, value) in figures)
        {
            html.Open("div").Element("dt", name);
            html.Open("dd").Open("bdi").Text(value).Close("bdi").Close("dd").Close("div");
        }

        html.Close("dl");
    }

    /// <summary>
    /// Parts of the pool as rows: how many of each were chosen, as a bar before the range that 95% of random choices fall in.
    /// </summary>
    public static void Comparison(HtmlWriter html, string caption, string kind, IReadOnlyList<ReportBin> bins)
    {
        const int ShownAtOnce = 16;
        var most = (double)bins.Max(b => Math.Max(b.Selected, b.RandomHigh));
        if (bins.Count <= ShownAtOnce + 2)
        {
            Comparison(html, caption, kind, bins, most);
            return;
        }

        Comparison(html, caption, kind, [.. bins.Take(ShownAtOnce)], most);
        html.Open("details").Element("summary", Invariant($"The other {bins.Count - ShownAtOnce:N0}"), ("class", "unfold"));
        Comparison(html, caption + ", continued", kind, [.. bins.Skip(ShownAtOnce)], most);
        html.Close("details");
    }

    /// <summary>A command in a box with a button that copies it.</summary>
    public static void Command(HtmlWriter html, string command)
    {
        html.Open("div", ("class", "command")).Open("pre").Open("code", ("id", "command")).Text(command).Close("code").Close("pre");
        html.Element("button", "Copy", ("type", "button"), ("data-copy", "command"), ("hidden", "")).Close("div");
    }

    private static void Comparison(HtmlWriter html, string caption, string kind, IReadOnlyList<ReportBin> bins, double most)
    {
        html.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", caption))
            .Open("table", ("class", "comparison"));
        html.Element("caption", caption);
        html.Open("thead").Open("tr");
        html.Element("th", kind, ("scope", "col")).Element("th", "selected", ("scope", "col"));
        html.Element("th", "selected (bar), random (frame)", ("scope", "col"), ("class", "wide"));
        html.Element("th", "random", ("scope", "col")).Element("th", "of weight", ("scope", "col"))
            .Element("th", "in pool", ("scope", "col"));
        html.Close("tr").Close("thead").Open("tbody");
        foreach (var bin in bins)
        {
            html.Open("tr", ("class", bin.Against > 0 ? "above" : bin.Against < 0 ? "below" : null));
            html.Open("th", ("scope", "row")).Open("bdi").Text(bin.Name).Close("bdi").Close("th");
            html.Element("td", Invariant($"{bin.Selected:N0}"));
            html.Open("td", ("class", "wide"));
            html.Open("svg", ("viewBox", "0 0 100 10"), ("preserveAspectRatio", "none"), ("role", "img"), ("aria-label", Words(bin)));
            Rectangle(html, "bar", 0, 2, 100 * bin.Selected / most, 6);
            Rectangle(html, "range", 100 * bin.RandomLow / most, 0.5, Math.Max(0.4, 100 * (bin.RandomHigh - bin.RandomLow) / most), 9);
            html.Close("svg").Close("td");
            html.Element("td", Invariant($"{bin.RandomLow:N0} to {bin.RandomHigh:N0}"));
            html.Element("td", SelectVerdict.Percent(bin.Weight));
            html.Element("td", Invariant($"{bin.Pool:N0}"));
            html.Close("tr");
        }

        html.Close("tbody").Close("table").Close("div");
    }

    private static string Words(ReportBin bin) =>
        Invariant($"{bin.Selected:N0} selected, random {bin.RandomLow:N0} to ")
            + Invariant($"{bin.RandomHigh:N0}{(bin.Against > 0 ? ": more" : bin.Against < 0 ? ": fewer" : "")}");

    private static void Rectangle(HtmlWriter html, string style, double x, double y, double width, double height) =>
        html.Open(
            "rect", ("class", style), ("x", HtmlWriter.Number(x)), ("y", HtmlWriter.Number(y)), ("width", HtmlWriter.Number(width)),
            ("height", HtmlWriter.Number(height)))
            .Close("rect");
}
