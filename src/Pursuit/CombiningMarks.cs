using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Pursuit;

/// <summary>
/// Puts long runs of combining marks in their canonical order before a text is normalized. The platform does so by
/// insertion, in time that grows with the square of a run; what this gives is canonically equivalent, so that every
/// normalization form of it is the same.
/// </summary>
internal static class CombiningMarks
{
    /// <summary>Runs of at least so many UTF-16 units are ordered; shorter ones cost the platform little.</summary>
    public const int LongRun = 64;

    private const int LowestClass = 0x0334; // combining class 1
    private const int HighestClass = 0x0345; // combining class 240
    private static readonly ConcurrentDictionary<(int First, int Second), bool> Swapped = new();

    /// <summary>An equivalent text whose long runs of marks are in order; the same string where it has none.</summary>
    /// <param name="text">A text without lone surrogates.</param>
    /// <param name="form">The normalization form it is meant for.</param>
    public static string InOrder(string text, NormalizationForm form)
    {
        StringBuilder? ordered = null;
        var done = 0;
        // Every long run holds one of these positions.
        for (var at = LongRun - 1; at < text.Length; at += LongRun)
        {
            if (at < done || !IsMark(text, at)) continue;
            var (start, end) = (at, at);
            while (start > done && IsMark(text, start - 1)) start--;
            while (end < text.Length && IsMark(text, end)) end++;
            (ordered ??= new StringBuilder(text.Length)).Append(text, done, start - done);
            AppendInOrder(ordered, text[start..end], form);
            done = end;
        }

        return ordered is null ? text : ordered.Append(text, done, text.Length - done).ToString();
    }

    private static void AppendInOrder(StringBuilder ordered, string run, NormalizationForm form)
    {
        var decomposing = form is NormalizationForm.FormC or NormalizationForm.FormD ? NormalizationForm.FormD : NormalizationForm.FormKD;
        var pending = new List<int>();
        foreach (var rune in run.EnumerateRunes())
        {
            foreach (var mark in UnicodeText.Normalize(rune.ToString(), decomposing).EnumerateRunes())
            {
                // A mark of class 0 stays where it is, and no other passes it.
                if (!Swaps(mark.Value, LowestClass) && !Swaps(HighestClass, mark.Value)) Flush(mark.Value);
                else pending.Add(mark.Value);
            }
        }

        Flush(null);

        void Flush(int? starter)
        {
            // Stable: marks of one class keep their order.
            var byClass = Comparer<int>.Create((a, b) => Swaps(a, b) ? 1 : Swaps(b, a) ? -1 : 0);
            foreach (var mark in pending.Order(byClass)) ordered.Append(new Rune(mark).ToString());
            pending.Clear();
            if (starter is { } value) ordered.Append(new Rune(value).ToString());
        }
    }

    // Whether the first mark's class is above the second's, and the second's above 0: what canonical order swaps.
    private static bool Swaps(int first, int second) => first != second && Swapped.GetOrAdd((first, second), static pair =>
    {
        var (a, b) = (new Rune(pair.First).ToString(), new Rune(pair.Second).ToString());
        return Decomposed(a + b) == Decomposed(b) + Decomposed(a);

        static string Decomposed(string text) => UnicodeText.Normalize(text, NormalizationForm.FormD);
    });

    private static bool IsMark(string text, int at)
    {
        var c = text[at];
        if (c < '\u0300') return false;
        var codePoint = char.IsLowSurrogate(c) && at > 0 && char.IsHighSurrogate(text[at - 1]) ? char.ConvertToUtf32(text[at - 1], c)
            : char.IsHighSurrogate(c) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? char.ConvertToUtf32(c, text[at + 1])
            : c;
        // The half-width voice marks are letters that the compatibility forms make marks of.
        return codePoint is 0xFF9E or 0xFF9F || CharUnicodeInfo.GetUnicodeCategory(codePoint)
            is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
    }
}
