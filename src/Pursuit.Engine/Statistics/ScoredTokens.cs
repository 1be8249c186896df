using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Tokenization;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Statistics;

/// <summary>An example as a model scores it: a first token that only stands before the rest, then the tokens with statistics.</summary>
/// <param name="Ids">[1 + tokens]; empty where there is nothing to score.</param>
/// <param name="Trained">[1 + tokens]; true where training would take loss. Never at 0.</param>
/// <param name="HasQuestion">True where something that isn't trained stands before the answers.</param>
internal sealed record ScoredTokens(int[] Ids, bool[] Trained, bool HasQuestion)
{
    /// <summary>Nothing to score.</summary>
    public static ScoredTokens None { get; } = new([], [], false);

    /// <summary>Tokens with statistics.</summary>
    public int Count => Math.Max(0, Ids.Length - 1);
}

/// <summary>
/// Turns examples into <see cref="ScoredTokens"/>. A text's tokens stand behind the token that begins a text, else the one that
/// ends it, so that its first word is scored as well; the end token itself is no word of it. A conversation is printed by the
/// chat template, its first token the one before the rest.
/// </summary>
internal sealed class ScoringEncoder
{
    private readonly ExampleEncoder _encoder;
    private readonly bool _asText;
    private readonly int? _begin;
    private readonly int? _end;

    /// <summary>Creates the encoder.</summary>
    /// <param name="encoder">The model's encoder.</param>
    /// <param name="config">The model's special tokens.</param>
    /// <param name="asText">True prints conversations as plain text, for a probe that knows no template.</param>
    public ScoringEncoder(ExampleEncoder encoder, TokenizerConfig config, bool asText)
    {
        (_encoder, _asText) = (encoder, asText);
        _begin = Id(config.BosToken);
        _end = Id(config.EosToken);
    }

    /// <summary>Everything the tokens depend on besides the example.</summary>
    public string Fingerprint =>
        new Fingerprint("scoring/1").Add("encoder", ModelEncoder.Fingerprint(_encoder).Hash).Add("as-text", _asText.ToString()).Hash;

    /// <summary>Encodes an example; the template may refuse a conversation, and then nothing of it is scored.</summary>
    public ScoredTokens Encode(Example example)
    {
        if (!example.IsText && !_asText) return EncodeConversation(example);
        var encoded = _encoder.TryEncode(example.IsText ? example : example with { Text = ExampleText.Of(example), Turns = [] }, out _);
        if (encoded is null) return ScoredTokens.None;
        var ids = encoded.Ids.AsSpan();
        if (!encoded.Truncation.IsCut && _end is { } end && ids.Length > 0 && ids[^1] == end) ids = ids[..^1];
        if (ids.Length > 0 && (ids[0] == _begin)) ids = ids[1..];
        if (ids.Length == 0) return ScoredTokens.None;
        int[] all = (_begin ?? _end) is { } start ? [start, .. ids] : ids.ToArray();
        var trained = new bool[all.Length];
        trained.AsSpan(1).Fill(true);
        return new ScoredTokens(all, trained, HasQuestion: false);
    }

    private ScoredTokens EncodeConversation(Example example)
    {
        if (_encoder.TryEncode(example, out _) is not { } encoded) return ScoredTokens.None;
        var first = Array.IndexOf(encoded.Trained, true);
        return new ScoredTokens(encoded.Ids, encoded.Trained, HasQuestion: first > 0);
    }

    private int? Id(string? token) => token is null ? null : _encoder.Tokenizer.TokenToId(token);
}
