using System.Text;
using Pursuit.Data;

namespace Pursuit.Proof;

/// <summary>What of an answer's spelling counts when it is compared with the right one.</summary>
internal static class AnswerText
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
    /// The words of a text, normalized: runs of letters, marks and numbers. Everything else separates. Where writing has no
    /// spaces each letter is a word (<see cref="UnspacedScripts"/>).
    /// </summary>
    public static IReadOnlyList<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        Span<char> units = stackalloc char[2];
        var isAlone = false; // the word at hand is a letter that stands alone
        foreach (var rune in Normalize(text).EnumerateRunes())
        {
            var starts = UnspacedScripts.StandsAlone(rune);
            if (starts || !WordCharacters.IsOfWord(rune) || (isAlone && !UnspacedScripts.IsMark(rune))) End();
            if (!WordCharacters.IsOfWord(rune)) continue;
            isAlone = starts || (isAlone && word.Length > 0);
            word.Append(units[..rune.EncodeToUtf16(units)]);
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
}
