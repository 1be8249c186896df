using System.Globalization;
using System.Text;

namespace Pursuit.Tokenization.Normalizing;

/// <summary>One of Unicode's four normalization forms (UAX #15), with origins.</summary>
internal sealed class UnicodeNormalizer(NormalizationForm form) : INormalizer
{
    public MappedText Apply(MappedText text)
    {
        var whole = UnicodeText.Normalize(text.Value, form);
        if (whole == text.Value) return text;
        var builder = new MappedText.Builder(text);
        if (!text.Tracked)
        {
            builder.Replace(whole, 0, text.Value.Length);
            return builder.Build();
        }

        // Normalize cluster by cluster, so that each character written knows the few it came from.
        for (var start = 0; start < text.Value.Length;)
        {
            var end = ClusterEnd(text.Value, start);
            if (end - start == 1 && char.IsAscii(text.Value[start])) builder.Copy(start, end);
            else Write(builder, text.Value, start, end);
            start = end;
        }

        var mapped = builder.Build();
        if (mapped.Value == whole) return mapped;
        // A cluster boundary this Unicode version composes across: keep the text right, and the origin coarse.
        var coarse = new MappedText.Builder(text);
        coarse.Replace(whole, 0, text.Value.Length);
        return coarse.Build();
    }

    private void Write(MappedText.Builder builder, string text, int start, int end)
    {
        var cluster = text[start..end];
        var normalized = UnicodeText.Normalize(cluster, form);
        if (normalized == cluster) builder.Copy(start, end);
        else builder.Replace(normalized, start, end);
    }

    private static int ClusterEnd(string text, int start)
    {
        var end = start + RuneLength(text, start);
        while (end < text.Length && JoinsPrevious(text, end)) end += RuneLength(text, end);
        return end;
    }

    private static int RuneLength(string text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;

    /// <summary>Whether the character may compose with, or be reordered before, what is before it.</summary>
    private static bool JoinsPrevious(string text, int index)
    {
        var c = text[index];
        if (c < '\u0300') return false;
        // Hangul: conjoining, compatibility and half-width jamo; half-width kana voice marks.
        if (c is >= '\u1160' and <= '\u11FF' or >= '\u3131' and <= '\u318E' or >= '\uFF9E' and <= '\uFFDC') return true;
        var codePoint = RuneLength(text, index) == 2 ? char.ConvertToUtf32(c, text[index + 1]) : c;
        if (codePoint is >= 0x16D63 and <= 0x16D6A) return true; // Kirat Rai vowels are letters that compose
        return CharUnicodeInfo.GetUnicodeCategory(codePoint)
            is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
    }
}
