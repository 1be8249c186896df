using Pursuit.Engine.Models;

namespace Pursuit.Engine.Training;

/// <summary>The size of a decoder of the Llama architecture that is to be trained from scratch.</summary>
public sealed record DecoderShape
{
    /// <summary>Width of the residual stream; a multiple of <see cref="Heads"/>. Default 256.</summary>
    public int Width { get; init; } = 256;

    /// <summary>Layers, at least 1. Default 6.</summary>
    public int Layers { get; init; } = 6;

    /// <summary>Query heads, at least 1. Default 8.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>Key and value heads; divides <see cref="Heads"/>. Null, the default: as many.</summary>
    public int? KeyValueHeads { get; init; }

    /// <summary>Width of the feed-forward block. Null, the default: 8/3 of the width, up to the next multiple of 32.</summary>
    public int? Mlp { get; init; }

    /// <summary>Longest sequence in tokens, at least 2. Default 512.</summary>
    public int Context { get; init; } = 512;

    /// <summary>Base of the rotary angles. Default 10,000.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Whether the head has weights of its own instead of the embedding's. Default false.</summary>
    public bool UntiedHead { get; init; }

    /// <summary>The config of this shape for a tokenizer.</summary>
    /// <param name="vocabulary">Token ids.</param>
    /// <param name="beginToken">Begins a text, or null.</param>
    /// <param name="endToken">Ends a text.</param>
    /// <exception cref="PursuitException">The sizes contradict one another.</exception>
    internal ModelConfig ToConfig(int vocabulary, int? beginToken, int endToken)
    {
        var faults = new List<string>();
        AddFaults(faults);
        if (faults.Count > 0)
            throw new PursuitException(FaultKind.Option, $"the model: {string.Join("; ", faults)}.");
        var config = new ModelConfig
        {
            VocabularySize = vocabulary,
            HiddenSize = Width,
            IntermediateSize = Mlp ?? (Width * 8 / 3 + 31) / 32 * 32,
            Layers = Layers,
            QueryHeads = Heads,
            KeyValueHeads = KeyValueHeads ?? Heads,
            HeadSize = Width / Heads,
            MaximumPositions = Context,
            RopeTheta = RopeTheta,
            TiedHead = !UntiedHead,
            BeginToken = beginToken,
            EndTokens = [endToken],
        };
        config.Validate("the model");
        return config;
    }

    internal void AddFaults(List<string> faults)
    {
        if (Heads < 1)
            faults.Add($"heads is {Heads}, at least 1 is needed");
        else if (Width < 1 || Width % Heads != 0)
            faults.Add($"width is {Width}, a positive multiple of the {Heads} heads is needed");
        if (Layers < 1)
            faults.Add($"layers is {Layers}, at least 1 is needed");
        if (KeyValueHeads is { } shared && (shared < 1 || Heads % shared != 0))
            faults.Add($"kv-heads is {shared}, a divisor of the {Heads} heads is needed");
        if (Mlp < 1)
            faults.Add($"mlp is {Mlp}, at least 1 is needed");
        if (!(RopeTheta > 0) || !double.IsFinite(RopeTheta))
            faults.Add(FormattableString.Invariant($"rope-theta is {RopeTheta}, more than 0 is needed"));
        if (Context < 2)
            faults.Add($"context is {Context}, at least 2 is needed");
    }
}
