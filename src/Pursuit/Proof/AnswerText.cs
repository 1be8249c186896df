using System.Globalization;
using System.Text;

namespace Pursuit.Proof;

/// <summary>What of an answer's spelling counts when it is compared with the right one.</summary>
public static class AnswerText
{
    /// <summary>
    /// NFC, lower case (each character's simple mapping), runs of white space as one space, no white space at the ends.
    /// Punctuation stays: a sign or a bracket can be the answer.
    /// </summary>
    public static string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        var pending = false;
        Span<char> units = stackalloc char[2];
        foreach (var rune in UnicodeText.Normalize(text, NormalizationForm.FormC).EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                pending = result.Length > 0;
                continue;
            }

            if (pending) result.Append(' ');
            pending = false;
            result.Append(units[..Rune.ToLowerInvariant(rune).EncodeToUtf16(units)]);
        }

        return result.ToString();
    }

    /// <summary>
    /// The words of a text, normalised: runs of letters, marks and numbers. Everything else separates. Where writing has no
    /// spaces (Han, Hiragana, Katakana) each character is a word.
    /// </summary>
    public static IReadOnlyList<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        Span<char> units = stackalloc char[2];
        foreach (var rune in Normalize(text).EnumerateRunes())
        {
            var alone = StandsAlone(rune.Value);
            if (alone || !IsOfWord(rune)) End();
            if (alone) words.Add(rune.ToString());
            else if (IsOfWord(rune)) word.Append(units[..rune.EncodeToUtf16(units)]);
        }

        End();
        return words;

        void End()
        {
            if (word.Length == 0) return;
            words.Add(word.ToString());
            word.Clear();
        }
    }

    private static bool IsOfWord(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static bool StandsAlone(int value) => value is
        (>= 0x3041 and <= 0x3096) or (>= 0x30A1 and <= 0x30FA) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAD9) or (>= 0x20000 and <= 0x323AF);
}
