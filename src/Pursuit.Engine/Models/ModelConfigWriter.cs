using System.Text.Json;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Models;

/// <summary>Writes a config.json that transformers and <see cref="ModelConfigReader"/> read as the same model.</summary>
internal static class ModelConfigWriter
{
    public static void Write(ModelConfig config, string weightType, Stream stream)
    {
        var (family, keys) = (config.Family, config.Family.Keys);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartArray("architectures");
        json.WriteStringValue(config.Architecture);
        json.WriteEndArray();
        json.WriteString("model_type", config.ModelType);
        json.WriteNumber("vocab_size", config.VocabularySize);
        json.WriteNumber(keys.Hidden, config.HiddenSize);
        json.WriteNumber(keys.Intermediate, config.IntermediateSize);
        json.WriteNumber(keys.Layers, config.Layers);
        json.WriteNumber(keys.Heads, config.QueryHeads);
        WriteHeads(json, config);

        json.WriteNumber(keys.Positions, config.MaximumPositions);
        // The shortest decimal that gives the same float, so that the file reads 1e-05 and not 9.99999974E-06.
        json.WriteNumber(keys.Epsilon, (decimal)config.NormEpsilon);
        if (family.Names.Positions is null)
            RopeWriter.Write(json, config);
        WriteActivation(json, config);
        WriteBiases(json, config);
        if (family.MayBeParallel)
            json.WriteBoolean("use_parallel_residual", config.IsParallel);
        WriteScales(json, config);
        WriteMixture(json, config);
        json.WriteBoolean("tie_word_embeddings", config.TiedHead);
        WriteWindows(json, config);
        if (config.BeginToken is { } begin)
            json.WriteNumber("bos_token_id", begin);
        if (config.EndTokens.Count == 1)
            json.WriteNumber("eos_token_id", config.EndTokens[0]);
        else if (config.EndTokens.Count > 1)
            WriteNumbers(json, "eos_token_id", config.EndTokens);
        json.WriteString("torch_dtype", weightType);
        json.WriteEndObject();
    }

    private static void WriteHeads(Utf8JsonWriter json, ModelConfig config)
    {
        var (family, keys) = (config.Family, config.Family.Keys);
        if (family.NeverGrouped)
            return;
        if (family.ReadsDecoderArchitecture)
        {
            json.WriteBoolean("parallel_attn", true);
            json.WriteBoolean("alibi", false);
            var isFirst = config.SharesNorm && config.KeyValueHeads == 1;
            json.WriteBoolean("new_decoder_architecture", !isFirst);
            json.WriteBoolean("multi_query", isFirst);
            if (isFirst)
                return;
            json.WriteNumber("num_ln_in_parallel_attn", config.SharesNorm ? 1 : 2);
        }

        json.WriteNumber(keys.KeyValueHeads, config.KeyValueHeads);
        if (keys.HeadSize is { } size)
            json.WriteNumber(size, config.HeadSize);
    }

    private static void WriteActivation(Utf8JsonWriter json, ModelConfig config)
    {
        var family = config.Family;
        var name = config.Activation switch
        {
            Activation.Silu => "silu",
            Activation.Gelu => "gelu",
            _ => family.ModelType == "gpt2" ? "gelu_new" : "gelu_pytorch_tanh",
        };
        json.WriteString(family.Keys.Activation, name);
        if (family.ReadsHiddenActivation)
            json.WriteString("hidden_activation", name);
    }

    private static void WriteBiases(Utf8JsonWriter json, ModelConfig config)
    {
        var family = config.Family;
        if (family.BiasKey is { } key)
            json.WriteBoolean(key, config.Biases.HasFlag(family.UsualBiases));
        if (family.BiasKey is null && family.AttentionBias == ConfigKey.Read)
            json.WriteBoolean("attention_bias", config.Biases.HasFlag(BiasPlacement.AttentionOutput));
        if (family.MlpBias == ConfigKey.Read)
            json.WriteBoolean("mlp_bias", config.Biases.HasFlag(BiasPlacement.Mlp));
    }

    private static void WriteScales(Utf8JsonWriter json, ModelConfig config)
    {
        var family = config.Family;
        if (family.UsualQueryScalar is not null && config.AttentionScale is { } factor)
            json.WriteNumber("query_pre_attn_scalar", Math.Round(1 / (factor * factor), 6));
        if (family.ReadsSoftcaps)
        {
            WriteCap("attn_logit_softcapping", config.AttentionSoftcap);
            WriteCap("final_logit_softcapping", config.LogitSoftcap);
        }

        if (!family.ReadsMultipliers)
            return;
        json.WriteNumber("embedding_multiplier", (decimal)(config.EmbeddingScale ?? 1));
        json.WriteNumber("residual_multiplier", (decimal)(config.ResidualScale ?? 1));
        json.WriteNumber("attention_multiplier", config.AttentionScale ?? 1);
        json.WriteNumber("logits_scaling", (decimal)(config.LogitDivisor ?? 1));

        void WriteCap(string name, float cap)
        {
            if (cap > 0)
                json.WriteNumber(name, (decimal)cap);
            else
                json.WriteNull(name);
        }
    }

    private static void WriteMixture(Utf8JsonWriter json, ModelConfig config)
    {
        if (config.Family.Mixture is not { } rule)
            return;
        json.WriteNumber(rule.CountKey, config.Experts);
        json.WriteNumber("num_experts_per_tok", config.ExpertsPerToken);
        if (rule.SizeKey != config.Family.Keys.Intermediate)
            json.WriteNumber(rule.SizeKey, config.ExpertSize);
        if (rule.Normalizes is null)
            json.WriteBoolean("norm_topk_prob", config.NormalizesExperts);
        if (!rule.MayHaveDenseLayers)
            return;
        json.WriteNumber("decoder_sparse_step", 1);
        var dense = config.DenseLayers ?? [];
        WriteNumbers(json, "mlp_only_layers", [.. Enumerable.Range(0, dense.Count).Where(l => dense[l])]);
    }

    private static void WriteWindows(Utf8JsonWriter json, ModelConfig config)
    {
        if (config.Family.Windows == WindowRule.Never)
            return;
        var slides = config.Windows.Any(w => w != int.MaxValue);
        if (config.Family.Windows is WindowRule.Asked or WindowRule.WithoutRope)
            json.WriteBoolean("use_sliding_window", slides);
        if (!slides)
        {
            json.WriteNull("sliding_window");
            return;
        }

        json.WriteNumber("sliding_window", config.Windows.Min());
        json.WriteStartArray("layer_types");
        foreach (var window in config.Windows)
            json.WriteStringValue(window == int.MaxValue ? "full_attention" : "sliding_attention");
        json.WriteEndArray();
        if (config.Family.Windows != WindowRule.Asked)
            return;
        var first = config.Windows.TakeWhile(w => w == int.MaxValue).Count();
        json.WriteNumber("max_window_layers", first);
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyList<int> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
