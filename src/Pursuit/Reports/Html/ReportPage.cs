using System.Security.Cryptography;
using System.Text;

namespace Pursuit.Reports.Html;

/// <summary>The shell that every report shares: head, style, script and a content policy that lets nothing else run or load.</summary>
internal static class ReportPage
{
    /// <summary>Writes a whole page.</summary>
    /// <param name="title">The page's title.</param>
    /// <param name="version">The version of Pursuit, for the foot.</param>
    /// <param name="body">Writes what is shown.</param>
    public static string Render(string title, string version, Action<HtmlWriter> body)
    {
        var style = Asset("report.css");
        var script = Asset("report.js");
        var html = new HtmlWriter().Doctype();
        html.Open("html", ("lang", "en"));
        html.Open("head");
        html.Void("meta", ("charset", "utf-8"));
        html.Void(
            "meta", ("http-equiv", "Content-Security-Policy"),
            ("content", $"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{Hash(style)}'; "
                + $"script-src 'sha256-{Hash(script)}'"));
        html.Void("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
        html.Void("meta", ("name", "color-scheme"), ("content", "light dark"));
        html.Void("meta", ("name", "referrer"), ("content", "no-referrer"));
        html.Element("title", title);
        html.Asset("style", style);
        html.Close("head");
        html.Open("body").Open("main");
        body(html);
        html.Open("footer").Text($"Made by Pursuit {version.Split('+')[0]}. The data of this page are in the JSON file beside it.")
            .Close("footer");
        html.Close("main");
        html.Asset("script", script);
        html.Close("body").Close("html");
        return html.ToString();
    }

    private static string Hash(string content) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    private static string Asset(string name)
    {
        using var stream = typeof(ReportPage).Assembly.GetManifestResourceStream($"Pursuit.Reports.Assets.{name}")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        // A checkout may end lines otherwise; the page's bytes must not depend on it.
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
