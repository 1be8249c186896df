namespace Pursuit.Engine.Features;

/// <summary>Finds a sentence encoder by what a person names it.</summary>
public interface IEncoderLoader
{
    /// <summary>Reads what describes an encoder; its weights are read when it starts.</summary>
    /// <param name="directory">The encoder's directory.</param>
    /// <param name="options">How its vectors are made.</param>
    /// <param name="maxLength">Tokens a text is cut to; the encoder's longest where that is less.</param>
    /// <exception cref="PursuitException">A file is missing or unfit, or the encoder asks for what isn't supported.</exception>
    ISentenceEncoder Load(string directory, EncoderOptions options, int maxLength);
}

/// <summary>A sentence encoder: a model that gives a text one vector.</summary>
public interface ISentenceEncoder
{
    /// <summary>What it is.</summary>
    EncoderFacts Facts { get; }

    /// <summary>Turns a text into the encoder's tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="prefix">What goes before it, such as <c>"query: "</c>; empty for nothing.</param>
    EncoderTokens Tokenize(string text, string prefix);

    /// <summary>Reads the weights.</summary>
    /// <exception cref="PursuitException">They are missing or unfit.</exception>
    IEncoderSession Start();
}

/// <summary>An encoder with its weights in memory. Safe to use from several threads.</summary>
public interface IEncoderSession : IDisposable
{
    /// <summary>Numbers of a vector.</summary>
    int Dimension { get; }

    /// <summary>Computes a text's vector. The same tokens give the same bits, whatever else is computed.</summary>
    /// <param name="tokens">The text's tokens, at least one.</param>
    /// <param name="vector">Gets the vector as the encoder gives it, [<see cref="Dimension"/>].</param>
    /// <exception cref="PursuitException">The model fails on the text.</exception>
    void Encode(EncoderTokens tokens, Span<float> vector);
}

/// <summary>What an encoder is.</summary>
/// <param name="Name">Its file, as reports call it.</param>
/// <param name="Pooling">How its hidden states become one vector.</param>
/// <param name="MaxLength">Tokens a text is cut to, special tokens included.</param>
/// <param name="Prompts">Its named prompts.</param>
/// <param name="DefaultPrompt">The name of the one that is used where none is named; null for none.</param>
/// <param name="Parts">Fingerprints of everything its vectors depend on, by name.</param>
public sealed record EncoderFacts(
    string Name,
    string Pooling,
    int MaxLength,
    IReadOnlyDictionary<string, string> Prompts,
    string? DefaultPrompt,
    IReadOnlyDictionary<string, string> Parts);

/// <summary>A text as an encoder reads it.</summary>
/// <param name="Ids">Token ids, special tokens included.</param>
/// <param name="PooledFrom">The first token that is pooled: 0, or one past the prompt where the encoder leaves that out.</param>
/// <param name="IsCut">Whether the text was longer.</param>
public sealed record EncoderTokens(IReadOnlyList<int> Ids, int PooledFrom, bool IsCut);
