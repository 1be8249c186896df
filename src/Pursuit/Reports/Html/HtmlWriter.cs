using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Pursuit.Runs;

namespace Pursuit.Reports.Html;

/// <summary>
/// The one writer of HTML and SVG. Names of elements and attributes are ours; every text and value is escaped here and nowhere
/// else, and characters that a page can't hold or that reorder what surrounds them are written as words.
/// </summary>
internal sealed class HtmlWriter
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private static readonly JsonSerializerOptions EmbeddedJson =
        new(RunJson.Compact) { Encoder = JavaScriptEncoder.Create(EmbeddedSettings()) };

    private readonly StringBuilder _page = new();
    private readonly Stack<string> _open = new();

    /// <summary>The start of a page.</summary>
    public HtmlWriter Doctype()
    {
        _page.Append("<!doctype html>\n");
        return this;
    }

    /// <summary>Opens an element; attributes without a value (null) are omitted.</summary>
    public HtmlWriter Open(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Tag(name, attributes);
        _open.Push(name);
        return this;
    }

    /// <summary>Closes the innermost element, which must be the one named.</summary>
    public HtmlWriter Close(string name)
    {
        var open = _open.Pop();
        Debug.Assert(open == name, $"</{name}> closes <{open}>");
        _page.Append("</").Append(name).Append('>');
        if (name is not ("span" or "b" or "code" or "a" or "td" or "th" or "tspan" or "title" or "bdi" or "abbr")) _page.Append('\n');
        return this;
    }

    /// <summary>An element without an end, such as meta.</summary>
    public HtmlWriter Void(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Tag(name, attributes);
        _page.Append('\n');
        return this;
    }

    /// <summary>An element with a text.</summary>
    public HtmlWriter Element(string name, string text, params ReadOnlySpan<(string Name, string? Value)> attributes) =>
        Open(name, attributes).Text(text).Close(name);

    /// <summary>Text that may be anybody's.</summary>
    public HtmlWriter Text(string text)
    {
        _page.Append(Encoder.Encode(VisibleText.Of(text)));
        return this;
    }

    /// <summary>A style or script of ours, unchanged.</summary>
    public HtmlWriter Asset(string name, string content, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Debug.Assert(!content.Contains("</", StringComparison.Ordinal), $"an asset must not hold an end tag: {name}");
        Open(name, attributes);
        _page.Append(content);
        return Close(name);
    }

    /// <summary>
    /// Data for the page's script, as JSON in which no character can end the element, start markup, or break a line where one isn't
    /// meant.
    /// </summary>
    public HtmlWriter Data<T>(string id, T value)
    {
        Open("script", ("type", "application/json"), ("id", id));
        _page.Append(JsonSerializer.Serialize(value, EmbeddedJson));
        return Close("script");
    }

    /// <summary>The page.</summary>
    public override string ToString()
    {
        Debug.Assert(_open.Count == 0, $"{string.Join(", ", _open)} not closed");
        return _page.ToString();
    }

    /// <summary>A coordinate or size: at most two decimals, the same in every culture.</summary>
    public static string Number(double value)
    {
        var text = Math.Round(value, 2).ToString("0.##", CultureInfo.InvariantCulture);
        return text == "-0" ? "0" : text;
    }

    private void Tag(string name, ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        _page.Append('<').Append(name);
        foreach (var (attribute, value) in attributes)
        {
            if (value is null) continue;
            _page.Append(' ').Append(attribute).Append("=\"").Append(Encoder.Encode(VisibleText.Of(value))).Append('"');
        }

        _page.Append('>');
    }

    private static TextEncoderSettings EmbeddedSettings()
    {
        // The encoder escapes < > & ' " + ` and line separators by itself; marks of direction are escaped too, so that the
        // page's source reads in the order in which it stands.
        var settings = new TextEncoderSettings(UnicodeRanges.All);
        settings.ForbidCharacters('\u061C', '\u200E', '\u200F', '\u2028', '\u2029', '\uFEFF');
        settings.ForbidRange(UnicodeRange.Create('\u202A', '\u202E'));
        settings.ForbidRange(UnicodeRange.Create('\u2066', '\u2069'));
        return settings;
    }
}
