namespace Pursuit.Engine.Models;

/// <summary>How a family spells the keys of config.json that every family has.</summary>
internal sealed record ConfigKeys
{
    /// <summary>Width of the residual stream.</summary>
    public string Hidden { get; init; } = "hidden_size";

    /// <summary>Width inside the feed-forward block.</summary>
    public string Intermediate { get; init; } = "intermediate_size";

    /// <summary>Number of layers.</summary>
    public string Layers { get; init; } = "num_hidden_layers";

    /// <summary>Number of query heads.</summary>
    public string Heads { get; init; } = "num_attention_heads";

    /// <summary>Number of key and value heads.</summary>
    public string KeyValueHeads { get; init; } = "num_key_value_heads";

    /// <summary>Values per head; null: there is no key, it is the width over the heads.</summary>
    public string? HeadSize { get; init; } = "head_dim";

    /// <summary>Longest sequence.</summary>
    public string Positions { get; init; } = "max_position_embeddings";

    /// <summary>Added to the mean square in norms.</summary>
    public string Epsilon { get; init; } = "rms_norm_eps";

    /// <summary>The feed-forward block's function.</summary>
    public string Activation { get; init; } = "hidden_act";

    /// <summary>Base of the rotary angles.</summary>
    public string RopeTheta { get; init; } = "rope_theta";

    /// <summary>Share of a head's values that is rotated.</summary>
    public string RotaryShare { get; init; } = "partial_rotary_factor";
}
