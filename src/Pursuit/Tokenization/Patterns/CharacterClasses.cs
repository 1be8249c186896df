using System.Globalization;

namespace Pursuit.Tokenization.Patterns;

/// <summary>What the word patterns ask of a character, for the whole of Unicode, surrogate pairs included.</summary>
internal static class CharacterClasses
{
    /// <summary>General category L.</summary>
    public const byte Letter = 1;

    /// <summary>General category N.</summary>
    public const byte Number = 2;

    /// <summary>Property White_Space.</summary>
    public const byte WhiteSpace = 4;

    /// <summary>ECMAScript's white space: White_Space without U+0085, with U+FEFF.</summary>
    public const byte ScriptWhiteSpace = 8;

    /// <summary>Carriage return or line feed.</summary>
    public const byte NewLine = 16;

    private static readonly byte[] Basic = BuildBasic();

    /// <summary>The class bits of the code point at <paramref name="index"/> and how many characters it takes.</summary>
    public static byte At(ReadOnlySpan<char> text, int index, out int length)
    {
        var c = text[index];
        if (char.IsHighSurrogate(c) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            length = 2;
            return OfCategory(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(c, text[index + 1])));
        }

        length = 1;
        return Basic[c];
    }

    /// <summary>The class bits of a UTF-16 unit; none for a surrogate.</summary>
    public static byte Of(char c) => Basic[c];

    /// <summary>Whether a code point has the White_Space property.</summary>
    public static bool IsWhiteSpace(int codePoint) => codePoint <= char.MaxValue && (Basic[codePoint] & WhiteSpace) != 0;

    private static byte[] BuildBasic()
    {
        var classes = new byte[char.MaxValue + 1];
        for (var c = 0; c < classes.Length; c++)
        {
            var bits = OfCategory(CharUnicodeInfo.GetUnicodeCategory(c));
            if (char.IsWhiteSpace((char)c)) bits |= WhiteSpace;
            if ((char.IsWhiteSpace((char)c) && c != 0x85) || c == 0xFEFF) bits |= ScriptWhiteSpace;
            if (c is '\r' or '\n') bits |= NewLine;
            classes[c] = bits;
        }

        return classes;
    }

    private static byte OfCategory(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
        _ => 0,
    };
}
