using System.Text.Json;

namespace Pursuit.Engine.Models;

/// <summary>Writes rotary positions into config.json in the spelling of transformers 4, which 5 reads too.</summary>
internal static class RopeWriter
{
    public static void Write(Utf8JsonWriter json, ModelConfig config)
    {
        var (family, keys) = (config.Family, config.Family.Keys);
        json.WriteNumber(keys.RopeTheta, config.RopeTheta);
        if (family.UsualRotaryShare is not null)
            json.WriteNumber(keys.RotaryShare, (double)config.Rotated / config.HeadSize);
        if (family.UsualLocalRopeTheta is not null && config.LocalRopeTheta is { } local)
            json.WriteNumber("rope_local_base_freq", local);
        if (config.LayersWithoutRope is { } without)
        {
            json.WriteStartArray("no_rope_layers");
            foreach (var layer in without)
                json.WriteNumberValue(layer ? 0 : 1);
            json.WriteEndArray();
        }

        WriteScaling(json, config.RopeScaling, family.LongRopeSpellings);
    }

    private static void WriteScaling(Utf8JsonWriter json, RopeScaling scaling, bool originalStandsBeside)
    {
        if (scaling.Kind == RopeScalingKind.None)
        {
            json.WriteNull("rope_scaling");
            return;
        }

        if (scaling.Kind == RopeScalingKind.LongRope && originalStandsBeside)
            json.WriteNumber("original_max_position_embeddings", scaling.OriginalPositions);
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", scaling.Kind.ToString().ToLowerInvariant());
        json.WriteNumber("factor", scaling.Factor);
        switch (scaling.Kind)
        {
            case RopeScalingKind.Llama3:
                json.WriteNumber("low_freq_factor", scaling.LowFrequencyFactor);
                json.WriteNumber("high_freq_factor", scaling.HighFrequencyFactor);
                json.WriteNumber("original_max_position_embeddings", scaling.OriginalPositions);
                break;
            case RopeScalingKind.Yarn:
                json.WriteNumber("original_max_position_embeddings", scaling.OriginalPositions);
                json.WriteNumber("attention_factor", scaling.Magnitude ?? 1);
                if (scaling.FastTurns is { } fast)
                    json.WriteNumber("beta_fast", fast);
                if (scaling.SlowTurns is { } slow)
                    json.WriteNumber("beta_slow", slow);
                json.WriteBoolean("truncate", !scaling.RampsBetween);
                break;
            case RopeScalingKind.LongRope:
                if (!originalStandsBeside)
                    json.WriteNumber("original_max_position_embeddings", scaling.OriginalPositions);
                json.WriteNumber("attention_factor", scaling.Magnitude ?? 1);
                WriteNumbers(json, "short_factor", scaling.ShortFactors);
                WriteNumbers(json, "long_factor", scaling.LongFactors);
                break;
        }

        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyList<double>? values)
    {
        json.WriteStartArray(name);
        foreach (var value in values ?? [])
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
