using System.Globalization;
using System.Text;

namespace Pursuit.Tokenization;

/// <summary>A token found in the text before the model sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Whether decoding can skip it.</param>
/// <param name="Normalized">Whether it is looked for after normalization.</param>
/// <param name="StripLeft">Whether it takes the white space before it.</param>
/// <param name="StripRight">Whether it takes the white space after it.</param>
/// <param name="SingleWord">Whether it must not touch word characters.</param>
internal sealed record AddedToken(int Id, string Content, bool Special, bool Normalized, bool StripLeft, bool StripRight, bool SingleWord);

/// <summary>A stretch of text: an added token, or what stands between two (token null).</summary>
internal readonly record struct AddedSection(int Start, int End, AddedToken? Token);

/// <summary>Finds added tokens: leftmost first, longest among those that begin at the same place.</summary>
internal sealed class AddedTokenFinder
{
    private readonly Dictionary<string, AddedToken> _byText = new(StringComparer.Ordinal);
    private readonly Dictionary<char, int[]> _lengths = [];
    private readonly System.Buffers.SearchValues<char> _firsts;

    /// <param name="tokens">The texts to look for (as they read at that stage) and their tokens; of equal texts the later counts.</param>
    public AddedTokenFinder(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach (var (text, token) in tokens)
        {
            if (text.Length > 0) _byText[text] = token;
        }

        foreach (var group in _byText.Keys.GroupBy(text => text[0]))
            _lengths[group.Key] = [.. group.Select(text => text.Length).Distinct().OrderDescending()];
        _firsts = System.Buffers.SearchValues.Create([.. _lengths.Keys]);
    }

    /// <summary>Whether there is nothing to look for.</summary>
    public bool IsEmpty => _byText.Count == 0;

    /// <summary>Cuts a text into added tokens and what stands between them; empty stretches are left out.</summary>
    public void Split(ReadOnlySpan<char> text, List<AddedSection> sections)
    {
        var done = 0;
        var position = 0;
        while (position < text.Length)
        {
            var skip = text[position..].IndexOfAny(_firsts);
            if (skip < 0) break;
            position += skip;
            if (Match(text, position) is not var (matched, token))
            {
                position++;
                continue;
            }

            var start = position;
            var end = position + matched;
            position = end;
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..]))) continue;
            if (token.StripLeft)
            {
                while (start > done && char.IsWhiteSpace(text[start - 1])) start--;
            }

            if (token.StripRight)
            {
                while (end < text.Length && char.IsWhiteSpace(text[end])) end++;
                position = end;
            }

            if (start > done) sections.Add(new AddedSection(done, start, null));
            sections.Add(new AddedSection(start, end, token));
            done = end;
        }

        if (done < text.Length) sections.Add(new AddedSection(done, text.Length, null));
    }

    private (int Length, AddedToken Token)? Match(ReadOnlySpan<char> text, int position)
    {
        var rest = text[position..];
        var lookup = _byText.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var length in _lengths[rest[0]])
        {
            if (length <= rest.Length && lookup.TryGetValue(rest[..length], out var token)) return (length, token);
        }

        return null;
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        text.Length > 0 && Rune.DecodeLastFromUtf16(text, out var rune, out _) == System.Buffers.OperationStatus.Done && IsWord(rune.Value);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        text.Length > 0 && Rune.DecodeFromUtf16(text, out var rune, out _) == System.Buffers.OperationStatus.Done && IsWord(rune.Value);

    /// <summary>The regular expression's <c>\w</c>: letters, marks, decimal digits, letter numbers, connectors.</summary>
    internal static bool IsWord(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
