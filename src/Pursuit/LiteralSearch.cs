namespace Pursuit;

/// <summary>
/// Finds a fixed text in time linear in what is searched, whatever the two texts are: a long one is found by Knuth, Morris
/// and Pratt's algorithm (1977), since the runtime's search compares a hostile one at every place.
/// </summary>
internal sealed class LiteralSearch
{
    private const int Short = 16;
    private readonly string _literal;
    private readonly string _beginning;
    private readonly int[]? _borders;
    private int[]? _reversedBorders;

    /// <summary>Prepares a search, in time linear in the literal.</summary>
    /// <param name="literal">What to look for; not empty.</param>
    public LiteralSearch(string literal)
    {
        _literal = literal;
        _beginning = literal.Length <= Short ? literal : literal[..Short];
        if (literal.Length > Short) _borders = Borders(literal);
    }

    /// <summary>Where the literal first begins at or behind <paramref name="from"/>, or -1.</summary>
    public int Next(string text, int from)
    {
        if (_borders is null) return text.IndexOf(_literal, from, StringComparison.Ordinal);
        while (true)
        {
            // Nothing of the literal stands before here, so the runtime's search skips to where it can begin.
            var at = text.IndexOf(_beginning, from, StringComparison.Ordinal);
            if (at < 0) return -1;
            var matched = Short;
            for (from = at + Short; matched > 0; from++)
            {
                if (matched == _literal.Length) return from - matched;
                if (from == text.Length) return -1;
                while (matched > 0 && _literal[matched] != text[from]) matched = _borders[matched];
                if (_literal[matched] == text[from]) matched++;
            }
        }
    }

    /// <summary>Where the literal last begins such that it ends at or before <paramref name="end"/>, or -1.</summary>
    public int Last(string text, int end)
    {
        if (_borders is null) return text.AsSpan(0, end).LastIndexOf(_literal, StringComparison.Ordinal);
        // Right to left: the reversed text's first occurrence of the reversed literal.
        _reversedBorders ??= Borders(new string([.. _literal.Reverse()]));
        var matched = 0;
        for (var at = end - 1; at >= 0; at--)
        {
            while (matched > 0 && _literal[^(matched + 1)] != text[at]) matched = _reversedBorders[matched];
            if (_literal[^(matched + 1)] == text[at]) matched++;
            if (matched == _literal.Length) return at;
        }

        return -1;
    }

    // For each length of a beginning, the longest shorter beginning that it ends with.
    private static int[] Borders(string literal)
    {
        var borders = new int[literal.Length + 1];
        for (var (at, matched) = (1, 0); at < literal.Length; at++)
        {
            while (matched > 0 && literal[matched] != literal[at]) matched = borders[matched];
            if (literal[matched] == literal[at]) matched++;
            borders[at + 1] = matched;
        }

        return borders;
    }
}
