namespace Pursuit.Tokenization;

/// <summary>What a file's WordPiece model says beside its vocabulary.</summary>
/// <param name="UnknownId">Id of a word that can't be spelled.</param>
/// <param name="Prefix">What a piece that continues a word begins with, such as <c>##</c>.</param>
/// <param name="LongestWord">Code points of a word at most; a longer one is unknown.</param>
internal sealed record WordPieceSettings(int UnknownId, string Prefix, int LongestWord);

/// <summary>
/// BERT's WordPiece: from the left, the longest piece the vocabulary has; a word with a rest that no piece begins is unknown as a whole.
/// </summary>
internal sealed class WordPieceModel : IWordModel
{
    private readonly Dictionary<string, int> _first;
    private readonly Dictionary<string, int> _later = new(StringComparer.Ordinal);
    private readonly WordPieceSettings _settings;
    private readonly int _longest;

    public WordPieceModel(Dictionary<string, int> vocabulary, WordPieceSettings settings)
    {
        _first = vocabulary;
        _settings = settings;
        foreach (var (token, id) in vocabulary)
        {
            if (token.StartsWith(settings.Prefix, StringComparison.Ordinal)) _later[token[settings.Prefix.Length..]] = id;
        }

        _longest = vocabulary.Count == 0 ? 0 : vocabulary.Keys.Max(token => token.Length);
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> word, SymbolBuffer symbols)
    {
        symbols.Clear();
        if (word.Length > _settings.LongestWord && CodePoints(word) > _settings.LongestWord)
        {
            symbols.Add(_settings.UnknownId, 0, word.Length);
            return;
        }

        for (var start = 0; start < word.Length;)
        {
            var length = LongestPiece(word[start..], start == 0 ? _first : _later, out var id);
            if (length == 0)
            {
                symbols.Clear();
                symbols.Add(_settings.UnknownId, 0, word.Length);
                return;
            }

            symbols.Add(id, start, start + length);
            start += length;
        }
    }

    private int LongestPiece(ReadOnlySpan<char> rest, Dictionary<string, int> pieces, out int id)
    {
        var lookup = pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var length = Math.Min(rest.Length, _longest); length > 0; length--)
        {
            if (lookup.TryGetValue(rest[..length], out id)) return length;
        }

        id = -1;
        return 0;
    }

    private static int CodePoints(ReadOnlySpan<char> word)
    {
        var count = 0;
        foreach (var _ in word.EnumerateRunes()) count++;
        return count;
    }
}
