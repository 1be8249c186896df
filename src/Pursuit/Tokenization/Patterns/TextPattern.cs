using System.Globalization;
using System.Text;

namespace Pursuit.Tokenization.Patterns;

/// <summary>A range of a text.</summary>
internal readonly record struct TextMatch(int Start, int End);

/// <summary>Something to look for in a text.</summary>
internal abstract class TextPattern
{
    /// <summary>Appends every match, in order, none overlapping.</summary>
    /// <param name="text">Where to look.</param>
    /// <param name="matches">Gets the matches.</param>
    /// <param name="work">What the search is charged to, where its time isn't linear in the text.</param>
    /// <exception cref="PursuitException">The search takes more steps than its text allows.</exception>
    public abstract void FindAll(string text, List<TextMatch> matches, TextWork work);
}

/// <summary>A fixed text.</summary>
internal sealed class LiteralPattern(string literal) : TextPattern
{
    private readonly LiteralSearch? _search = literal.Length > 0 ? new LiteralSearch(literal) : null;

    public override void FindAll(string text, List<TextMatch> matches, TextWork work)
    {
        if (_search is null) return;
        for (var at = _search.Next(text, 0); at >= 0; at = _search.Next(text, at + literal.Length))
            matches.Add(new TextMatch(at, at + literal.Length));
    }
}

/// <summary>A word pattern read by its own scanner.</summary>
internal sealed class ScannerPattern(WordScanner scanner) : TextPattern
{
    /// <summary>The scanner.</summary>
    public WordScanner Scanner => scanner;

    public override void FindAll(string text, List<TextMatch> matches, TextWork work)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = scanner.Next(text, start);
            matches.Add(new TextMatch(start, end));
            start = end;
        }
    }
}

/// <summary>Each character of one kind.</summary>
internal sealed class CharacterPattern(Func<Rune, bool> belongs) : TextPattern
{
    /// <summary>Punctuation as the tokenizers crate has it: ASCII's, and general category P.</summary>
    public static bool IsPunctuation(Rune rune) => rune.IsAscii
        ? char.IsPunctuation((char)rune.Value) || char.IsSymbol((char)rune.Value)
        : CharUnicodeInfo.GetUnicodeCategory(rune.Value) is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;

    /// <summary>General category N, as the tokenizers crate's Digits has it.</summary>
    public static bool IsNumeric(Rune rune) => CharUnicodeInfo.GetUnicodeCategory(rune.Value)
        is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    /// <summary>Property White_Space.</summary>
    public static bool IsWhiteSpace(Rune rune) => CharacterClasses.IsWhiteSpace(rune.Value);

    public override void FindAll(string text, List<TextMatch> matches, TextWork work)
    {
        for (var i = 0; i < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length);
            if (belongs(rune)) matches.Add(new TextMatch(i, i + length));
            i += length;
        }
    }
}

/// <summary><c>\w+|[^\w\s]+</c>: words, and runs of what is neither word nor white space.</summary>
internal sealed class WordOrSymbolPattern : TextPattern
{
    public override void FindAll(string text, List<TextMatch> matches, TextWork work)
    {
        var start = 0;
        var kind = 0;
        for (var i = 0; i < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length);
            var next = AddedTokenFinder.IsWord(rune.Value) ? 1 : CharacterClasses.IsWhiteSpace(rune.Value) ? 0 : 2;
            if (next != kind)
            {
                if (kind != 0) matches.Add(new TextMatch(start, i));
                start = i;
                kind = next;
            }

            i += length;
        }

        if (kind != 0) matches.Add(new TextMatch(start, text.Length));
    }
}
