namespace Pursuit.Engine.Models;

/// <summary>
/// What a family calls its tensors. Module names are relative to a layer, the others to <see cref="Body"/>; a norm without a name is one
/// that the family has not.
/// </summary>
internal sealed record ModuleNames
{
    /// <summary>What stands before every name but the head's; files of a model without a head may lack it.</summary>
    public string Body { get; init; } = "model.";

    /// <summary>The embedding.</summary>
    public string Embedding { get; init; } = "embed_tokens";

    /// <summary>Learned positions; null: none.</summary>
    public string? Positions { get; init; }

    /// <summary>What stands before a layer's number.</summary>
    public string Layers { get; init; } = "layers.";

    /// <summary>The norm before attention.</summary>
    public string? AttentionNorm { get; init; } = "input_layernorm";

    /// <summary>Queries, keys and values, or the one module of all three.</summary>
    public IReadOnlyList<string> QueryKeyValue { get; init; } = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];

    /// <summary>The norm of queries.</summary>
    public string QueryNorm { get; init; } = "self_attn.q_norm";

    /// <summary>The norm of keys.</summary>
    public string KeyNorm { get; init; } = "self_attn.k_norm";

    /// <summary>The attention's output.</summary>
    public string AttentionOutput { get; init; } = "self_attn.o_proj";

    /// <summary>The norm of the attention's output.</summary>
    public string? AttentionOutputNorm { get; init; }

    /// <summary>The norm before the feed-forward block.</summary>
    public string? MlpNorm { get; init; } = "post_attention_layernorm";

    /// <summary>Gate and up, the one module of both, or the one matrix of a block without a gate.</summary>
    public IReadOnlyList<string> MlpInput { get; init; } = ["mlp.gate_proj", "mlp.up_proj"];

    /// <summary>Down.</summary>
    public string MlpOutput { get; init; } = "mlp.down_proj";

    /// <summary>The norm of the feed-forward block's output.</summary>
    public string? MlpOutputNorm { get; init; }

    /// <summary>The norm before the head.</summary>
    public string FinalNorm { get; init; } = "norm";

    /// <summary>The head, without <see cref="Body"/>.</summary>
    public string Head { get; init; } = "lm_head";

    /// <summary>What a layer's module is called in full.</summary>
    public string Module(int layer, string module) => $"{Body}{Layers}{layer}.{module}";

    /// <summary>The last parts of the linear modules' names, by which adapters name them.</summary>
    public IEnumerable<string> LinearModules =>
        QueryKeyValue.Append(AttentionOutput).Concat(MlpInput).Append(MlpOutput).Select(Last).Distinct();

    /// <summary>Those of them that belong to attention, with more of the name where its last part is another's too.</summary>
    public IReadOnlyList<string> AttentionModules =>
        [.. QueryKeyValue.Append(AttentionOutput).Select(m => MlpInput.Append(MlpOutput).Any(o => Last(o) == Last(m)) ? m : Last(m))];

    /// <summary>The last part of a module's name.</summary>
    public static string Last(string module) => module[(module.LastIndexOf('.') + 1)..];
}
