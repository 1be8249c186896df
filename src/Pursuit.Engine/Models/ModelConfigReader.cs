using Pursuit.Engine.Kernels;
using Pursuit.Storage;

namespace Pursuit.Engine.Models;

/// <summary>
/// Reads a Hugging Face <c>config.json</c>. What it asks and this decoder has not is refused by name, all faults in one
/// message; nothing is approximated.
/// </summary>
internal static class ModelConfigReader
{
    private static readonly Dictionary<string, Activation> Activations = new(StringComparer.Ordinal)
    {
        ["silu"] = Activation.Silu,
        ["swish"] = Activation.Silu,
        ["gelu"] = Activation.Gelu,
        ["gelu_new"] = Activation.GeluTanh,
        ["gelu_pytorch_tanh"] = Activation.GeluTanh,
        ["gelu_fast"] = Activation.GeluTanh,
    };

    /// <summary>The functions' names, for messages.</summary>
    public static string ActivationNames { get; } = string.Join(", ", Activations.Keys);

    /// <summary>Keys by which a config tells that the model reads or writes more than text.</summary>
    private static readonly string[] OtherParts =
        ["vision_config", "audio_config", "text_config", "llm_config", "thinker_config", "vision_tower", "mm_vision_tower"];

    /// <summary>Models that read a text from both sides.</summary>
    private static readonly string[] Encoders =
    [
        "albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "modernbert", "mpnet", "nomic_bert", "roberta",
        "xlm-roberta",
    ];

    private static readonly string[] ExpertCounts = ["num_local_experts", "num_experts", "n_routed_experts"];

    /// <summary>The families this decoder computes, by model_type.</summary>
    public static IReadOnlyList<string> SupportedModelTypes { get; } =
        [.. ModelFamily.All.SelectMany(f => f.PartOf is { } whole ? [whole.ModelType, f.ModelType] : (string[])[f.ModelType])];

    /// <summary>Reads a model directory's config.json.</summary>
    /// <param name="directory">A directory with config.json.</param>
    /// <exception cref="PursuitException">The file is missing, malformed, contradicts itself or asks for something unsupported.</exception>
    public static ModelConfig ReadDirectory(string directory)
    {
        var path = Path.Combine(ModelDirectory.Open(directory).BasePath, "config.json");
        if (!File.Exists(path))
        {
            var (found, advice) = ModelDirectory.OtherKind(directory)
                ?? ("there is no config.json", "Point to the directory that holds config.json and model.safetensors.");
            throw PursuitException.At(directory, found, "a model directory as Hugging Face lays it out, with config.json", advice);
        }

        return Parse(BoundedFile.Read(path, JsonFile.LargestConfiguration, "a model's configuration"), path);
    }

    /// <summary>What a person should know of a model that is used in part; null: it is used whole, or can't be read.</summary>
    /// <param name="directory">A model's directory.</param>
    public static string? Remark(string directory)
    {
        var path = Path.Combine(directory, "config.json");
        try
        {
            using var file = File.Exists(path) ? JsonFile.Open(path, JsonFile.LargestConfiguration, "a model's configuration") : null;
            return file?.Root["model_type"] is { IsNull: false } name && ModelFamily.FindTextOf(name.Text()) is { PartOf: { } whole }
                ? $"{directory}: a model of text and images ({whole.ModelType}); its text part is used alone, its other tensors are passed "
                    + "over"
                : null;
        }
        catch (PursuitException)
        {
            return null; // whoever loads the model says what is wrong with it
        }
    }

    /// <summary>Reads the content of a config.json.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="where">Its name, for messages.</param>
    /// <exception cref="PursuitException">The content is malformed, contradicts itself or asks for something unsupported.</exception>
    public static ModelConfig Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        using var document = JsonFile.Parse(utf8, where);
        return Read(new JsonFields(document.Root), where);
    }

    private static ModelConfig Read(JsonFields file, string where)
    {
        var modelType = file.Text("model_type") ?? "";
        var whole = ModelFamily.FindTextOf(modelType)?.PartOf;
        if ((ModelFamily.FindTextOf(modelType) ?? ModelFamily.Find(modelType)) is not { } family)
        {
            var parts = OtherParts.Where(file.Has).ToArray();
            throw PursuitException.At(
                where,
                (modelType.Length == 0 ? "no model_type" : $"model_type is \"{modelType}\"")
                    + (parts.Length > 0 ? $", a model of more than text ({string.Join(", ", parts)})" : ""),
                $"one of {string.Join(", ", SupportedModelTypes)}",
                Encoders.Contains(modelType)
                    ? $"It is an encoder, which predicts no next token: give it as {ApiName.Encoder} (docs/encoders.md)."
                    : "Choose a model of a supported family, or compute the features of this one elsewhere and give "
                        + $"them with {ApiName.Features} (docs/formats/features.md).");
        }

        var (head, body) = whole is null ? (family.Architecture, family.Body) : (whole.Architecture, whole.Body);
        var architecture = file.FirstText("architectures");
        file.Refuse(
            architecture is not null && architecture != head && architecture != body,
            $"architecture {architecture} (supported for {modelType}: {head}, and {body} for embeddings)");
        RefuseQuantized(file);
        var fields = whole is null ? file : TextPart(file, family, where);
        RefuseUnsupported(fields, family);

        var keys = family.Keys;
        var hidden = fields.Integer(keys.Hidden, family.Usual(keys.Hidden));
        var heads = fields.Integer(keys.Heads, family.Usual(keys.Heads));
        var layers = fields.Integer(keys.Layers, family.Usual(keys.Layers));
        // What the whole model's file says of the tokens and the head goes before what its text part's says.
        JsonFields Said(string name) => file.Mentions(name) ? file : fields;
        var withoutRope = LayersWithoutRope(fields, family, layers);
        var config = new ModelConfig
        {
            ModelType = family.ModelType,
            Architecture = family.Architecture,
            VocabularySize = fields.Integer("vocab_size", family.Usual("vocab_size")),
            HiddenSize = hidden,
            IntermediateSize = fields.Integer(
                keys.Intermediate, family.UsualWidening is { } times ? Widened(hidden, times) : family.Usual(keys.Intermediate)),
            Layers = layers,
            QueryHeads = heads,
            KeyValueHeads = KeyValueHeads(fields, family, heads),
            HeadSize = HeadSize(fields, family, heads > 0 && hidden % heads == 0 ? hidden / heads : 0),
            MaximumPositions = fields.Integer(keys.Positions, family.Usual(keys.Positions) ?? 2048),
            NormEpsilon = (float)fields.Number(keys.Epsilon, family.UsualEpsilon),
            Biases = Biases(fields, family),
            Activation = ActivationOf(fields, family),
            IsParallel = family.ReadsDecoderArchitecture || (family.MayBeParallel && fields.Flag("use_parallel_residual", true)),
            SharesNorm = SharesNorm(fields, family),
            TiedHead = Said("tie_word_embeddings").Flag("tie_word_embeddings", family.UsuallyTied),
            LayersWithoutRope = withoutRope,
            Windows = Windows(fields, family, layers, withoutRope),
            BeginToken = Said("bos_token_id").OptionalInteger("bos_token_id"),
            EndTokens = Said("eos_token_id").Integers("eos_token_id"),
        };
        config = Mixture(Scales(RopeReader.Read(fields, config), fields), fields);
        fields.ThrowIfFaulty();
        config.Validate(where);
        return config;
    }

    private static int? Widened(int hidden, int times) => (int)Math.Clamp((long)hidden * times, int.MinValue, int.MaxValue);

    private static int KeyValueHeads(JsonFields fields, ModelFamily family, int heads)
    {
        if (family.NeverGrouped)
            return heads;
        if (family.ReadsDecoderArchitecture && !fields.Flag("new_decoder_architecture", false))
            return 1;
        var key = family.Keys.KeyValueHeads;
        // null means as many in every family
        var mayLack = fields.Mentions(key) || family.MayLackKeyValueHeads;
        var usual = fields.Mentions(key) ? null : family.Usual(key);
        return fields.Integer(key, usual ?? (mayLack ? heads : null));
    }

    private static int HeadSize(JsonFields fields, ModelFamily family, int even) =>
        family.Keys.HeadSize is { } key ? fields.Integer(key, family.UsualHeadSize ?? even) : even;

    private static bool SharesNorm(JsonFields fields, ModelFamily family)
    {
        if (!family.ReadsDecoderArchitecture)
            return false;
        fields.Refuse(!fields.Flag("parallel_attn", true), "blocks one after the other (parallel_attn false)");
        if (!fields.Flag("new_decoder_architecture", false))
        {
            fields.Refuse(!fields.Flag("multi_query", true), "a key head for each query head (multi_query false)");
            return true;
        }

        var norms = fields.Integer("num_ln_in_parallel_attn", 2);
        fields.Refuse(norms is not (1 or 2), $"num_ln_in_parallel_attn {norms} (supported: 1, 2)");
        return norms == 1;
    }

    private static JsonFields TextPart(JsonFields file, ModelFamily family, string where)
    {
        if (file.Inside("text_config") is not { } text)
            throw PursuitException.At(
                where,
                $"model_type \"{family.PartOf!.ModelType}\" without text_config",
                $"the configuration of its text part, of model_type \"{family.ModelType}\"",
                "Correct the file or download it again.");
        var type = text.Text("model_type") ?? family.ModelType;
        file.Refuse(
            type != family.ModelType,
            $"a text part of model_type \"{type}\" (supported for {family.PartOf!.ModelType}: {family.ModelType})");
        RefuseQuantized(text);
        return text;
    }

    private static void RefuseQuantized(JsonFields fields)
    {
        foreach (var name in new[] { "quantization_config", "quantization" })
            fields.Refuse(fields.Has(name), $"quantized weights ({name})");
    }

    private static void RefuseUnsupported(JsonFields fields, ModelFamily family)
    {
        foreach (var name in ExpertCounts.Where(n => n != family.Mixture?.CountKey))
            fields.Refuse(fields.OptionalInteger(name) is > 0, $"a mixture of experts ({name})");
        fields.Refuse(fields.Has("clip_qkv"), "clipped queries, keys and values (clip_qkv)");
        if (family.UsualRotaryShare is null)
        {
            var partial = fields.Number("partial_rotary_factor", 1);
            fields.Refuse(partial != 1, FormattableString.Invariant($"partial rotary positions (partial_rotary_factor {partial})"));
        }

        fields.Refuse(fields.Flag("is_encoder_decoder", false), "an encoder-decoder (is_encoder_decoder)");
        var positions = fields.Text("position_embedding_type") ?? "rope";
        fields.Refuse(positions != "rope", $"position_embedding_type \"{positions}\" (supported: rope)");
        fields.Refuse(fields.OptionalInteger("attention_chunk_size") is > 0, "chunked attention (attention_chunk_size)");
        if (!family.ReadsMultipliers)
        {
            foreach (var name in new[] { "embedding_multiplier", "residual_multiplier", "attention_multiplier", "logits_scaling" })
                fields.Refuse(fields.Number(name, 1) != 1, name); // 1 is what these families have without it
        }

        if (!family.ReadsSoftcaps)
        {
            foreach (var name in new[] { "final_logit_softcapping", "attn_logit_softcapping" })
                fields.Refuse(fields.Has(name), name);
        }

        fields.Refuse(
            !family.ReadsNoRopeLayers && fields.Has("no_rope_layers") && !fields.IsEmptyList("no_rope_layers"), "no_rope_layers");
        foreach (var name in family.RefusedFlags)
            fields.Refuse(fields.Flag(name, false), name);
        fields.Refuse(!fields.Flag("scale_attn_weights", true), "attention scores without a factor (scale_attn_weights false)");
    }

    /// <summary>A function by its name in config.json; false where there is none of that name.</summary>
    public static bool TryActivation(string name, out Activation activation) => Activations.TryGetValue(name, out activation);

    private static Activation ActivationOf(JsonFields fields, ModelFamily family)
    {
        var key = family.Keys.Activation;
        var name = fields.Text(key);
        if (fields.Text("hidden_activation") is { } other)
            (key, name) = ("hidden_activation", other);
        else if (family.ReadsHiddenActivation && name is "gelu")
            name = null;
        if (name is null)
            return family.UsualActivation;
        if (TryActivation(name, out var activation))
            return activation;
        fields.Refuse(true, $"activation \"{name}\" ({key}; supported: {ActivationNames})");
        return family.UsualActivation;
    }

    private static BiasPlacement Biases(JsonFields fields, ModelFamily family)
    {
        var biases = family.FixedBiases;
        if (family.BiasKey is { } usual && fields.Flag(usual, family.UsuallyBiased))
            biases |= family.UsualBiases;
        if (family.BiasKey is null && Asks("attention_bias", family.AttentionBias))
            biases |= BiasPlacement.QueryKeyValue | BiasPlacement.AttentionOutput;
        if (Asks("mlp_bias", family.MlpBias))
            biases |= BiasPlacement.Mlp;
        return biases;

        bool Asks(string name, ConfigKey key)
        {
            var asked = key != ConfigKey.Ignored && fields.Flag(name, false);
            fields.Refuse(asked && key == ConfigKey.Refused, $"{name} for {family.ModelType}, whose modelling code has none");
            return asked && key == ConfigKey.Read;
        }
    }

    private static ModelConfig Scales(ModelConfig config, JsonFields fields)
    {
        var family = config.Family;
        if (family.ScalesEmbedding)
            config = config with { EmbeddingScale = (float)Math.Sqrt(config.HiddenSize) };
        if (family.UsualQueryScalar is { } usual)
            config = config with { AttentionScale = 1 / Math.Sqrt(fields.Number("query_pre_attn_scalar", usual)) };
        if (family.ReadsSoftcaps)
        {
            config = config with
            {
                AttentionSoftcap = (float)fields.Number("attn_logit_softcapping", 0),
                LogitSoftcap = (float)fields.Number("final_logit_softcapping", 0),
            };
        }

        return !family.ReadsMultipliers ? config : config with
        {
            EmbeddingScale = (float)fields.Number("embedding_multiplier", 1),
            ResidualScale = (float)fields.Number("residual_multiplier", 1),
            AttentionScale = fields.Number("attention_multiplier", 1),
            LogitDivisor = (float)fields.Number("logits_scaling", 1),
        };
    }

    private static ModelConfig Mixture(ModelConfig config, JsonFields fields)
    {
        if (config.Family.Mixture is not { } rule)
            return config;
        var dense = default(bool[]);
        if (rule.MayHaveDenseLayers && config.Layers is >= 1 and <= ModelConfig.MostLayers)
        {
            var (step, only) = (fields.Integer("decoder_sparse_step", 1), fields.Integers("mlp_only_layers"));
            dense = [.. Enumerable.Range(0, config.Layers).Select(l => only.Contains(l) || (l + 1) % Math.Max(1, step) != 0)];
        }

        return config with
        {
            Experts = fields.Integer(rule.CountKey),
            ExpertsPerToken = fields.Integer("num_experts_per_tok"),
            ExpertSize = fields.Integer(rule.SizeKey),
            NormalizesExperts = rule.Normalizes ?? fields.Flag("norm_topk_prob", false),
            DenseLayers = dense is not null && dense.Contains(true) ? dense : null,
        };
    }

    private static bool[]? LayersWithoutRope(JsonFields fields, ModelFamily family, int layers)
    {
        if (!family.ReadsNoRopeLayers || layers is < 1 or > ModelConfig.MostLayers) // Validate says so
            return null;
        var uses = fields.Integers("no_rope_layers"); // 1: the layer rotates, whatever the key's name says
        if (uses.Count > 0)
            return [.. uses.Take(layers).Select(u => u == 0)];
        var interval = fields.Integer("no_rope_layer_interval", 4);
        fields.Refuse(interval < 1, $"no_rope_layer_interval {interval}");
        return [.. Enumerable.Range(1, layers).Select(layer => layer % Math.Max(1, interval) == 0)];
    }

    private static int[] Windows(JsonFields fields, ModelFamily family, int layers, bool[]? withoutRope)
    {
        // The families' config classes fill a missing key; an explicit null switches the window off.
        var window = fields.Mentions("sliding_window") ? fields.OptionalInteger("sliding_window") : family.UsualWindow;
        var types = fields.Texts("layer_types");
        foreach (var type in types.Where(t => t is not ("full_attention" or "sliding_attention")).Distinct())
            fields.Refuse(true, $"layer type \"{type}\" (supported: full_attention, sliding_attention)");
        var used = window is not null && family.Windows switch
        {
            WindowRule.Always or WindowRule.Pattern => true,
            WindowRule.Asked or WindowRule.WithoutRope => fields.Flag("use_sliding_window", false),
            _ => false,
        };
        fields.Refuse(
            family.Windows == WindowRule.Never && types.Contains("sliding_attention"),
            $"sliding attention for {family.ModelType}, whose modelling code has none");
        if (!used || layers is < 1 or > ModelConfig.MostLayers) // Validate says so
            return [];
        var firstWithWindow = family.Windows == WindowRule.Asked ? fields.Integer("max_window_layers", 28) : 0;
        var every = Math.Max(1, fields.Integer("sliding_window_pattern", family.FullEvery));
        var windows = new int[layers];
        for (var layer = 0; layer < layers; layer++)
        {
            var slides = types.Count == layers ? types[layer] == "sliding_attention" : family.Windows switch
            {
                WindowRule.Pattern => (layer + 1) % every != 0,
                WindowRule.WithoutRope => withoutRope is { } without && layer < without.Length && without[layer],
                _ => layer >= firstWithWindow,
            };
            windows[layer] = slides ? window!.Value : int.MaxValue;
        }

        return windows;
    }
}
