using System.ComponentModel;
using System.Globalization;
using Pursuit.Engine.Models;
using Pursuit.Runs;
using Pursuit.Selection.Methods;

namespace Pursuit.Engine.Features;

/// <summary>How the hidden states of an example's tokens become one embedding.</summary>
public enum EmbeddingPool
{
    /// <summary>Their mean with weights 1, 2, ..., n (RDS+; Muennighoff 2022): with causal attention later tokens know more.</summary>
    Weighted,

    /// <summary>Their plain mean.</summary>
    Mean,

    /// <summary>The last one's.</summary>
    Last,
}

/// <summary>Which of an example's tokens are pooled; all of them go through the model either way.</summary>
public enum EmbeddingTokens
{
    /// <summary>Every token of the example as its template prints it, as RDS+ has it.</summary>
    All,

    /// <summary>The tokens loss is taken on: answers with their ends; of a text, all but the first.</summary>
    Answer,
}

/// <summary>How long an embedding is.</summary>
public enum EmbeddingNorm
{
    /// <summary>1: Euclidean distance then orders as the cosine does.</summary>
    Unit,

    /// <summary>As the model gives it.</summary>
    Raw,
}

/// <summary>The type an embedding's numbers are stored in.</summary>
public enum EmbeddingPrecision
{
    /// <summary>bf16: 8 significant bits, half the bytes.</summary>
    Bf16,

    /// <summary>Single precision.</summary>
    F32,
}

/// <summary>How embeddings are made (docs/features.md). Set on the command line as <c>--set embedding.option=value</c>.</summary>
public sealed record EmbeddingOptions : IFeatureOptions
{
    /// <inheritdoc/>
    public static string Name => MethodOptions.EmbeddingOwner;

    /// <inheritdoc/>
    public static string RecipeName => "embedding-recipe.json";

    /// <summary>How hidden states become one vector. Default: weighted.</summary>
    [Description(
        "how the tokens' hidden states become one vector: weighted (mean with weights 1, 2, ..., n; RDS+), mean, or last (the last "
        + "token's)")]
    public EmbeddingPool Pool { get; init; } = EmbeddingPool.Weighted;

    /// <summary>
    /// Behind which layer, counted as Hugging Face counts <c>hidden_states</c>: 0 the token embeddings, l the residual stream behind
    /// layer l, and the last behind the final norm; negative ones from the end. Default -1, the last.
    /// </summary>
    [Description(
        "behind which layer: 0 the token embeddings, l the residual stream behind layer l, the last one behind the final norm; -1 is "
        + "the last, -2 the one before, and so on")]
    public int Layer { get; init; } = -1;

    /// <summary>Which tokens are pooled. Default: all.</summary>
    [Description("which tokens are pooled: all (of the example as its template prints it) or answer (those loss is taken on)")]
    public EmbeddingTokens Tokens { get; init; } = EmbeddingTokens.All;

    /// <summary>How long an embedding is. Default: unit.</summary>
    [Description("how long an embedding is: unit (1) or raw (as the model gives it)")]
    public EmbeddingNorm Norm { get; init; } = EmbeddingNorm.Unit;

    /// <summary>What its numbers are stored in. Default: bf16.</summary>
    [Description("what the numbers are stored in: bf16 or f32 (twice the bytes)")]
    public EmbeddingPrecision Precision { get; init; } = EmbeddingPrecision.Bf16;

    /// <summary>Tokens of a micro-batch; changes no embedding. Default 1,024; at least 1.</summary>
    [Description("tokens of a micro-batch; changes no result, at least 1")]
    public int MicroBatch { get; init; } = 1024;

    /// <inheritdoc/>
    public void Validate()
    {
        var faults = new List<string>();
        void Check(bool good, string option, object found, string expected)
        {
            if (!good) faults.Add($"{Name}.{option}: {Convert.ToString(found, CultureInfo.InvariantCulture)}; expected {expected}");
        }

        Check(Enum.IsDefined(Pool), "pool", Pool, "weighted, mean or last");
        Check(Enum.IsDefined(Tokens), "tokens", Tokens, "all or answer");
        Check(Enum.IsDefined(Norm), "norm", Norm, "unit or raw");
        Check(Enum.IsDefined(Precision), "precision", Precision, "bf16 or f32");
        Check(MicroBatch >= 1, "micro-batch", MicroBatch, "at least 1");
        if (faults.Count > 0) throw new PursuitException(FaultKind.Option, string.Join(". ", faults) + ".");
    }

    /// <summary>The layer counted from the embeddings, 0 to the model's layers.</summary>
    /// <exception cref="PursuitException">The model has no such layer.</exception>
    internal int LayerOf(ModelConfig config, string model) =>
        Layer >= -config.Layers - 1 && Layer <= config.Layers
            ? Layer < 0 ? config.Layers + 1 + Layer : Layer
            : throw PursuitException.At(
                $"{Name}.layer",
                $"{Layer}",
                $"0 to {config.Layers}, or -1 to {-config.Layers - 1} from the end, for the {config.Layers} layers of {model}");

    /// <summary>Everything of the options that embeddings depend on.</summary>
    internal Fingerprint AddTo(Fingerprint fingerprint, int layer) => fingerprint
        .Add("pool of tokens", Pool.ToString())
        .Add("layer", layer)
        .Add("tokens", Tokens.ToString())
        .Add("norm", Norm.ToString())
        .Add("precision", Precision.ToString());
}
