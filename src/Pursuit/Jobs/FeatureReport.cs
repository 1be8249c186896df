using System.Text.Json.Serialization;
using Pursuit.Selection;

namespace Pursuit.Jobs;

/// <summary>How features were made, for summaries and reports.</summary>
public abstract record FeatureReport
{
    /// <summary>Numbers per example and checkpoint.</summary>
    public required int Dimension { get; init; }

    /// <summary>Tokens that went through the model; of gradients forward and backward, warm-up included.</summary>
    public required long Tokens { get; init; }

    /// <summary>Seconds of computing, over all processes that did a part.</summary>
    public required double Seconds { get; init; }

    /// <summary>Bytes of the store.</summary>
    public required long Bytes { get; init; }

    /// <summary>Rows that are zero because nothing of the example could be described.</summary>
    [JsonIgnore]
    public abstract int ZeroRows { get; }
}

/// <summary>How gradient features were made.</summary>
public sealed record GradientReport : FeatureReport
{
    /// <summary>Which gradients: factored, full or lora.</summary>
    public required string Kind { get; init; }

    /// <summary>none, symmetric, adam or kronecker.</summary>
    public required string Preconditioning { get; init; }

    /// <summary>The checkpoints in order.</summary>
    public required IReadOnlyList<CheckpointReport> Checkpoints { get; init; }

    /// <summary>The warm-up's highest learning rate; null without a warm-up.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The pool rows the warm-up trained on.</summary>
    public IReadOnlyList<int> WarmupRows { get; init; } = [];

    /// <summary>The share of a selection that the warm-up had trained on; null without a warm-up.</summary>
    internal double? WarmupShareOf(SelectionResult selection)
    {
        if (WarmupRows.Count == 0) return null;
        var warmed = WarmupRows.ToHashSet();
        return (double)selection.Rows.Count(r => warmed.Contains(r.Position)) / Math.Max(1, selection.Rows.Count);
    }

    /// <summary>Tokens examples were cut to; null in reports of versions that didn't say.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Examples that were cut, of those with an answer to learn; null in reports of versions that didn't count them.</summary>
    public int? Cut { get; init; }

    /// <summary>Rows without an answer to learn, whose gradient is zero.</summary>
    public required int WithoutAnswer { get; init; }

    /// <summary>Rows of those whose conversation the model's chat template refuses.</summary>
    public int Refused { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override int ZeroRows => WithoutAnswer;
}

/// <summary>One checkpoint of a trajectory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="MeanLearningRate">Its mean learning rate.</param>
/// <param name="MeanLoss">The examples' mean loss at it, in nats per answer token; null where the store doesn't say.</param>
/// <param name="CosineToPrevious">Mean cosine between examples' features here and at the checkpoint before; null for the first.</param>
/// <param name="EpsilonShare">Share of the coordinates where eps decides the preconditioning; null without one.</param>
public sealed record CheckpointReport(
    string Name, double MeanLearningRate, double? MeanLoss, double? CosineToPrevious, double? EpsilonShare);

/// <summary>How embeddings, or a sentence encoder's vectors, were made.</summary>
public sealed record EmbeddingReport : FeatureReport
{
    /// <summary>The sentence encoder's file; null for embeddings from a probe model.</summary>
    public string? Encoder { get; init; }

    /// <summary>
    /// How hidden states became one vector: weighted, mean or last; of an encoder also cls, max or sqrt-mean, and model where its
    /// file pools.
    /// </summary>
    public required string Pool { get; init; }

    /// <summary>
    /// The layer they are taken behind: 0 the token embeddings, <see cref="Layers"/> the last, behind the final norm; 0 for an encoder.
    /// </summary>
    public required int Layer { get; init; }

    /// <summary>The model's layers; 0 for an encoder.</summary>
    public required int Layers { get; init; }

    /// <summary>Which tokens were pooled: all or answer; of an encoder, what it read of the example: all, prompt or answer.</summary>
    public required string PooledTokens { get; init; }

    /// <summary>unit or raw.</summary>
    public required string Norm { get; init; }

    /// <summary>Tokens examples were cut to.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Examples that were cut.</summary>
    public required int Cut { get; init; }

    /// <summary>Rows without a token to pool, whose embedding is zero.</summary>
    public required int WithoutTokens { get; init; }

    /// <summary>Rows of those whose conversation the model's chat template refuses.</summary>
    public int Refused { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override int ZeroRows => WithoutTokens;
}
