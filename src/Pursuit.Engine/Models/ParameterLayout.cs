namespace Pursuit.Engine.Models;

/// <summary>
/// Every parameter of a model in one flat order, so that weights, gradients and moments are single buffers. Groups
/// start on 64-byte boundaries; the values between are zero and stay zero.
/// </summary>
internal sealed class ParameterLayout
{
    private const int Alignment = 16;

    private readonly List<Parameter> _all = [];
    private readonly Dictionary<string, Parameter> _byName;

    /// <summary>Lays out the parameters of a model.</summary>
    public ParameterLayout(ModelConfig config)
    {
        Embedding = Add("model.embed_tokens.weight", config.VocabularySize, config.HiddenSize);
        Layers = [.. Enumerable.Range(0, config.Layers).Select(layer => AddLayer(config, layer))];
        FinalNorm = Add("model.norm.weight", config.HiddenSize);
        var head = config.TiedHead ? Embedding : Add("lm_head.weight", config.VocabularySize, config.HiddenSize);
        Head = new LinearGroup(-1, config.HiddenSize, [new LinearPart("lm_head", 0, head, null)]);
        _byName = _all.ToDictionary(p => p.Name, StringComparer.Ordinal);
    }

    /// <summary>All parameters, in the order of their offsets.</summary>
    public IReadOnlyList<Parameter> All => _all;

    /// <summary>Values of a flat buffer, alignment gaps included.</summary>
    public long BufferLength { get; private set; }

    /// <summary>Values of a flat buffer of the vectors alone, which stay in float32 where matrices don't.</summary>
    public long VectorLength { get; private set; }

    /// <summary>Number of parameters' values, without gaps; a tied head counts once.</summary>
    public long Count => _all.Sum(p => (long)p.Length);

    /// <summary>The embedding [vocabulary, hidden].</summary>
    public Parameter Embedding { get; }

    /// <summary>The layers.</summary>
    public IReadOnlyList<LayerParameters> Layers { get; }

    /// <summary>The norm before the head.</summary>
    public Parameter FinalNorm { get; }

    /// <summary>The head; its weight is <see cref="Embedding"/> when tied.</summary>
    public LinearGroup Head { get; }

    /// <summary>The linear layers of the decoder layers, from the first layer up; not the head.</summary>
    public IEnumerable<LinearGroup> LinearGroups =>
        Layers.SelectMany(l => new[] { l.QueryKeyValue, l.AttentionOutput, l.GateUp, l.Down });

    /// <summary>A parameter by its Hugging Face name, or null.</summary>
    public Parameter? Find(string name) => _byName.GetValueOrDefault(name);

    private LayerParameters AddLayer(ModelConfig config, int layer)
    {
        var prefix = $"model.layers.{layer}.";
        var hidden = config.HiddenSize;
        return new LayerParameters(
            Add(prefix + "input_layernorm.weight", hidden),
            AddGroup(
                layer,
                hidden,
                config.Biases.HasFlag(BiasPlacement.QueryKeyValue),
                (prefix + "self_attn.q_proj", config.QuerySize),
                (prefix + "self_attn.k_proj", config.KeyValueSize),
                (prefix + "self_attn.v_proj", config.KeyValueSize)),
            config.QueryKeyNorm ? Add(prefix + "self_attn.q_norm.weight", config.HeadSize) : null,
            config.QueryKeyNorm ? Add(prefix + "self_attn.k_norm.weight", config.HeadSize) : null,
            AddGroup(layer, config.QuerySize, config.Biases.HasFlag(BiasPlacement.AttentionOutput), (prefix + "self_attn.o_proj", hidden)),
            Add(prefix + "post_attention_layernorm.weight", hidden),
            AddGroup(
                layer,
                hidden,
                config.Biases.HasFlag(BiasPlacement.Mlp),
                (prefix + "mlp.gate_proj", config.IntermediateSize),
                (prefix + "mlp.up_proj", config.IntermediateSize)),
            AddGroup(layer, config.IntermediateSize, config.Biases.HasFlag(BiasPlacement.Mlp), (prefix + "mlp.down_proj", hidden)));
    }

    private LinearGroup AddGroup(int layer, int inputs, bool bias, params ReadOnlySpan<(string Module, int Outputs)> modules)
    {
        Align();
        var weights = new List<Parameter>();
        foreach (var (module, outputs) in modules)
            weights.Add(Append(module + ".weight", outputs, inputs));
        Align();
        var parts = new List<LinearPart>();
        var firstOutput = 0;
        for (var i = 0; i < weights.Count; i++)
        {
            parts.Add(
                new LinearPart(
                    modules[i].Module, firstOutput, weights[i], bias ? Append(modules[i].Module + ".bias", modules[i].Outputs) : null));
            firstOutput += modules[i].Outputs;
        }

        Align();
        return new LinearGroup(layer, inputs, parts);
    }

    private Parameter Add(string name, params int[] shape)
    {
        Align();
        var parameter = Append(name, shape);
        Align();
        return parameter;
    }

    private Parameter Append(string name, params int[] shape)
    {
        var parameter = new Parameter(_all.Count, name, shape, BufferLength, shape.Length == 1 ? VectorLength : -1);
        _all.Add(parameter);
        BufferLength += parameter.Length;
        if (parameter.IsVector) VectorLength += parameter.Length;
        return parameter;
    }

    private void Align() => (BufferLength, VectorLength) = (Aligned(BufferLength), Aligned(VectorLength));

    private static long Aligned(long length) => (length + Alignment - 1) / Alignment * Alignment;
}
