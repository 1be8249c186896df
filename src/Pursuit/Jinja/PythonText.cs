using System.Globalization;

namespace Pursuit.Jinja;

/// <summary>What Python holds to be white space and lines, and how it writes numbers and strings.</summary>
internal static class PythonText
{
    /// <summary>str.isspace for one UTF-16 unit.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>Position of the first unit at or after <paramref name="start"/> that is no white space.</summary>
    public static int SkipSpace(string text, int start)
    {
        while (start < text.Length && IsSpace(text[start])) start++;
        return start;
    }

    /// <summary>Length without the white space at the end.</summary>
    public static int TrimmedEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return end;
    }

    /// <summary>str.splitlines breaks here.</summary>
    public static bool IsLineBreak(char c) =>
        c is '\n' or '\r' or '\v' or '\f' or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029';

    /// <summary>repr(float): the shortest digits that read back, with an exponent below 1e-4 and from 1e16 on.</summary>
    public static string Repr(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        if (value == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        var (digits, exponent) = Decompose(value.ToString("R", CultureInfo.InvariantCulture));
        var sign = value < 0 ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            var fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}"
                + Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);
        }

        if (exponent < 0) return sign + "0." + new string('0', -exponent - 1) + digits;
        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0') + ".0"
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    // Significant digits without zeros at either end, and the power of ten of the first.
    private static (string Digits, int Exponent) Decompose(string shortest)
    {
        var text = shortest.TrimStart('-');
        var exponent = 0;
        var e = text.IndexOf('E', StringComparison.Ordinal);
        if (e >= 0)
        {
            exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }

        var point = text.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? text : text[..point];
        var all = point < 0 ? text : whole + text[(point + 1)..];
        var leading = all.Length - all.TrimStart('0').Length;
        return (all.Trim('0'), exponent + whole.Length - 1 - leading);
    }

    /// <summary>Appends repr(str); charges what it writes.</summary>
    public static void AppendRepr(JinjaTextBuilder builder, string text, int owner)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? "\"" : "'";
        builder.Append(quote, owner);
        var plain = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var length = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? 2 : 1;
            if (ReprEscape(text, i, length, quote[0]) is { } escape)
            {
                builder.Append(text.AsSpan(plain, i - plain), owner);
                builder.Append(escape, owner);
                plain = i + length;
            }

            i += length - 1;
        }

        builder.Append(text.AsSpan(plain), owner);
        builder.Append(quote, owner);
    }

    // What repr writes for the code point, or null where it is printed unchanged.
    private static string? ReprEscape(string text, int at, int length, char quote)
    {
        var c = text[at];
        if (length == 2)
        {
            var code = char.ConvertToUtf32(c, text[at + 1]);
            return IsPrintable(CharUnicodeInfo.GetUnicodeCategory(code)) ? null : "\\U" + code.ToString("x8", CultureInfo.InvariantCulture);
        }

        return c switch
        {
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ when c == quote => "\\" + c,
            >= ' ' and < '\x7f' => null,
            > '\x7f' when IsPrintable(CharUnicodeInfo.GetUnicodeCategory(c)) => null,
            <= '\xff' => "\\x" + ((int)c).ToString("x2", CultureInfo.InvariantCulture),
            _ => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
        };
    }

    private static bool IsPrintable(UnicodeCategory category) => category
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.SpaceSeparator);

    /// <summary>Order of strings by code point, as Python's.</summary>
    public static int Compare(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        for (var i = 0; i < length; i++)
        {
            var (a, b) = (left[i], right[i]);
            if (a == b) continue;
            // A surrogate stands for a code point above every unit that is none.
            var (wideA, wideB) = (char.IsSurrogate(a), char.IsSurrogate(b));
            return wideA == wideB ? a.CompareTo(b) : wideA ? 1 : -1;
        }

        return left.Length.CompareTo(right.Length);
    }
}
