namespace Pursuit.Tokenization.Decoding;

/// <summary>Joins WordPiece's pieces: those with the prefix to what is before them, the others behind a space.</summary>
/// <param name="prefix">The prefix, such as <c>##</c>.</param>
/// <param name="cleansUp">Whether spaces before punctuation and English contractions go.</param>
internal sealed class WordPieceDecoder(string prefix, bool cleansUp) : IDecoder
{
    private static readonly (string Spaced, string Joined)[] CleanUps =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    public List<string> Apply(List<string> tokens) =>
    [
        .. tokens.Select((token, i) =>
        {
            if (i > 0) token = token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
            return cleansUp ? CleanUps.Aggregate(token, (text, rule) => text.Replace(rule.Spaced, rule.Joined, StringComparison.Ordinal))
                : token;
        }),
    ];
}

/// <summary>Writes spaces for the suffix that ends words, and nothing for the last.</summary>
/// <param name="suffix">The suffix, such as <c>&lt;/w&gt;</c>.</param>
internal sealed class WordSuffixDecoder(string suffix) : IDecoder
{
    public List<string> Apply(List<string> tokens) =>
        [.. tokens.Select((token, i) => token.Replace(suffix, i == tokens.Count - 1 ? "" : " ", StringComparison.Ordinal))];
}
