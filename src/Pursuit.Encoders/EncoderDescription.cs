using System.Numerics.Tensors;
using Pursuit.Engine.Features;
using Pursuit.Tokenization;

namespace Pursuit.Encoders;

/// <summary>What an encoder's directory says.</summary>
internal sealed record EncoderDescription
{
    /// <summary>What results call it.</summary>
    public required string Name { get; init; }

    /// <summary>Its weights, and what computes with them.</summary>
    public required IEncoderModel Model { get; init; }

    /// <summary>Its tokenizer.</summary>
    public required Tokenizer Tokenizer { get; init; }

    /// <summary>How hidden states become one vector; Auto where the model's file does it.</summary>
    public required EncoderPool Pool { get; init; }

    /// <summary>Whether a length of 1 is part of the encoder.</summary>
    public bool Normalizes { get; init; }

    /// <summary>Whether the prompt's tokens are pooled.</summary>
    public bool PoolsPrompt { get; init; } = true;

    /// <summary>Whether texts are put in lower case before they are tokenized.</summary>
    public bool LowersCase { get; init; }

    /// <summary>Tokens of a text at most, special tokens included.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Named prompts.</summary>
    public IReadOnlyDictionary<string, string> Prompts { get; init; } = new Dictionary<string, string>();

    /// <summary>The prompt that is used where none is named.</summary>
    public string? DefaultPrompt { get; init; }

    /// <summary>What is done to a vector once it is pooled.</summary>
    public void Finish(Span<float> vector)
    {
        if (!Normalizes) return;
        var norm = TensorPrimitives.Norm<float>(vector);
        if (norm > 0) TensorPrimitives.Divide(vector, norm, vector);
    }
}
