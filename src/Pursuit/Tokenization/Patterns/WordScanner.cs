namespace Pursuit.Tokenization.Patterns;

/// <summary>
/// A word pattern that covers every text without gaps, so that a text is cut by asking again and again where the match
/// that begins here ends.
/// </summary>
internal abstract class WordScanner
{
    /// <summary>The end of the match that begins at <paramref name="position"/>, always beyond it.</summary>
    public abstract int Next(ReadOnlySpan<char> text, int position);

    /// <summary>The scanner of a well-known pattern, or null.</summary>
    public static WordScanner? ForPattern(string pattern) => pattern switch
    {
        Gpt2Scanner.Pattern or Gpt2Scanner.PatternGrouped => Gpt2Scanner.Strict,
        Llama3Scanner.Llama3Pattern => Llama3Scanner.ThreeDigits,
        Llama3Scanner.Qwen2Pattern => Llama3Scanner.OneDigit,
        _ => null,
    };

    /// <summary>The end of a run of code points that have one of the class bits.</summary>
    protected static int RunOf(ReadOnlySpan<char> text, int position, byte bits)
    {
        while (position < text.Length && (CharacterClasses.At(text, position, out var length) & bits) != 0) position += length;
        return position;
    }

    /// <summary>The end of a run of code points that have none of the class bits.</summary>
    protected static int RunOutside(ReadOnlySpan<char> text, int position, byte bits)
    {
        while (position < text.Length && (CharacterClasses.At(text, position, out var length) & bits) == 0) position += length;
        return position;
    }

    /// <summary><c>\s+(?!\S)|\s+</c>: the run of white space, less its last character where a word follows.</summary>
    protected static int WhiteSpaceBeforeWord(int position, int end, int textLength) =>
        end == textLength || end - position == 1 ? end : end - 1;

    /// <summary>The end of <c>'s 't 're 've 'm 'll 'd</c> after the apostrophe at <paramref name="position"/>, or -1.</summary>
    protected static int Contraction(ReadOnlySpan<char> text, int position, bool ignoreCase)
    {
        if (position + 1 >= text.Length) return -1;
        var first = Fold(text[position + 1], ignoreCase);
        if (first is 's' or 't' or 'm' or 'd') return position + 2;
        if (position + 2 >= text.Length) return -1;
        var second = Fold(text[position + 2], ignoreCase);
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? position + 3 : -1;
    }

    private static char Fold(char c, bool ignoreCase) => ignoreCase && c is >= 'A' and <= 'Z' ? (char)(c | 0x20) : c;
}
