using Pursuit.Engine.Adapters;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>
/// One worker's arena: every activation, gradient and scratch value of a micro-batch up to a number of tokens, cut from
/// one allocation. Shapes are [tokens, width]; "kept" values exist once per layer, for the backward pass.
/// </summary>
internal sealed class Activations : IDisposable
{
    /// <summary>Values of one block of logits: small enough to stay in the caches' last level.</summary>
    private const int LogitBlock = 1 << 20;

    private const int LargestVocabularyBlock = 16384;

    private readonly DeviceBuffer? _memory;
    private readonly BufferSlice[] _inputs;
    private readonly KeptLayer[] _layers;
    private readonly BufferSlice[] _caches;
    private readonly BufferSlice[] _loraHidden;

    /// <summary>Allocates the arena.</summary>
    /// <exception cref="PursuitException">The device has not that much memory.</exception>
    public Activations(Decoder decoder, ActivationSizes sizes)
        : this(decoder, sizes, allocates: true)
    {
    }

    private Activations(Decoder decoder, ActivationSizes sizes, bool allocates)
    {
        var config = decoder.Config;
        (Tokens, Longest, ForBackward, CacheRows) = (sizes.Tokens, sizes.Longest, sizes.ForBackward, sizes.CacheRows);
        Recomputes = ForBackward && sizes.Recomputes;
        VocabularyBlock = VocabularyBlockOf(config);
        LabelBlock = Math.Clamp(LogitBlock / VocabularyBlock, 64, 1024);
        AttentionScratch = decoder.Operations.AttentionScratch(config.Attention(0), Longest);

        Adapters = decoder.Adapters;
        _loraHidden = new BufferSlice[Adapters is null ? 0 : ForBackward ? Adapters.Groups.Count : 1];
        _inputs = new BufferSlice[ForBackward ? config.Layers + 1 : 2];
        _caches = new BufferSlice[CacheRows > 0 ? config.Layers : 0];
        _layers = new KeptLayer[KeepsLayers ? config.Layers : 1];
        var measure = new Carver(null);
        Carve(measure, config);
        Length = measure.Length;
        if (!allocates) return;
        _memory = decoder.Operations.Allocate(measure.Length);
        Carve(new Carver(_memory), config);
    }

    /// <summary>Token ids whose logits exist at once, which depends on the model alone.</summary>
    public static int VocabularyBlockOf(ModelConfig config) =>
        config.VocabularySize <= LargestVocabularyBlock ? config.VocabularySize : LargestVocabularyBlock / 2;

    public int Tokens { get; }

    public int Longest { get; }

    public bool ForBackward { get; }

    /// <summary>Whether the backward pass computes every layer's values again from its input, the last one's excepted.</summary>
    public bool Recomputes { get; }

    /// <summary>Values in all.</summary>
    public long Length { get; }

    /// <summary>Tokens whose keys and values are kept for every layer while texts are generated; 0 otherwise.</summary>
    public int CacheRows { get; }

    /// <summary>Labels whose logits exist at once.</summary>
    public int LabelBlock { get; }

    /// <summary>Token ids whose logits exist at once; the whole vocabulary when it is small.</summary>
    public int VocabularyBlock { get; }

    /// <summary>Two scratch matrices [tokens, hidden].</summary>
    public BufferSlice Normed { get; private set; }

    public BufferSlice NormedGradient { get; private set; }

    /// <summary>Scratch [tokens, hidden] for a block's output, or its gradient, where it isn't just added to the residual stream.</summary>
    public BufferSlice Branch { get; private set; }

    /// <summary>A mixture's scratch: the rows of one expert [tokens, hidden], twice.</summary>
    public BufferSlice ExpertInput { get; private set; }

    public BufferSlice ExpertRows { get; private set; }

    /// <summary>A mixture's scratch: the gradients that its slots get [slots, hidden], and a number for each [slots].</summary>
    public BufferSlice SlotGradients { get; private set; }

    public BufferSlice SlotNumbers { get; private set; }

    /// <summary>The gradient of a mixture's router [tokens, experts].</summary>
    public BufferSlice RouterGradient { get; private set; }

    /// <summary>Scratch [tokens, intermediate].</summary>
    public BufferSlice Gated { get; private set; }

    /// <summary>Gradient of the residual stream [tokens, hidden].</summary>
    public BufferSlice Residual { get; private set; }

    /// <summary>Gradients [tokens, queries + 2 keys] and [tokens, queries].</summary>
    public BufferSlice QueryKeyValueGradient { get; private set; }

    public BufferSlice AttendedGradient { get; private set; }

    public BufferSlice AttentionSpace { get; private set; }

    /// <summary>A norm's weight gradient and its bias's.</summary>
    public BufferSlice VectorGradient { get; private set; }

    public BufferSlice BiasGradient { get; private set; }

    /// <summary>The head's part: rows of labels [tokens, hidden], their norms and statistics, and one block of logits.</summary>
    public BufferSlice LabelInputs { get; private set; }

    public BufferSlice LabelNormed { get; private set; }

    public BufferSlice LabelGradient { get; private set; }

    public BufferSlice LabelInverse { get; private set; }

    /// <summary>The softmax's statistics of all labels [3, tokens], which are read at once: maximum, sum, the target's logit.</summary>
    public BufferSlice Statistics { get; private set; }

    public BufferSlice Maximum => Statistics.Part(0, Tokens);

    public BufferSlice Sum => Statistics.Part(Tokens, Tokens);

    public BufferSlice TargetLogit => Statistics.Part(2 * Tokens, Tokens);

    /// <summary>Running sums of the labels' predictions [tokens, <see cref="PredictionSums.Floats"/>].</summary>
    public BufferSlice Predictions { get; private set; }

    public BufferSlice Logits { get; private set; }

    /// <summary>The adapters' part: du of a group [tokens, its width] and an input after dropout.</summary>
    public BufferSlice LoraHiddenGradient { get; private set; }

    public BufferSlice LoraInput { get; private set; }

    /// <summary>The adapters these activations have room for.</summary>
    public LoraAdapters? Adapters { get; }

    private int AttentionScratch { get; }

    /// <summary>Bytes that an arena takes.</summary>
    public static long BytesFor(Decoder decoder, ActivationSizes sizes)
    {
        using var measured = new Activations(decoder, sizes, allocates: false);
        return measured.Length * sizeof(float);
    }

    /// <summary>The residual stream before a layer; with index Layers, after the last.</summary>
    public BufferSlice Input(int layer) => _inputs[ForBackward ? layer : layer % 2];

    /// <summary>u of a group of adapters [tokens, its width].</summary>
    public BufferSlice LoraHidden(LoraGroup group) => _loraHidden[ForBackward ? group.Index : 0];

    /// <summary>The kept values of a layer.</summary>
    public KeptLayer Layer(int layer) => _layers[KeepsLayers ? layer : 0];

    /// <summary>The kept keys and values of a layer [cache rows, 2 keys]; only while texts are generated.</summary>
    public BufferSlice Cache(int layer) => _caches[layer];

    public void Dispose() => _memory?.Dispose();

    private void Carve(Carver carver, ModelConfig config)
    {
        var (hidden, names) = (config.HiddenSize, config.Family.Names);
        var fused = config.QuerySize + 2 * config.KeyValueSize;
        for (var i = 0; i < _inputs.Length; i++)
            _inputs[i] = carver.Take(Tokens, hidden);
        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i] = new KeptLayer(
                AttentionInverse: carver.Take(Tokens, 1),
                QueryKeyValueRaw: config.QueryKeyNorm ? carver.Take(Tokens, fused) : default,
                QueryInverse: config.QueryKeyNorm ? carver.Take(Tokens, config.QueryHeads) : default,
                KeyInverse: config.QueryKeyNorm ? carver.Take(Tokens, config.KeyValueHeads) : default,
                QueryKeyValue: carver.Take(Tokens, fused),
                Attended: carver.Take(Tokens, config.QuerySize),
                LogSumExp: carver.Take(Tokens, config.QueryHeads),
                AttentionOutput: names.AttentionOutputNorm is null ? default : carver.Take(Tokens, hidden),
                AttentionOutputInverse: carver.Take(Tokens, 1),
                Middle: carver.Take(Tokens, hidden),
                MlpInverse: carver.Take(Tokens, 1),
                GateUp: HasDense(config, i) ? carver.Take(Tokens, config.Mlp(Tokens).Inputs) : default,
                Mixture: HasMixture(config, i) ? TakeMixture(carver, config) : default,
                MlpOutput: names.MlpOutputNorm is null ? default : carver.Take(Tokens, hidden),
                MlpOutputInverse: carver.Take(Tokens, 1));
        }

        for (var i = 0; i < _caches.Length; i++)
            _caches[i] = carver.Take(CacheRows, 2 * config.KeyValueSize);
        Normed = carver.Take(Tokens, hidden);
        if (config.ResidualScale is not null || config.IsParallel || names.AttentionOutputNorm is not null)
            Branch = carver.Take(Tokens, hidden);
        Gated = carver.Take(Tokens, Math.Max(config.IntermediateSize, config.ExpertSize));
        if (config.Experts > 0)
        {
            ExpertInput = carver.Take(Tokens, hidden);
            ExpertRows = carver.Take(Tokens, hidden);
            SlotNumbers = carver.Take(Tokens, config.ExpertsPerToken);
        }

        AttentionSpace = carver.Take(1, AttentionScratch);
        LabelInputs = carver.Take(Tokens, hidden);
        LabelNormed = carver.Take(Tokens, hidden);
        LabelInverse = carver.Take(Tokens, 1);
        Statistics = carver.Take(3, Tokens);
        Predictions = carver.Take(Tokens, PredictionSums.Floats);
        Logits = carver.Take(LabelBlock, VocabularyBlock);
        var widest = Adapters?.Groups.Max(g => g.Width) ?? 0;
        for (var i = 0; i < _loraHidden.Length; i++)
            _loraHidden[i] = carver.Take(Tokens, ForBackward ? Adapters!.Groups[i].Width : widest);
        if (!ForBackward)
            return;
        if (widest > 0)
            LoraHiddenGradient = carver.Take(Tokens, widest);
        if (Adapters?.Options.Dropout > 0)
            LoraInput = carver.Take(Tokens, Adapters.Groups.Max(g => g.Inputs));
        NormedGradient = carver.Take(Tokens, hidden);
        if (config.Experts > 0)
        {
            SlotGradients = carver.Take(Tokens, config.ExpertsPerToken * hidden);
            RouterGradient = carver.Take(Tokens, config.Experts);
        }

        Residual = carver.Take(Tokens, hidden);
        QueryKeyValueGradient = carver.Take(Tokens, fused);
        AttendedGradient = carver.Take(Tokens, config.QuerySize);
        VectorGradient = carver.Take(1, Math.Max(hidden, config.QuerySize));
        BiasGradient = carver.Take(1, hidden);
        LabelGradient = carver.Take(Tokens, hidden);
    }

    private bool KeepsLayers => ForBackward && !Recomputes;

    // Where layers' values aren't kept, one layer's room serves all, of whatever kind they are.
    private bool HasDense(ModelConfig config, int layer) =>
        KeepsLayers ? !config.IsMixture(layer) : config.Experts == 0 || config.DenseLayers is not null;

    private bool HasMixture(ModelConfig config, int layer) => KeepsLayers ? config.IsMixture(layer) : config.Experts > 0;

    private KeptMixture TakeMixture(Carver carver, ModelConfig config) => new(
        Logits: carver.Take(Tokens, config.Experts),
        Weights: carver.Take(Tokens, config.ExpertsPerToken),
        GateUp: carver.Take(Tokens, config.ExpertsPerToken * config.Expert(Tokens).Inputs),
        Outputs: carver.Take(Tokens, config.ExpertsPerToken * config.HiddenSize));

    /// <summary>What one layer keeps for the backward pass; norms' outputs and the gated product are computed again.</summary>
    internal readonly record struct KeptLayer(
        BufferSlice AttentionInverse,
        BufferSlice QueryKeyValueRaw,
        BufferSlice QueryInverse,
        BufferSlice KeyInverse,
        BufferSlice QueryKeyValue,
        BufferSlice Attended,
        BufferSlice LogSumExp,
        BufferSlice AttentionOutput,
        BufferSlice AttentionOutputInverse,
        BufferSlice Middle,
        BufferSlice MlpInverse,
        BufferSlice GateUp,
        KeptMixture Mixture,
        BufferSlice MlpOutput,
        BufferSlice MlpOutputInverse);

    /// <summary>
    /// What a mixture keeps: the router's logits [tokens, experts]; and for each slot, a token at one of its experts, expert by expert, its
    /// weight [slots], gate and up [slots, 2 widths] and the expert's output [slots, hidden].
    /// </summary>
    internal readonly record struct KeptMixture(BufferSlice Logits, BufferSlice Weights, BufferSlice GateUp, BufferSlice Outputs);

    /// <summary>Cuts 64-byte aligned slices one after another; without memory it only measures.</summary>
    private sealed class Carver(DeviceBuffer? memory)
    {
        public long Length { get; private set; }

        public BufferSlice Take(int rows, int width)
        {
            var count = checked(rows * width);
            var start = Length;
            Length += (count + 15L) / 16 * 16;
            return memory?.Slice(start, count) ?? default;
        }
    }
}

/// <summary>What an arena has room for.</summary>
/// <param name="Tokens">Tokens of a micro-batch.</param>
/// <param name="Longest">Tokens of an example.</param>
/// <param name="ForBackward">Whether there is a backward pass.</param>
internal readonly record struct ActivationSizes(int Tokens, int Longest, bool ForBackward)
{
    /// <summary>Whether the backward pass computes layers' values again instead of keeping them.</summary>
    public bool Recomputes { get; init; }

    /// <inheritdoc cref="Activations.CacheRows"/>
    public int CacheRows { get; init; }
}
