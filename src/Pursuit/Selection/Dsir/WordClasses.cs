using System.Globalization;
using System.Text;
using Pursuit.Data;

namespace Pursuit.Selection.Dsir;

/// <summary>
/// The two kinds of words of NLTK's WordPunct rule, <c>\w+|[^\w\s]+</c>: runs of letters, numbers and underscores, and runs of
/// anything else that isn't white space; and a third of ours, letters that are words by themselves (<see cref="UnspacedScripts"/>).
/// </summary>
internal static class WordClasses
{
    /// <summary>Between words.</summary>
    public const byte Space = 0;

    /// <summary>A letter, a number or an underscore.</summary>
    public const byte Word = 1;

    /// <summary>Anything else.</summary>
    public const byte Sign = 2;

    /// <summary>Half of a character outside the basic plane, whose class needs both halves.</summary>
    public const byte Half = 3;

    /// <summary>A letter that is a word by itself; <see cref="Word"/> to WordPunct.</summary>
    public const byte Alone = 4;

    /// <summary>Each UTF-16 unit's class.</summary>
    public static byte[] Classes { get; } =
        [.. Enumerable.Range(0, 1 << 16).Select(c => char.IsSurrogate((char)c) ? Half : Of(new Rune(c)))];

    /// <summary>Each UTF-16 unit's lower case.</summary>
    public static char[] Lower { get; } = [.. Enumerable.Range(0, 1 << 16).Select(c => char.ToLowerInvariant((char)c))];

    /// <summary>The class that WordPunct knows.</summary>
    public static byte WordPunct(byte kind) => kind == Alone ? Word : kind;

    /// <summary>A character's class.</summary>
    public static byte Of(Rune rune)
    {
        if (rune.Value == '_') return Word;
        if (Rune.IsWhiteSpace(rune) || rune.Value is >= 0x1C and <= 0x1F) return Space; // Python counts the four separators
        if (UnspacedScripts.StandsAlone(rune)) return Alone;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Word,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Word,
            _ => Sign,
        };
    }
}
