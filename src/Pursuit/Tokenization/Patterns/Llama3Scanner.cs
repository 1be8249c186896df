namespace Pursuit.Tokenization.Patterns;

/// <summary>The word pattern of Llama 3 (numbers in threes) and of Qwen2, 2.5 and 3 (digits alone).</summary>
internal sealed class Llama3Scanner : WordScanner
{
    /// <summary>Llama 3's pattern, as its tokenizer.json has it.</summary>
    public const string Llama3Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Qwen2's pattern, as its tokenizer.json has it.</summary>
    public const string Qwen2Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Llama 3.</summary>
    public static readonly Llama3Scanner ThreeDigits = new(3);

    /// <summary>Qwen2 and after.</summary>
    public static readonly Llama3Scanner OneDigit = new(1);

    private const byte Other = CharacterClasses.Letter | CharacterClasses.Number | CharacterClasses.WhiteSpace;

    private readonly int _digits;

    private Llama3Scanner(int digits) => _digits = digits;

    /// <inheritdoc/>
    public override int Next(ReadOnlySpan<char> text, int position)
    {
        var c = text[position];
        if (c == '\'')
        {
            var end = Contraction(text, position, ignoreCase: true);
            if (end >= 0) return end;
        }

        var bits = CharacterClasses.At(text, position, out var length);
        var after = position + length;
        if ((bits & CharacterClasses.Letter) != 0) return RunOf(text, after, CharacterClasses.Letter);
        if ((bits & CharacterClasses.Number) != 0) return Digits(text, after);
        byte next = 0;
        var nextLength = 0;
        if (after < text.Length) next = CharacterClasses.At(text, after, out nextLength);
        if ((bits & CharacterClasses.NewLine) == 0 && (next & CharacterClasses.Letter) != 0)
            return RunOf(text, after + nextLength, CharacterClasses.Letter);
        if ((bits & CharacterClasses.WhiteSpace) == 0) return Symbols(text, after);
        if (c == ' ' && nextLength > 0 && (next & Other) == 0) return Symbols(text, after + nextLength);
        return White(text, position);
    }

    private int Digits(ReadOnlySpan<char> text, int position)
    {
        for (var taken = 1; taken < _digits && position < text.Length; taken++)
        {
            if ((CharacterClasses.At(text, position, out var length) & CharacterClasses.Number) == 0) break;
            position += length;
        }

        return position;
    }

    private static int Symbols(ReadOnlySpan<char> text, int position) =>
        RunOf(text, RunOutside(text, position, Other), CharacterClasses.NewLine);

    private static int White(ReadOnlySpan<char> text, int position)
    {
        var end = RunOf(text, position, CharacterClasses.WhiteSpace);
        var lineEnd = text[position..end].LastIndexOfAny('\r', '\n');
        return lineEnd >= 0 ? position + lineEnd + 1 : WhiteSpaceBeforeWord(position, end, text.Length);
    }
}
