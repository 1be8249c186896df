using Pursuit.Engine.Kernels;

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

    /// <summary>All but every so-manieth layer (<see cref="ModelFamily.FullEvery"/>).</summary>
    Pattern,

    /// <summary>Layers without rotary positions, where use_sliding_window says so.</summary>
    WithoutRope,
}

/// <summary>What of queries and keys is normalised before rotation.</summary>
internal enum HeadNorm
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Each head by itself, with one weight for all heads.</summary>
    EachHead,

    /// <summary>All queries of a token as one vector, and all keys.</summary>
    AllHeads,
}

/// <summary>How a file holds queries, keys and values.</summary>
internal enum FusedLayout
{
    /// <summary>One after another: all queries, all keys, all values; in one matrix or three.</summary>
    Plain,

    /// <summary>For every key head its queries, its key and its value.</summary>
    ByHead,
}

/// <summary>
/// A family of models this decoder computes: what its modelling code has that config.json doesn't say, and which keys it reads.
/// </summary>
/// <param name="ModelType">Its name in config.json's model_type.</param>
/// <param name="ClassName">What its classes' names begin with.</param>
/// <param name="Members">Models people know, for the list of families.</param>
internal sealed partial record ModelFamily(string ModelType, string ClassName, string Members)
{
    /// <summary>The class of its causal language model, in config.json's architectures.</summary>
    public string Architecture => HeadClass ?? ClassName + "ForCausalLM";

    /// <summary>The class of its causal language model where the name follows no rule.</summary>
    public string? HeadClass { get; init; }

    /// <summary>The class of the model without a head.</summary>
    public string Body => BodyClass ?? ClassName + "Model";

    /// <summary>The class of the model without a head where the name follows no rule.</summary>
    public string? BodyClass { get; init; }

    /// <summary>The model of text and images whose text part is one of these; null: there is none.</summary>
    public WholeModel? PartOf { get; init; }

    /// <summary>Its tensors' names.</summary>
    public ModuleNames Names { get; init; } = new();

    /// <summary>Its keys' names.</summary>
    public ConfigKeys Keys { get; init; } = new();

    /// <summary>The key attention_bias: biases of queries, keys, values and the attention's output.</summary>
    public ConfigKey AttentionBias { get; init; } = ConfigKey.Ignored;

    /// <summary>The key mlp_bias.</summary>
    public ConfigKey MlpBias { get; init; } = ConfigKey.Refused;

    /// <summary>Biases that every model of the family has.</summary>
    public BiasPlacement FixedBiases { get; init; }

    /// <summary>Biases that a model has where <see cref="BiasKey"/> is missing.</summary>
    public BiasPlacement UsualBiases { get; init; }

    /// <summary>The one key that switches <see cref="UsualBiases"/> on or off; null: there is none.</summary>
    public string? BiasKey { get; init; }

    /// <summary>Whether it is on where it is missing.</summary>
    public bool UsuallyBiased { get; init; } = true;

    /// <summary>Whether norms take the mean away (layer norm) and have a bias.</summary>
    public bool LayerNorm { get; init; }

    /// <summary>What is added to a norm's weight.</summary>
    public float NormOffset { get; init; }

    /// <summary>The norm of queries and keys.</summary>
    public HeadNorm QueryKeyNorm { get; init; }

    /// <summary>How queries, keys and values lie in the file.</summary>
    public FusedLayout QueryKeyValue { get; init; }

    /// <summary>Whether linear layers' matrices are stored [inputs, outputs] (GPT-2's Conv1D).</summary>
    public bool TransposedWeights { get; init; }

    /// <summary>Whether the feed-forward block has a gate.</summary>
    public bool Gated { get; init; } = true;

    /// <summary>The feed-forward block's function where config.json names none.</summary>
    public Activation UsualActivation { get; init; } = Activation.Silu;

    /// <summary>
    /// Whether hidden_activation decides, and hidden_act "gelu" without it means the approximation, as in the Gemma family's first files.
    /// </summary>
    public bool ReadsHiddenActivation { get; init; }

    /// <summary>Whether use_parallel_residual is read, true where it is missing: both blocks read the layer's input.</summary>
    public bool MayBeParallel { get; init; }

    /// <summary>
    /// Whether both blocks always read the layer's input, and new_decoder_architecture, num_kv_heads, multi_query, parallel_attn and
    /// num_ln_in_parallel_attn are read, as Falcon has them.
    /// </summary>
    public bool ReadsDecoderArchitecture { get; init; }

    /// <summary>The one norm of models whose blocks share it; null: there are none.</summary>
    public string? SharedNorm { get; init; }

    /// <summary>Whether embeddings are multiplied by the root of their width.</summary>
    public bool ScalesEmbedding { get; init; }

    /// <summary>Whether embedding_multiplier, residual_multiplier, attention_multiplier and logits_scaling are read.</summary>
    public bool ReadsMultipliers { get; init; }

    /// <summary>Whether final_logit_softcapping and attn_logit_softcapping are read.</summary>
    public bool ReadsSoftcaps { get; init; }

    /// <summary>
    /// query_pre_attn_scalar where it is missing; null: the key isn't read, scores are divided by the root of the head size.
    /// </summary>
    public double? UsualQueryScalar { get; init; }

    /// <summary>Share of a head's values that is rotated where the key is missing; null: always all, and the key is refused.</summary>
    public double? UsualRotaryShare { get; init; }

    /// <summary>Base of the rotary angles where the key is missing.</summary>
    public double UsualRopeTheta { get; init; } = 10_000;

    /// <summary>Base of the rotary angles of layers with a window, which are never scaled, where rope_local_base_freq is missing.</summary>
    public double? UsualLocalRopeTheta { get; init; }

    /// <summary>Whether layers with a window leave the rotary scaling out.</summary>
    public bool LocalRopeIsPlain { get; init; }

    /// <summary>Whether no_rope_layers and no_rope_layer_interval are read.</summary>
    public bool ReadsNoRopeLayers { get; init; }

    /// <summary>Whether rope_scaling of type "yarn" or "su" is another spelling of longrope.</summary>
    public bool LongRopeSpellings { get; init; }

    /// <summary>
    /// Whole numbers where their keys are missing, by key: files that are part of another model's leave out what the config class says.
    /// </summary>
    public IReadOnlyDictionary<string, int> UsualSizes { get; init; } = new Dictionary<string, int>();

    /// <summary>Values per head where head_dim is missing; null: the width over the heads.</summary>
    public int? UsualHeadSize { get; init; }

    /// <summary>Whether num_key_value_heads may be missing and then is the number of heads.</summary>
    public bool MayLackKeyValueHeads { get; init; }

    /// <summary>Whether every query head has a key head of its own, whatever the config says.</summary>
    public bool NeverGrouped { get; init; }

    /// <summary>The feed-forward block's width over the model's where the key is missing; null: it must be there.</summary>
    public int? UsualWidening { get; init; }

    /// <summary>What norms add to the mean square where the key is missing.</summary>
    public double UsualEpsilon { get; init; } = 1e-6;

    /// <summary>Whether the head is the embedding where tie_word_embeddings is missing.</summary>
    public bool UsuallyTied { get; init; }

    /// <summary>Its sliding windows.</summary>
    public WindowRule Windows { get; init; } = WindowRule.Never;

    /// <summary>sliding_window where the key is missing; null: none.</summary>
    public int? UsualWindow { get; init; } = 4096;

    /// <summary>With <see cref="WindowRule.Pattern"/>: every so-manieth layer sees all.</summary>
    public int FullEvery { get; init; } = 2;

    /// <summary>Its mixture of experts; null: it has none.</summary>
    public MixtureRule? Mixture { get; init; }

    /// <summary>The last parts of the linear modules' names, by which adapters name them.</summary>
    public IEnumerable<string> LinearModules => Mixture is null ? Names.LinearModules
        : Names.QueryKeyValue.Append(Names.AttentionOutput).Select(ModuleNames.Last)
            .Concat(Mixture.LinearModules).Concat(Mixture.MayHaveDenseLayers ? Names.LinearModules : []).Distinct();

    /// <summary>Keys whose presence, other than false or null, asks for something this decoder has not.</summary>
    public IReadOnlyList<string> RefusedFlags { get; init; } = [];

    /// <summary>A key's usual whole number; null: there is none.</summary>
    public int? Usual(string key) => UsualSizes.TryGetValue(key, out var size) ? size : null;

    /// <summary>The norm's rule with an epsilon.</summary>
    public NormRule Norm(float epsilon) => new(epsilon, NormOffset, LayerNorm);

    /// <summary>A family by its model_type; null where this decoder has none of that name.</summary>
    public static ModelFamily? Find(string modelType) => ByName.GetValueOrDefault(modelType);

    /// <summary>The family of the text part of a model of text and images, by the whole model's model_type; null: none.</summary>
    public static ModelFamily? FindTextOf(string modelType) => All.FirstOrDefault(f => f.PartOf?.ModelType == modelType);
}

/// <summary>A model of text and images whose text part, under text_config, is a model of a family.</summary>
/// <param name="ModelType">Its name in config.json's model_type.</param>
/// <param name="Architecture">Its class with a head.</param>
/// <param name="Body">Its class without one.</param>
internal sealed record WholeModel(string ModelType, string Architecture, string Body);
