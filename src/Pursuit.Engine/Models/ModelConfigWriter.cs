using System.Text.Json;

namespace Pursuit.Engine.Models;

/// <summary>Writes a config.json that transformers and <see cref="ModelConfigReader"/> read as the same model.</summary>
internal static class ModelConfigWriter
{
    public static void Write(ModelConfig config, string weightType, Stream stream)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartArray("architectures");
        json.WriteStringValue(config.Architecture);
        json.WriteEndArray();
        json.WriteString("model_type", config.ModelType);
        json.WriteNumber("vocab_size", config.VocabularySize);
        json.WriteNumber("hidden_size", config.HiddenSize);
        json.WriteNumber("intermediate_size", config.IntermediateSize);
        json.WriteNumber("num_hidden_layers", config.Layers);
        json.WriteNumber("num_attention_heads", config.QueryHeads);
        json.WriteNumber("num_key_value_heads", config.KeyValueHeads);
        json.WriteNumber("head_dim", config.HeadSize);
        json.WriteNumber("max_position_embeddings", config.MaximumPositions);
        // The shortest decimal that gives the same float, so that the file reads 1e-05 and not 9.99999974E-06.
        json.WriteNumber("rms_norm_eps", (decimal)config.NormEpsilon);
        json.WriteNumber("rope_theta", config.RopeTheta);
        WriteScaling(json, config.RopeScaling);
        json.WriteString("hidden_act", "silu");
        if (config.Family.AttentionBias == ConfigKey.Read)
            json.WriteBoolean("attention_bias", config.Biases.HasFlag(BiasPlacement.AttentionOutput));
        if (config.Family.MlpBias == ConfigKey.Read)
            json.WriteBoolean("mlp_bias", config.Biases.HasFlag(BiasPlacement.Mlp));
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

    private static void WriteScaling(Utf8JsonWriter json, RopeScaling scaling)
    {
        if (scaling.Kind == RopeScalingKind.None)
        {
            json.WriteNull("rope_scaling");
            return;
        }

        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", scaling.Kind == RopeScalingKind.Linear ? "linear" : "llama3");
        json.WriteNumber("factor", scaling.Factor);
        if (scaling.Kind == RopeScalingKind.Llama3)
        {
            json.WriteNumber("low_freq_factor", scaling.LowFrequencyFactor);
            json.WriteNumber("high_freq_factor", scaling.HighFrequencyFactor);
            json.WriteNumber("original_max_position_embeddings", scaling.OriginalPositions);
        }

        json.WriteEndObject();
    }

    private static void WriteWindows(Utf8JsonWriter json, ModelConfig config)
    {
        if (config.Family.Windows == WindowRule.Never)
            return;
        var slides = config.Windows.Any(w => w != int.MaxValue);
        if (config.Family.Windows == WindowRule.Asked)
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
        if (config.Family.Windows == WindowRule.Always)
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
