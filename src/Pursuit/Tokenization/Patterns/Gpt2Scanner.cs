namespace Pursuit.Tokenization.Patterns;

/// <summary>GPT-2's word pattern (Radford and others, 2019).</summary>
internal sealed class Gpt2Scanner : WordScanner
{
    /// <summary>The pattern as GPT-2's source has it.</summary>
    public const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>The same, as the tokenizers crate has it.</summary>
    public const string PatternGrouped = @"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>With <c>\s</c> as Unicode's White_Space: for the pattern in a Split.</summary>
    public static readonly Gpt2Scanner Strict = new(CharacterClasses.WhiteSpace);

    /// <summary>
    /// With <c>\s</c> as ECMAScript has it: for ByteLevel's own pattern, where the reference (@huggingface/tokenizers)
    /// compiles it so. They differ for U+0085 and U+FEFF only.
    /// </summary>
    public static readonly Gpt2Scanner ByteLevel = new(CharacterClasses.ScriptWhiteSpace);

    private readonly byte _white;

    private Gpt2Scanner(byte white) => _white = white;

    /// <inheritdoc/>
    public override int Next(ReadOnlySpan<char> text, int position)
    {
        var c = text[position];
        if (c == '\'')
        {
            var end = Contraction(text, position, ignoreCase: false);
            if (end >= 0) return end;
        }

        var word = c == ' ' && position + 1 < text.Length ? position + 1 : position;
        var bits = CharacterClasses.At(text, word, out var length);
        if ((bits & CharacterClasses.Letter) != 0) return RunOf(text, word + length, CharacterClasses.Letter);
        if ((bits & CharacterClasses.Number) != 0) return RunOf(text, word + length, CharacterClasses.Number);
        if ((bits & _white) == 0)
            return RunOutside(text, word + length, (byte)(_white | CharacterClasses.Letter | CharacterClasses.Number));
        return WhiteSpaceBeforeWord(position, RunOf(text, position, _white), text.Length);
    }
}
