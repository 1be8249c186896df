using System.Text;

namespace Pursuit.Tokenization;

/// <summary>What .NET's strings need before they are Unicode text: partners for surrogates, and a normalization that never throws.</summary>
internal static class UnicodeText
{
    private const char RefusedByNormalize = '\uFFFE'; // a noncharacter that string.Normalize throws on; it normalizes to itself

    /// <summary>Whether a text has a surrogate without its partner.</summary>
    public static bool HasLoneSurrogate(string text) => FirstLoneSurrogate(text, 0) >= 0;

    /// <summary>The text with U+FFFD for each surrogate without its partner.</summary>
    public static string WithoutLoneSurrogates(string text)
    {
        var at = FirstLoneSurrogate(text, 0);
        if (at < 0) return text;
        var characters = text.ToCharArray();
        for (; at >= 0; at = FirstLoneSurrogate(text, at + 1)) characters[at] = '\uFFFD';
        return new string(characters);
    }

    /// <summary>The text in a normalization form; the same string where it is in that form already.</summary>
    /// <param name="text">A text without lone surrogates.</param>
    /// <param name="form">The form.</param>
    public static string Normalize(string text, NormalizationForm form)
    {
        if (Ascii.IsValid(text)) return text;
        text = CombiningMarks.InOrder(text, form);
        if (!text.Contains(RefusedByNormalize)) return text.IsNormalized(form) ? text : text.Normalize(form);
        return string.Join(RefusedByNormalize, text.Split(RefusedByNormalize).Select(part => part.Normalize(form)));
    }

    private static int FirstLoneSurrogate(string text, int from)
    {
        while (from < text.Length)
        {
            var skip = text.AsSpan(from).IndexOfAnyInRange('\uD800', '\uDFFF');
            if (skip < 0) return -1;
            from += skip;
            if (!char.IsHighSurrogate(text[from]) || from + 1 >= text.Length || !char.IsLowSurrogate(text[from + 1])) return from;
            from += 2;
        }

        return -1;
    }
}
