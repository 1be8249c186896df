using System.Globalization;
using System.Text;

namespace Pursuit.Selection.Dsir;

/// <summary>
/// Python's <c>str.lower()</c>, which differs from .NET's in two letters: a dotted capital I becomes two characters, and a capital
/// sigma at a
/// word's end a final one (the Unicode standard, section 3.13, rule Final_Sigma).
/// </summary>
internal static class PythonCase
{
    private const char DottedI = '\u0130', Sigma = '\u03A3', FinalSigma = '\u03C2';

    /// <summary>The text in lower case.</summary>
    public static string Lower(string text)
    {
        var lowered = text.ToLowerInvariant();
        if (text.AsSpan().IndexOfAny(DottedI, Sigma) < 0) return lowered;
        var result = new StringBuilder(lowered.Length + 8);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == DottedI) result.Append("i\u0307");
            else if (text[i] == Sigma && EndsWord(text, i)) result.Append(FinalSigma);
            else result.Append(lowered[i]); // one unit for one unit
        }

        return result.ToString();
    }

    /// <summary>Behind a cased letter and before none, what is no letter of either kind left out.</summary>
    private static bool EndsWord(string text, int index)
    {
        var before = false;
        for (var i = index; i > 0 && !before;)
        {
            Rune.DecodeLastFromUtf16(text.AsSpan(0, i), out var rune, out var units);
            i -= units;
            if (IsIgnored(rune)) continue;
            if (!IsCased(rune)) return false;
            before = true;
        }

        for (var i = index + 1; before && i < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var units);
            i += units;
            if (!IsIgnored(rune)) return !IsCased(rune);
        }

        return before;
    }

    /// <summary>Unicode's Case_Ignorable.</summary>
    private static bool IsIgnored(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is
            UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol
        || rune.Value is '\'' or '.' or ':' or 0x00B7 or 0x0387 or 0x055F or 0x05F4
            or 0x2018 or 0x2019 or 0x2024 or 0x2027 or 0xFE13 or 0xFE52 or 0xFE55 or 0xFF07 or 0xFF0E or 0xFF1A;

    /// <summary>Unicode's Cased: letters with a case, and signs made of them.</summary>
    private static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
            or UnicodeCategory.TitlecaseLetter
        || rune.Value is 0x00AA or 0x00BA or (>= 0x2160 and <= 0x217F) or (>= 0x24B6 and <= 0x24E9)
            or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);
}
