using Pursuit.Tokenization;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Training;

/// <summary>Turns documents into the tokens that training from scratch sees.</summary>
/// <param name="Tokenizer">The tokenizer.</param>
/// <param name="Frame">The special tokens around each document, as around any plain text.</param>
/// <param name="EndToken">Put behind each document whose frame doesn't end with it.</param>
internal sealed record DocumentTokenizer(Tokenizer Tokenizer, TextFrame Frame, int EndToken)
{
    /// <summary>Loads a model directory's tokenizer.</summary>
    /// <exception cref="PursuitException">It can't be read, or has no end token.</exception>
    public static DocumentTokenizer Load(string directory)
    {
        var tokenizer = Tokenizer.Load(directory);
        var config = TokenizerConfig.Load(directory);
        return config.EosToken is { } eos && tokenizer.TokenToId(eos) is { } end
            ? new DocumentTokenizer(tokenizer, new TextFrame(tokenizer, config), end)
            : throw PursuitException.At(
                directory,
                "a tokenizer without an end token",
                "eos_token in tokenizer_config.json",
                "Documents are packed with an end token between them.");
    }

    /// <summary>A document's tokens with its frame and an end token.</summary>
    public List<int> Encode(string text)
    {
        var tokens = new List<int>(text.Length / 3 + 2);
        Frame.Encode(text, tokens);
        if (tokens.Count == 0 || tokens[^1] != EndToken) tokens.Add(EndToken);
        return tokens;
    }
}
