namespace Pursuit.Engine.Models;

/// <summary>
/// Every parameter of a model in one flat order, so that weights, gradients and moments are single buffers. Groups
/// start on 64-byte boundaries; the values between are zero and stay zero.
/// </summary>
internal sealed class ParameterLayout
{
    private const int Alignment = 16;

    private readonly List<Parameter> _all = [];
    private readonly List<ValueRange> _layerPlaces = [];
    private readonly ModelFamily _family;
    private readonly ModuleNames _names;
    private readonly Dictionary<string, Parameter> _byName;

    /// <summary>Lays out the parameters of a model.</summary>
    public ParameterLayout(ModelConfig config)
    {
        (_family, _names) = (config.Family, config.Family.Names);
        Embedding = Add($"{_names.Body}{_names.Embedding}.weight", config.VocabularySize, config.HiddenSize);
        if (_names.Positions is { } positions)
            Positions = Add($"{_names.Body}{positions}.weight", config.MaximumPositions, config.HiddenSize);
        Layers = [.. Enumerable.Range(0, config.Layers).Select(layer => Placed(() => AddLayer(config, layer)))];
        FinalNorm = AddNorm(_names.Body + _names.FinalNorm, config.HiddenSize);
        var head = config.TiedHead ? Embedding : Add(_names.Head + ".weight", config.VocabularySize, config.HiddenSize);
        Head = new LinearGroup(-1, config.HiddenSize, [new LinearPart(_names.Head, 0, head, null)]);
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

    /// <summary>The learned positions [positions, hidden], or null.</summary>
    public Parameter? Positions { get; }

    /// <summary>The layers.</summary>
    public IReadOnlyList<LayerParameters> Layers { get; }

    /// <summary>Where each layer's parameters lie in a flat buffer, one layer right behind another.</summary>
    public IReadOnlyList<ValueRange> LayerPlaces => _layerPlaces;

    /// <summary>The norm before the head.</summary>
    public NormParameters FinalNorm { get; }

    /// <summary>The head; its weight is <see cref="Embedding"/> when tied.</summary>
    public LinearGroup Head { get; }

    /// <summary>The linear layers of the decoder layers, from the first layer up; not the head.</summary>
    public IEnumerable<LinearGroup> LinearGroups =>
        Layers.SelectMany(l => l.LinearGroups);

    /// <summary>A parameter by its Hugging Face name, or null.</summary>
    public Parameter? Find(string name) => _byName.GetValueOrDefault(name);

    private LayerParameters Placed(Func<LayerParameters> add)
    {
        Align();
        var first = BufferLength;
        var layer = add();
        Align();
        _layerPlaces.Add(new(first, BufferLength));
        return layer;
    }

    private LayerParameters AddLayer(ModelConfig config, int layer)
    {
        var hidden = config.HiddenSize;
        var fused = new FileOrder(_family.TransposedWeights, _family.QueryKeyValue == FusedLayout.ByHead ? config.KeyValueHeads : 0)
        {
            Queries = config.QueryHeads / config.KeyValueHeads,
        };
        var first = Norm(config.SharesNorm ? _family.SharedNorm : _names.AttentionNorm);
        return new LayerParameters(
            first,
            Group(_names.QueryKeyValue, BiasPlacement.QueryKeyValue, hidden, fused, [config.QuerySize, .. Twice(config.KeyValueSize)]),
            HeadNorm(_names.QueryNorm, config.QuerySize),
            HeadNorm(_names.KeyNorm, config.KeyValueSize),
            Group([_names.AttentionOutput], BiasPlacement.AttentionOutput, config.QuerySize, Plain(), [hidden]),
            Norm(_names.AttentionOutputNorm),
            config.SharesNorm ? first : Norm(_names.MlpNorm),
            config.IsMixture(layer) ? null : Mlp(_names.MlpInput, _names.MlpOutput, config.IntermediateSize),
            config.IsMixture(layer) ? Mixture() : null,
            Norm(_names.MlpOutputNorm));

        MlpParameters Mlp(IReadOnlyList<string> inputs, string output, int size) => new(
            Group(inputs, BiasPlacement.Mlp, hidden, Plain(), _family.Gated ? [size, size] : [size]),
            Group([output], BiasPlacement.Mlp, size, Plain(), [hidden]));

        MixtureParameters Mixture()
        {
            var names = _family.Mixture!;
            var router = Group([names.Router], BiasPlacement.Mlp, hidden, Plain(), [config.Experts]);
            return new(router, [.. Enumerable.Range(0, config.Experts).Select(e => Expert(names, $"{names.Experts}.{e}."))]);
        }

        MlpParameters Expert(MixtureRule names, string prefix) =>
            Mlp([.. names.ExpertInput.Select(m => prefix + m)], prefix + names.ExpertOutput, config.ExpertSize);

        int[] Twice(int size) => [size, size];
        FileOrder Plain() => fused with { Groups = 0 };
        NormParameters? Norm(string? name) => name is null ? null : AddNorm(_names.Module(layer, name), hidden);
        NormParameters? HeadNorm(string name, int all) => _family.QueryKeyNorm switch
        {
            Models.HeadNorm.None => null,
            Models.HeadNorm.EachHead => AddNorm(_names.Module(layer, name), config.HeadSize),
            _ => AddNorm(_names.Module(layer, name), all),
        };
        LinearGroup Group(IReadOnlyList<string> modules, BiasPlacement biases, int inputs, FileOrder order, int[] outputs) =>
            AddGroup(
                layer,
                inputs,
                config.Biases.HasFlag(biases),
                order is { Transposes: false, Groups: 0 } ? null : order,
                // One module of several outputs is one matrix; otherwise each output has its module.
                [.. modules.Select((m, i) => (_names.Module(layer, m), modules.Count == 1 ? outputs.Sum() : outputs[i]))]);
    }

    private LinearGroup AddGroup(int layer, int inputs, bool bias, FileOrder? order, IReadOnlyList<(string Module, int Outputs)> modules)
    {
        Align();
        var weights = new List<Parameter>();
        foreach (var (module, outputs) in modules)
            weights.Add(Append(module + ".weight", order, 0, outputs, inputs));
        Align();
        var parts = new List<LinearPart>();
        var firstOutput = 0;
        for (var i = 0; i < weights.Count; i++)
        {
            var (module, outputs) = modules[i];
            parts.Add(new LinearPart(module, firstOutput, weights[i], bias ? Append(module + ".bias", order?.OfRows, 0, outputs) : null));
            firstOutput += outputs;
        }

        Align();
        return new LinearGroup(layer, inputs, parts);
    }

    private NormParameters AddNorm(string name, int size) =>
        new(Vector(name + ".weight", 1 - _family.NormOffset, size), _family.LayerNorm ? Vector(name + ".bias", 0, size) : null);

    private Parameter Vector(string name, float start, int size)
    {
        Align();
        var parameter = Append(name, null, start, size);
        Align();
        return parameter;
    }

    private Parameter Add(string name, params int[] shape)
    {
        Align();
        var parameter = Append(name, null, 0, shape);
        Align();
        return parameter;
    }

    private Parameter Append(string name, FileOrder? order, float start, params int[] shape)
    {
        var parameter = new Parameter(_all.Count, name, shape, BufferLength, shape.Length == 1 ? VectorLength : -1)
        {
            Order = order,
            Start = start,
        };
        _all.Add(parameter);
        BufferLength += parameter.Length;
        if (parameter.IsVector) VectorLength += parameter.Length;
        return parameter;
    }

    private void Align() => (BufferLength, VectorLength) = (Aligned(BufferLength), Aligned(VectorLength));

    private static long Aligned(long length) => (length + Alignment - 1) / Alignment * Alignment;
}

/// <summary>Some values of a flat buffer.</summary>
/// <param name="First">The first.</param>
/// <param name="End">The one behind the last.</param>
internal readonly record struct ValueRange(long First, long End)
{
    /// <summary>Number of values.</summary>
    public long Length => End - First;
}
