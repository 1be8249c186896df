using System.Globalization;
using System.Text;

namespace Pursuit.Reports;

/// <summary>
/// Writes characters that can't be seen, can't stand in a page or reorder what stands around them as marks: a text shown to a
/// person holds what the record holds. The page's script does the same (report.js, visible).
/// </summary>
public static class VisibleText
{
    /// <summary>The text with such characters as marks: U+0000 as U+2400 and so on, others as their code points in brackets.</summary>
    public static string Of(string text)
    {
        var at = 0;
        while (at < text.Length && IsPlain(text, at)) at++;
        if (at == text.Length) return text;

        var visible = new StringBuilder(text, 0, at, text.Length + 16);
        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (IsPlain(text, at)) visible.Append(c);
            else if (c < 0x20) visible.Append((char)(0x2400 + c));
            else visible.Append('[').Append("U+").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture)).Append(']');
        }

        return visible.ToString();
    }

    private static bool IsPlain(string text, int at)
    {
        var c = text[at];
        if (char.IsSurrogate(c))
            return char.IsHighSurrogate(c) ? at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) : at > 0 && char.IsHighSurrogate(text[at - 1]);
        return c switch
        {
            '\n' or '\t' or '\r' => true,
            < ' ' or (>= '\u007F' and <= '\u009F') => false,
            (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029' => false,
            '\uFFFE' or '\uFFFF' => false,
            _ => true,
        };
    }
}
