using Pursuit.Storage;

namespace Pursuit.Engine.Models;

/// <summary>
/// Reads a Hugging Face <c>config.json</c>. What it asks and this decoder has not is refused by name, all faults in one
/// message; nothing is approximated.
/// </summary>
internal static class ModelConfigReader
{
    /// <summary>The families this decoder computes, by model_type.</summary>
    public static IReadOnlyList<string> SupportedModelTypes { get; } = [.. ModelFamily.All.Select(f => f.ModelType)];

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

    /// <summary>Reads the content of a config.json.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="where">Its name, for messages.</param>
    /// <exception cref="PursuitException">The content is malformed, contradicts itself or asks for something unsupported.</exception>
    public static ModelConfig Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        using var document = JsonFile.Parse(utf8, where);
        return Read(new JsonFields(document.Root), where);
    }

    private static ModelConfig Read(JsonFields fields, string where)
    {
        var modelType = fields.Text("model_type") ?? "";
        if (ModelFamily.Find(modelType) is not { } family)
        {
            throw PursuitException.At(
                where,
                modelType.Length == 0 ? "no model_type" : $"model_type is \"{modelType}\"",
                $"one of {string.Join(", ", SupportedModelTypes)}",
                "Choose a model of a supported family, or compute the features of this one elsewhere and give "
                    + $"them with {ApiName.Features} (docs/formats/features.md).");
        }

        var architecture = fields.FirstText("architectures");
        fields.Refuse(
            architecture is not null && architecture != family.Architecture && architecture != family.Body,
            $"architecture {architecture} (supported for {modelType}: {family.Architecture}, and {family.Body} for embeddings)");
        RefuseUnsupported(fields);

        var hidden = fields.Integer("hidden_size");
        var heads = fields.Integer("num_attention_heads");
        var layers = fields.Integer("num_hidden_layers");
        var config = new ModelConfig
        {
            ModelType = modelType,
            Architecture = family.Architecture,
            VocabularySize = fields.Integer("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = fields.Integer("intermediate_size"),
            Layers = layers,
            QueryHeads = heads,
            // null means as many in every family
            KeyValueHeads = fields.Integer(
                "num_key_value_heads", fields.Mentions("num_key_value_heads") || family.MayLackKeyValueHeads ? heads : null),
            HeadSize = fields.Integer("head_dim", family.UsualHeadSize ?? (heads > 0 && hidden % heads == 0 ? hidden / heads : 0)),
            MaximumPositions = fields.Integer("max_position_embeddings", 2048),
            NormEpsilon = (float)fields.Number("rms_norm_eps", 1e-6),
            RopeTheta = fields.NestedNumber("rope_parameters", "rope_theta") ?? fields.Number("rope_theta", 10000),
            RopeScaling = Scaling(fields),
            Biases = Biases(fields, family),
            QueryKeyNorm = family.QueryKeyNorm,
            TiedHead = fields.Flag("tie_word_embeddings", false),
            Windows = Windows(fields, family, layers),
            BeginToken = fields.OptionalInteger("bos_token_id"),
            EndTokens = fields.Integers("eos_token_id"),
        };
        fields.ThrowIfFaulty();
        config.Validate(where);
        return config;
    }

    private static void RefuseUnsupported(JsonFields fields)
    {
        var activation = fields.Text("hidden_act") ?? fields.Text("hidden_activation") ?? "silu";
        fields.Refuse(activation is not ("silu" or "swish"), $"activation \"{activation}\" (supported: silu)");
        foreach (var name in new[] { "num_local_experts", "num_experts", "n_routed_experts" })
            fields.Refuse(fields.OptionalInteger(name) is > 0, $"a mixture of experts ({name})");
        foreach (var name in new[] { "quantization_config", "quantization" })
            fields.Refuse(fields.Has(name), $"quantized weights ({name})");
        var partial = fields.Number("partial_rotary_factor", 1);
        fields.Refuse(partial != 1, FormattableString.Invariant($"partial rotary positions (partial_rotary_factor {partial})"));
        fields.Refuse(fields.Flag("is_encoder_decoder", false), "an encoder-decoder (is_encoder_decoder)");
        var positions = fields.Text("position_embedding_type") ?? "rope";
        fields.Refuse(positions != "rope", $"position_embedding_type \"{positions}\" (supported: rope)");
        fields.Refuse(fields.OptionalInteger("attention_chunk_size") is > 0, "chunked attention (attention_chunk_size)");
        foreach (var name in new[] { "embedding_multiplier", "residual_multiplier", "attention_multiplier", "logits_scaling" })
            fields.Refuse(fields.Number(name, 1) != 1, name); // 1 is what these families have without it
        foreach (var name in new[] { "final_logit_softcapping", "attn_logit_softcapping" })
            fields.Refuse(fields.Has(name), name);
        fields.Refuse(fields.Has("no_rope_layers") && !fields.IsEmptyList("no_rope_layers"), "no_rope_layers");
    }

    private static BiasPlacement Biases(JsonFields fields, ModelFamily family)
    {
        var biases = family.FixedBiases;
        if (Asks("attention_bias", family.AttentionBias))
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

    private static RopeScaling Scaling(JsonFields fields)
    {
        // Transformers 5 renamed rope_scaling to rope_parameters and put rope_theta inside.
        var name = fields.Has("rope_scaling") ? "rope_scaling" : "rope_parameters";
        if (!fields.Has(name))
            return RopeScaling.None;
        var kind = fields.NestedText(name, "rope_type") ?? fields.NestedText(name, "type") ?? "default";
        switch (kind)
        {
            case "default":
                return RopeScaling.None;
            case "linear":
                return new RopeScaling(RopeScalingKind.Linear, fields.NestedNumber(name, "factor") ?? 0);
            case "llama3":
                return new RopeScaling(
                    RopeScalingKind.Llama3,
                    fields.NestedNumber(name, "factor") ?? 0,
                    fields.NestedNumber(name, "low_freq_factor") ?? 0,
                    fields.NestedNumber(name, "high_freq_factor") ?? 0,
                    (int)(fields.NestedNumber(name, "original_max_position_embeddings") ?? 0));
            default:
                fields.Refuse(true, $"{name} of type \"{kind}\" (supported: default, linear, llama3)");
                return RopeScaling.None;
        }
    }

    private static int[] Windows(JsonFields fields, ModelFamily family, int layers)
    {
        // The families' config classes fill a missing key with 4,096; an explicit null switches the window off.
        var window = fields.Mentions("sliding_window") ? fields.OptionalInteger("sliding_window") : 4096;
        var types = fields.Texts("layer_types");
        foreach (var type in types.Where(t => t is not ("full_attention" or "sliding_attention")).Distinct())
            fields.Refuse(true, $"layer type \"{type}\" (supported: full_attention, sliding_attention)");
        var used = family.Windows switch
        {
            WindowRule.Always => window is not null,
            WindowRule.Asked => window is not null && fields.Flag("use_sliding_window", false),
            _ => false,
        };
        fields.Refuse(
            family.Windows == WindowRule.Never && types.Contains("sliding_attention"),
            $"sliding attention for {family.ModelType}, whose modelling code has none");
        if (!used || layers is < 1 or > ModelConfig.MostLayers) // Validate says so
            return [];
        var firstWithWindow = family.Windows == WindowRule.Always ? 0 : fields.Integer("max_window_layers", 28);
        var windows = new int[layers];
        for (var layer = 0; layer < layers; layer++)
        {
            var slides = types.Count == layers ? types[layer] == "sliding_attention" : layer >= firstWithWindow;
            windows[layer] = slides ? window!.Value : int.MaxValue;
        }

        return windows;
    }
}
