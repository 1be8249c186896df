using System.Text;

namespace Pursuit;

/// <summary>
/// What .NET's strings need before they are Unicode text: partners for surrogates, and a normalization that never throws.
/// </summary>
/// <remarks>The one place that calls <c>string.Normalize</c>, which refuses U+FFFE though it is a valid scalar value.</remarks>
internal static class UnicodeText
{
    // It neither moves nor composes and normalizes to itself, so it may split a text.
    private const char RefusedByNormalize = '\uFFFE';

    /// <summary>True where this process has Unicode data; in invariant-globalization mode nothing is normalized.</summary>
    public static bool Normalizes { get; } = Normalize("e\u0301", NormalizationForm.FormC) == "\u00E9";

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
        if (text.Contains(RefusedByNormalize))
            return string.Join(RefusedByNormalize, text.Split(RefusedByNormalize).Select(part => Normalize(part, form)));
#pragma warning disable RS0030 // banned everywhere else
        return text.IsNormalized(form) ? text : text.Normalize(form);
#pragma warning restore RS0030
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
