namespace Pursuit.Engine.Models.TextEncoders;

/// <summary>
/// A family of encoders that is computed from safetensors: BERT's arithmetic (learned positions, both directions, a layer norm of each
/// sum) under the family's names.
/// </summary>
/// <param name="ModelType">Its name in config.json's model_type.</param>
/// <param name="Members">Models people know, for the list of families.</param>
internal sealed record TextEncoderFamily(string ModelType, string Members)
{
    private const string Masked = "roberta.";

    /// <summary>The families.</summary>
    public static IReadOnlyList<TextEncoderFamily> All { get; } =
    [
        new("bert", "BERT, MiniLM, e5, bge, gte, arctic-embed") { Body = "bert." },
        new("roberta", "RoBERTa, all-distilroberta") { Body = Masked, CountsFromPadding = true },
        new("xlm-roberta", "XLM-R, multilingual e5, bge-m3") { Body = Masked, CountsFromPadding = true },
        new("camembert", "CamemBERT") { Body = Masked, CountsFromPadding = true },
        new("distilbert", "DistilBERT, multi-qa-distilbert, msmarco-distilbert")
        {
            Body = "distilbert.",
            Layers = "transformer.layer.",
            QueryKeyValue = ["attention.q_lin", "attention.k_lin", "attention.v_lin"],
            AttentionOutput = "attention.out_lin",
            AttentionNorm = "sa_layer_norm",
            MlpInput = "ffn.lin1",
            MlpOutput = "ffn.lin2",
            MlpNorm = "output_layer_norm",
            HasTypes = false,
            Keys = new() { Hidden = "dim", Intermediate = "hidden_dim", Layers = "n_layers", Heads = "n_heads", Activation = "activation" },
            EpsilonKey = null,
        },
    ];

    /// <summary>What stands before every name in files of a model that has a head, or had one.</summary>
    public required string Body { get; init; }

    /// <summary>What stands before a layer's number.</summary>
    public string Layers { get; init; } = "encoder.layer.";

    /// <summary>Queries, keys and values.</summary>
    public IReadOnlyList<string> QueryKeyValue { get; init; } = ["attention.self.query", "attention.self.key", "attention.self.value"];

    /// <summary>The attention's output.</summary>
    public string AttentionOutput { get; init; } = "attention.output.dense";

    /// <summary>The norm of the residual stream with attention's output.</summary>
    public string AttentionNorm { get; init; } = "attention.output.LayerNorm";

    /// <summary>The first matrix of the feed-forward block.</summary>
    public string MlpInput { get; init; } = "intermediate.dense";

    /// <summary>The second.</summary>
    public string MlpOutput { get; init; } = "output.dense";

    /// <summary>The norm of the residual stream with the feed-forward block's output.</summary>
    public string MlpNorm { get; init; } = "output.LayerNorm";

    /// <summary>Whether token types have embeddings; every token is of type 0.</summary>
    public bool HasTypes { get; init; } = true;

    /// <summary>
    /// Whether positions begin one past the padding token's id and padding tokens don't count, as in fairseq; false: 0, 1, 2 and so on.
    /// </summary>
    public bool CountsFromPadding { get; init; }

    /// <summary>Its keys' names in config.json.</summary>
    public ConfigKeys Keys { get; init; } = new();

    /// <summary>The key of what norms add to the variance; null: it is always 1e-12.</summary>
    public string? EpsilonKey { get; init; } = "layer_norm_eps";

    /// <summary>A family by its model_type; null where there is none of that name.</summary>
    public static TextEncoderFamily? Find(string modelType) => All.FirstOrDefault(f => f.ModelType == modelType);
}
