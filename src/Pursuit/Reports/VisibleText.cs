using System.Globalization;
using System.Text;

namespace Pursuit.Reports;

/// <summary>
/// Writes characters that can't be seen, can't be in a page or reorder their surroundings as marks: a text shown to a
/// person holds what the record holds. The page's script does the same as <see cref="Of"/> (report.js, visible).
/// </summary>
internal static class VisibleText
{
    /// <summary>The text with such characters as marks: U+0000 as U+2400 and so on, others as their code points in brackets.</summary>
    public static string Of(string text) => Marked(text, static c => IsShownInPage(c));

    /// <summary>
    /// As <see cref="Of"/>, for a terminal's lines: the marks of direction (U+200E, U+200F, U+061C) and returns are shown too,
    /// as a page isolates each text and a terminal doesn't.
    /// </summary>
    public static string OnTerminal(string text) =>
        Marked(text.Replace("\r\n", "\n", StringComparison.Ordinal), static c => IsShownOnTerminal(c));

    /// <summary>As <see cref="OnTerminal"/>, for one line: a file's name can't begin another.</summary>
    public static string OnTerminalLine(string text) => Marked(text, static c => c != '\n' && IsShownOnTerminal(c));

    /// <summary>Printed JSON, with such characters as escapes within its strings: it says the same.</summary>
    public static string InJson(string json)
    {
        if (json.All(IsShownOnTerminal)) return json; // a serializer writes no half characters
        var shown = new StringBuilder(json.Length + 64);
        foreach (var c in json)
        {
            if (IsShownOnTerminal(c)) shown.Append(c);
            else shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return shown.ToString();
    }

    private static bool IsShownOnTerminal(char c) => c is not ('\r' or '\u200E' or '\u200F' or '\u061C') && IsShownInPage(c);

    private static bool IsShownInPage(char c) => c switch
    {
        '\n' or '\t' or '\r' => true,
        < ' ' or (>= '\u007F' and <= '\u009F') => false,
        (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029' => false,
        '\uFFFE' or '\uFFFF' => false,
        _ => true,
    };

    private static string Marked(string text, Func<char, bool> isShown)
    {
        var at = 0;
        while (at < text.Length && IsWhole(text, at) && isShown(text[at])) at++;
        if (at == text.Length) return text;

        var visible = new StringBuilder(text, 0, at, text.Length + 16);
        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (IsWhole(text, at) && isShown(c)) visible.Append(c);
            else if (c < 0x20) visible.Append((char)(0x2400 + c));
            else visible.Append('[').Append("U+").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture)).Append(']');
        }

        return visible.ToString();
    }

    /// <summary>False at half of a character of two units.</summary>
    private static bool IsWhole(string text, int at)
    {
        var c = text[at];
        return !char.IsSurrogate(c)
            || (char.IsHighSurrogate(c)
                ? at + 1 < text.Length && char.IsLowSurrogate(text[at + 1])
                : at > 0 && char.IsHighSurrogate(text[at - 1]));
    }
}
