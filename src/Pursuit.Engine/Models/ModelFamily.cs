namespace Pursuit.Engine.Models;

/// <summary>What a family's modelling code makes of a key of config.json.</summary>
internal enum ConfigKey
{
    /// <summary>It reads it.</summary>
    Read,

    /// <summary>It doesn't know it: whatever the file says changes nothing.</summary>
    Ignored,

    /// <summary>It doesn't know it, and a file that asks for it asks for something else than the family.</summary>
    Refused,
}

/// <summary>Which layers of a family have a sliding window.</summary>
internal enum WindowRule
{
    /// <summary>None.</summary>
    Never,

    /// <summary>Every layer, unless sliding_window is null.</summary>
    Always,

    /// <summary>Those from max_window_layers on, where use_sliding_window says so.</summary>
    Asked,
}

/// <summary>
/// A family of models this decoder computes: what its modelling code has that config.json doesn't say, and which keys it reads.
/// </summary>
/// <param name="ModelType">Its name in config.json's model_type.</param>
/// <param name="ClassName">What its classes' names begin with.</param>
internal sealed record ModelFamily(string ModelType, string ClassName)
{
    /// <summary>The families, by which every config is read and written.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        new("llama", "Llama") { AttentionBias = ConfigKey.Read, MlpBias = ConfigKey.Read, MayLackKeyValueHeads = true },
        new("mistral", "Mistral") { AttentionBias = ConfigKey.Refused, Windows = WindowRule.Always },
        new("qwen2", "Qwen2") { FixedBiases = BiasPlacement.QueryKeyValue, Windows = WindowRule.Asked },
        new("qwen3", "Qwen3") { AttentionBias = ConfigKey.Read, QueryKeyNorm = true, UsualHeadSize = 128, Windows = WindowRule.Asked },
    ];

    /// <summary>The class of its causal language model, in config.json's architectures.</summary>
    public string Architecture => ClassName + "ForCausalLM";

    /// <summary>The class of the model without a head.</summary>
    public string Body => ClassName + "Model";

    /// <summary>The key attention_bias: biases of queries, keys, values and the attention's output.</summary>
    public ConfigKey AttentionBias { get; init; } = ConfigKey.Ignored;

    /// <summary>The key mlp_bias.</summary>
    public ConfigKey MlpBias { get; init; } = ConfigKey.Refused;

    /// <summary>Biases that every model of the family has.</summary>
    public BiasPlacement FixedBiases { get; init; }

    /// <summary>Whether queries and keys are normalised per head before rotation.</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Values per head where head_dim is missing; null: the width over the heads.</summary>
    public int? UsualHeadSize { get; init; }

    /// <summary>Whether num_key_value_heads may be missing and then is the number of heads.</summary>
    public bool MayLackKeyValueHeads { get; init; }

    /// <summary>Its sliding windows.</summary>
    public WindowRule Windows { get; init; } = WindowRule.Never;

    /// <summary>A family by its model_type; null where this decoder has none of that name.</summary>
    public static ModelFamily? Find(string modelType) => All.FirstOrDefault(f => f.ModelType == modelType);
}
