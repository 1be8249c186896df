namespace Pursuit.Tokenization.ExampleEncoding;

/// <summary>
/// Encodes plain texts with the special tokens transformers puts around them: those of the tokenizer's class where it sets
/// them by <c>add_bos_token</c> and <c>add_eos_token</c>, else those of <c>tokenizer.json</c>.
/// </summary>
/// <remarks>Immutable and safe to share between threads.</remarks>
internal sealed class TextFrame
{
    private readonly Tokenizer _tokenizer;
    private readonly int[] _before;
    private readonly int[] _after;

    /// <summary>Learns what goes around a text.</summary>
    public TextFrame(Tokenizer tokenizer, TokenizerConfig config)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(config);
        _tokenizer = tokenizer;
        (_before, _after) = config.ClassFrame is { } frame
            ? (Token(frame.Begin, config.BosToken), Token(frame.End, config.EosToken))
            : tokenizer.Frame;
    }

    /// <summary>Encodes a text with its frame.</summary>
    /// <param name="text">The text.</param>
    /// <param name="ids">Gets the token ids.</param>
    /// <returns>Where the text's own tokens begin and end among the ids.</returns>
    public (int Start, int End) Encode(string text, List<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ids.AddRange(_before);
        var start = ids.Count;
        _tokenizer.Encode(text, addSpecialTokens: false, ids, null);
        var end = ids.Count;
        ids.AddRange(_after);
        return (start, end);
    }

    /// <summary>The ids before and after a text.</summary>
    public override string ToString() => $"{string.Join(',', _before)}|{string.Join(',', _after)}";

    private int[] Token(bool wanted, string? token) => wanted && token is not null && _tokenizer.TokenToId(token) is { } id ? [id] : [];
}
