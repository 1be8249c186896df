using System.Globalization;
using System.Text;

namespace Pursuit.Data;

/// <summary>
/// Writing without spaces between words: Han, Kana, Thai, Lao, Myanmar and Khmer. Where words are counted or compared, each of its
/// letters is one, with
/// the marks that follow it; without this a whole sentence would be a word that no other text has.
/// </summary>
internal static class UnspacedScripts
{
    /// <summary>True for a letter that is a word by itself.</summary>
    /// <param name="letter">Any character.</param>
    public static bool StandsAlone(Rune letter) => IsOfScript(letter.Value)
        && Rune.GetUnicodeCategory(letter) is (UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.LetterNumber);

    /// <summary>True for a mark, which belongs to the letter before it.</summary>
    /// <param name="character">Any character.</param>
    public static bool IsMark(Rune character) =>
        Rune.GetUnicodeCategory(character) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.EnclosingMark;

    private static bool IsOfScript(int value) => value is
        (>= 0x0E00 and <= 0x0EFF) // Thai, Lao
        or (>= 0x1000 and <= 0x109F) or (>= 0xA9E0 and <= 0xA9FF) or (>= 0xAA60 and <= 0xAA7F) // Myanmar
        or (>= 0x1780 and <= 0x17FF) // Khmer
                                     // repeats, numerals
        or (>= 0x3005 and <= 0x3007) or (>= 0x3021 and <= 0x3029) or (>= 0x3031 and <= 0x3035) or (>= 0x3038 and <= 0x303C)
        or (>= 0x3041 and <= 0x30FF) or (>= 0x31F0 and <= 0x31FF)
        or (>= 0xFF66 and <= 0xFF9F) or (>= 0x1AFF0 and <= 0x1B16F) // Kana
        or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x323AF); // Han
}
