using System.Text.Json.Serialization;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>Which linear layers carry a bias.</summary>
[Flags]
internal enum BiasPlacement
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Queries, keys and values.</summary>
    QueryKeyValue = 1,

    /// <summary>The attention's output.</summary>
    AttentionOutput = 2,

    /// <summary>Gate, up and down.</summary>
    Mlp = 4,
}

/// <summary>
/// What a decoder is made of: the part of a Hugging Face <c>config.json</c> that decides its arithmetic, with every
/// choice named. <see cref="ModelConfigReader"/> makes it from a file; <see cref="Validate"/> holds for any source.
/// </summary>
internal sealed record ModelConfig
{
    /// <summary>Layers at most; the deepest models that are published have below 200.</summary>
    public const int MostLayers = 4_096;

    /// <summary>Experts of a layer at most; published models have below 1,000.</summary>
    public const int MostExperts = 16_384;

    /// <summary>The family's name in config.json.</summary>
    public string ModelType { get; init; } = "llama";

    /// <summary>What config.json doesn't say of the family; llama's where the name is none of this decoder's.</summary>
    [JsonIgnore]
    public ModelFamily Family => ModelFamily.Find(ModelType) ?? ModelFamily.All[0];

    /// <summary>The class name in config.json's architectures; kept for saving.</summary>
    public string Architecture { get; init; } = "LlamaForCausalLM";

    /// <summary>Number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width inside the feed-forward block.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public required int QueryHeads { get; init; }

    /// <summary>Key and value heads; divides <see cref="QueryHeads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Values per head; even.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Longest sequence the model was made for.</summary>
    public int MaximumPositions { get; init; } = 2048;

    /// <summary>Added to the mean square in norms.</summary>
    public float NormEpsilon { get; init; } = 1e-5f;

    /// <summary>Base of the rotary angles.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>How the rotary frequencies are scaled.</summary>
    public RopeScaling RopeScaling { get; init; } = RopeScaling.None;

    /// <summary>The biases.</summary>
    public BiasPlacement Biases { get; init; }

    /// <summary>Whether queries and keys are normalised before rotation; how is the family's.</summary>
    public bool QueryKeyNorm => Family.QueryKeyNorm != HeadNorm.None;

    /// <summary>Whether the head is the embedding's transpose.</summary>
    public bool TiedHead { get; init; }

    /// <summary>Keys a query sees, itself included, per layer; <see cref="int.MaxValue"/> for all. Empty: all layers see all.</summary>
    public IReadOnlyList<int> Windows { get; init; } = [];

    /// <summary>Values per head that are rotated, the first ones; null: all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int? RotarySize { get; init; }

    /// <summary>Base of the rotary angles of layers with a window, which then aren't scaled; null: as the others.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double? LocalRopeTheta { get; init; }

    /// <summary>For each layer whether it knows no positions; null: all know them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public IReadOnlyList<bool>? LayersWithoutRope { get; init; }

    /// <summary>The feed-forward block's function.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Activation Activation { get; init; }

    /// <summary>Whether attention and feed-forward block both read the layer's input.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsParallel { get; init; }

    /// <summary>Whether both blocks read the output of one norm, the family's <see cref="ModelFamily.SharedNorm"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SharesNorm { get; init; }

    /// <summary>Factor of embeddings; null: 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public float? EmbeddingScale { get; init; }

    /// <summary>Factor of each block's output before it is added to the residual stream; null: 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public float? ResidualScale { get; init; }

    /// <summary>Factor of attention scores; null: 1/sqrt(head size).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double? AttentionScale { get; init; }

    /// <summary>Divisor of logits; null: 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public float? LogitDivisor { get; init; }

    /// <summary>Cap of attention scores; 0: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public float AttentionSoftcap { get; init; }

    /// <summary>Cap of logits; 0: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public float LogitSoftcap { get; init; }

    /// <summary>Experts of a mixture; 0: there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Experts { get; init; }

    /// <summary>Experts that each token goes to.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int ExpertsPerToken { get; init; }

    /// <summary>Width inside an expert.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int ExpertSize { get; init; }

    /// <summary>Whether a token's experts' weights are made to sum to 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NormalizesExperts { get; init; }

    /// <summary>For each layer whether it has a feed-forward block in place of the mixture; null: none has.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public IReadOnlyList<bool>? DenseLayers { get; init; }

    /// <summary>First token of a text, if the model has one.</summary>
    public int? BeginToken { get; init; }

    /// <summary>Tokens that end a text.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    /// <summary>Width of all queries of a token.</summary>
    public int QuerySize => QueryHeads * HeadSize;

    /// <summary>Width of all keys of a token.</summary>
    public int KeyValueSize => KeyValueHeads * HeadSize;

    /// <summary>Values per head that are rotated.</summary>
    [JsonIgnore]
    public int Rotated => RotarySize ?? HeadSize;

    /// <summary>The norms' rule.</summary>
    [JsonIgnore]
    public NormRule Norm => Family.Norm(NormEpsilon);

    /// <summary>How logits follow from the head's products.</summary>
    [JsonIgnore]
    public LogitRule LogitRule => new(1 / (LogitDivisor ?? 1), LogitSoftcap);

    /// <summary>The feed-forward block's elementwise part over rows.</summary>
    public ActivationShape Mlp(int rows) => new(rows, IntermediateSize, Activation, Family.Gated);

    /// <summary>An expert's elementwise part over rows.</summary>
    public ActivationShape Expert(int rows) => new(rows, ExpertSize, Activation, Family.Gated);

    /// <summary>Whether a layer has a mixture of experts.</summary>
    public bool IsMixture(int layer) => Experts > 0 && !(DenseLayers?[layer] ?? false);

    /// <summary>Keys a query of a layer sees.</summary>
    public int Window(int layer) => Windows.Count == 0 ? int.MaxValue : Windows[layer];

    /// <summary>Whether a layer rotates queries and keys.</summary>
    public bool HasRope(int layer) => Family.Names.Positions is null && !(LayersWithoutRope?[layer] ?? false);

    /// <summary>The shape of a layer's attention.</summary>
    public AttentionShape Attention(int layer)
    {
        var shape = new AttentionShape(QueryHeads, KeyValueHeads, HeadSize, Window(layer)) { Softcap = AttentionSoftcap };
        return AttentionScale is { } scale ? shape with { Scale = (float)scale } : shape;
    }

    /// <summary>Reports every contradiction in one message.</summary>
    /// <param name="where">Where the config came from, for the message.</param>
    /// <exception cref="PursuitException">Something contradicts itself.</exception>
    public void Validate(string where)
    {
        var faults = new List<string>();
        AtLeastOne(VocabularySize, "vocab_size");
        AtLeastOne(HiddenSize, "hidden_size");
        AtLeastOne(IntermediateSize, "intermediate_size");
        AtLeastOne(Layers, "num_hidden_layers");
        AtLeastOne(QueryHeads, "num_attention_heads");
        AtLeastOne(KeyValueHeads, "num_key_value_heads");
        AtLeastOne(HeadSize, "head_dim");
        AtLeastOne(MaximumPositions, "max_position_embeddings");
        if (KeyValueHeads > 0 && QueryHeads % KeyValueHeads != 0)
            faults.Add($"num_attention_heads is {QueryHeads}, not a multiple of num_key_value_heads {KeyValueHeads}");
        if (Family.Names.Positions is null && HeadSize % 2 != 0)
            faults.Add($"head_dim is {HeadSize}, but rotary positions need an even number");
        if (RotarySize is { } rotated && (rotated < 2 || rotated % 2 != 0 || rotated > HeadSize))
            faults.Add($"{rotated} of a head's {HeadSize} values are rotated, an even number from 2 up to all is needed");
        if (!(NormEpsilon > 0) || !float.IsFinite(NormEpsilon))
            faults.Add(FormattableString.Invariant($"{Family.Keys.Epsilon} is {NormEpsilon}, not a positive number"));
        if (!(RopeTheta > 0) || !double.IsFinite(RopeTheta))
            faults.Add(FormattableString.Invariant($"rope_theta is {RopeTheta}, not a positive number"));
        if (LocalRopeTheta is { } local && (!(local > 0) || !double.IsFinite(local)))
            faults.Add(FormattableString.Invariant($"rope_local_base_freq is {local}, not a positive number"));
        Positive(EmbeddingScale, "embedding_multiplier");
        Positive(ResidualScale, "residual_multiplier");
        Positive(AttentionScale, "the factor of attention scores");
        Positive(LogitDivisor, "logits_scaling");
        if (!(AttentionSoftcap >= 0) || !float.IsFinite(AttentionSoftcap))
            faults.Add(FormattableString.Invariant($"attn_logit_softcapping is {AttentionSoftcap}, not a positive number"));
        if (!(LogitSoftcap >= 0) || !float.IsFinite(LogitSoftcap))
            faults.Add(FormattableString.Invariant($"final_logit_softcapping is {LogitSoftcap}, not a positive number"));
        if (LayersWithoutRope is { } without && without.Count != Layers)
            faults.Add($"no_rope_layers has {without.Count} numbers for {Layers} layers");
        if (Family.Mixture is { } mixture)
        {
            AtLeastOne(Experts, mixture.CountKey);
            AtLeastOne(ExpertSize, mixture.SizeKey);
            if (Experts > MostExperts)
                faults.Add($"{mixture.CountKey} is {Experts}, at most {MostExperts} are possible");
            if (ExpertsPerToken < 1 || ExpertsPerToken > Experts)
                faults.Add($"num_experts_per_tok is {ExpertsPerToken}, 1 to {Experts} are possible");
            AtMostATensor(
                (Int128)HiddenSize * ExpertSize * 2,
                $"{mixture.SizeKey} {ExpertSize} of gate and up, 2 times, times hidden_size {HiddenSize}");
        }

        if (Windows.Count != 0 && Windows.Count != Layers)
            faults.Add($"{Windows.Count} attention windows for {Layers} layers");
        if (Windows.Any(w => w < 1))
            faults.Add($"a sliding window of {Windows.Min()} keys, at least 1 is needed");
        if (Layers > MostLayers)
            faults.Add($"num_hidden_layers is {Layers}, at most {MostLayers} are possible");
        // Matrices that read the same input are one to the kernels, which count a tensor's values in 31 bits.
        var (hidden, queries, keys) = ((Int128)HiddenSize, (Int128)QueryHeads * HeadSize, (Int128)KeyValueHeads * HeadSize);
        AtMostATensor(hidden * VocabularySize, $"vocab_size {VocabularySize} times hidden_size {HiddenSize}");
        AtMostATensor(
            hidden * IntermediateSize * 2, $"intermediate_size {IntermediateSize} of gate and up, 2 times, times hidden_size {HiddenSize}");
        AtMostATensor(
            hidden * (queries + 2 * keys),
            $"the {QueryHeads} query and 2 times {KeyValueHeads} key and value heads of head_dim {HeadSize} times hidden_size "
                + $"{HiddenSize}");
        if (Family.Names.Positions is not null)
            AtMostATensor(hidden * MaximumPositions, $"{Family.Keys.Positions} {MaximumPositions} times {Family.Keys.Hidden} {HiddenSize}");
        RopeScaling.AddFaults(faults, Rotated);
        if (faults.Count > 0)
        {
            throw new PursuitException(
                $"{where}: the config contradicts itself: {string.Join("; ", faults)}. Correct the file or use the model's own.");
        }

        void Positive(double? value, string name)
        {
            if (value is { } number && (!(number > 0) || !double.IsFinite(number)))
                faults.Add(FormattableString.Invariant($"{name} is {number}, not a positive number"));
        }

        void AtMostATensor(Int128 values, string product)
        {
            if (values > int.MaxValue)
                faults.Add($"{product} is over {int.MaxValue} values, the most one tensor may hold");
        }

        void AtLeastOne(int value, string name)
        {
            if (value < 1)
                faults.Add($"{name} is {value}, at least 1 is needed");
        }
    }
}
