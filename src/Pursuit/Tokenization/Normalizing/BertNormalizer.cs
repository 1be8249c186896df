using System.Globalization;
using System.Text;

namespace Pursuit.Tokenization.Normalizing;

/// <summary>BERT's normalization: control characters go, Chinese characters stand alone, accents and capitals go where asked.</summary>
/// <param name="cleans">Whether control characters are removed, and white space becomes spaces.</param>
/// <param name="separatesChinese">Whether each Chinese character gets a space before and behind it.</param>
/// <param name="stripsAccents">Whether nonspacing marks are removed, of the decomposed text.</param>
/// <param name="lowers">Whether the text is put in lower case.</param>
internal sealed class BertNormalizer(bool cleans, bool separatesChinese, bool stripsAccents, bool lowers) : INormalizer
{
    private const int Replacement = 0xFFFD;
    private static readonly UnicodeNormalizer Decomposition = new(NormalizationForm.FormD);
    private static readonly LowercaseNormalizer Lowercase = new();

    // As the tokenizers crate has them, its beginning of extension E included.
    private static readonly (int First, int Last)[] Chinese =
    [
        (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B81F), (0x2B920, 0x2CEAF),
        (0x2F800, 0x2FA1F),
    ];

    public MappedText Apply(MappedText text)
    {
        if (cleans) text = Step(text, Clean);
        if (separatesChinese) text = Step(text, Separate);
        if (stripsAccents)
        {
            text.Work.Touch(text.Value.Length);
            text = Step(Decomposition.Apply(text), StripMark);
        }

        text.Work.Touch(text.Value.Length);
        return lowers ? Lowercase.Apply(text) : text;
    }

    // Null keeps the character.
    private static string? Clean(Rune rune)
    {
        if (rune.Value is '\t' or '\n' or '\r') return " ";
        if (rune.Value is 0 or Replacement) return "";
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse => "",
            _ => rune.Value != ' ' && Rune.IsWhiteSpace(rune) ? " " : null,
        };
    }

    private static string? Separate(Rune rune)
    {
        if (rune.Value < Chinese[0].First) return null;
        foreach (var (first, last) in Chinese)
        {
            if (rune.Value >= first && rune.Value <= last) return $" {rune} ";
        }

        return null;
    }

    private static string? StripMark(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark ? "" : null;

    private static MappedText Step(MappedText text, Func<Rune, string?> change) => CharacterChanges.Apply(text, change);
}
