using System.Globalization;
using System.Text;

namespace Pursuit.Data;

/// <summary>Of which characters words consist, wherever words of texts are compared.</summary>
internal static class WordCharacters
{
    /// <summary>True for letters, marks and numbers; everything else separates.</summary>
    public static bool IsOfWord(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
