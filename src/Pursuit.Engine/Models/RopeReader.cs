namespace Pursuit.Engine.Models;

/// <summary>Reads rotary positions from config.json, as transformers 4 and 5 write them.</summary>
internal static class RopeReader
{
    /// <summary>Completes a config with its rotary positions.</summary>
    public static ModelConfig Read(JsonFields fields, ModelConfig config)
    {
        var family = config.Family;
        if (family.Names.Positions is not null)
            return config;
        // Transformers 5 renamed rope_scaling to rope_parameters, put rope_theta inside, and has them for each type of layer where types
        // differ.
        var name = fields.Has("rope_scaling") ? "rope_scaling" : "rope_parameters";
        var inner = fields.Inside(name);
        var local = inner?.Inside("sliding_attention");
        if (inner?.Inside("full_attention") is { } full)
            (name, inner) = ($"{name}.full_attention", full);
        var parameters = fields.Inside("rope_parameters");
        parameters = parameters?.Inside("full_attention") ?? parameters;
        var theta = parameters?.OptionalNumber("rope_theta") ?? fields.Number(family.Keys.RopeTheta, family.UsualRopeTheta);
        config = config with { RopeTheta = theta, RotarySize = RotarySize(fields, parameters, config) };
        config = config with { RopeScaling = inner is null ? RopeScaling.None : Scaling(fields, inner, name, config) };
        if (local is not null)
        {
            var kind = local.Text("rope_type") ?? "default";
            fields.Refuse(kind != "default", $"rope_parameters.sliding_attention of type \"{kind}\" (supported: default)");
        }

        return config with
        {
            LocalRopeTheta = local?.OptionalNumber("rope_theta")
                ?? (family.UsualLocalRopeTheta is { } usual ? fields.Number("rope_local_base_freq", usual)
                : family.LocalRopeIsPlain && config.RopeScaling != RopeScaling.None ? theta
                : null),
        };
    }

    private static int? RotarySize(JsonFields fields, JsonFields? parameters, ModelConfig config)
    {
        if (config.Family.UsualRotaryShare is not { } usual)
        {
            var asked = parameters?.OptionalNumber("partial_rotary_factor") ?? 1;
            fields.Refuse(
                asked != 1, FormattableString.Invariant($"partial rotary positions (rope_parameters.partial_rotary_factor {asked})"));
            return null;
        }

        var share = parameters?.OptionalNumber("partial_rotary_factor") ?? fields.Number(config.Family.Keys.RotaryShare, usual);
        var size = (int)Math.Clamp(config.HeadSize * share + 1e-9, -1, int.MaxValue);
        return size == config.HeadSize ? null : size;
    }

    private static RopeScaling Scaling(JsonFields fields, JsonFields inner, string name, ModelConfig config)
    {
        var kind = inner.Text("rope_type") ?? inner.Text("type") ?? "default";
        if (config.Family.LongRopeSpellings && (kind is "su" or "yarn"))
            kind = "longrope";
        switch (kind)
        {
            case "default":
                return RopeScaling.None;
            case "linear":
                return new RopeScaling(RopeScalingKind.Linear, inner.Number("factor", 0));
            case "llama3":
                return new RopeScaling(
                    RopeScalingKind.Llama3,
                    inner.Number("factor", 0),
                    inner.Number("low_freq_factor", 0),
                    inner.Number("high_freq_factor", 0),
                    (int)inner.Number("original_max_position_embeddings", 0));
            case "dynamic":
                // The length from which bases grow is the model's own; the key for another one is not read by the modelling code.
                return new RopeScaling(RopeScalingKind.Dynamic, inner.Number("factor", 0), OriginalPositions: config.MaximumPositions);
            case "yarn":
                return Yarn(inner, config);
            case "longrope":
                return LongRope(fields, inner, config);
            default:
                fields.Refuse(true, $"{name} of type \"{kind}\" (supported: default, linear, llama3, dynamic, yarn, longrope)");
                return RopeScaling.None;
        }
    }

    private static RopeScaling Yarn(JsonFields inner, ModelConfig config)
    {
        var original = inner.Integer("original_max_position_embeddings", config.MaximumPositions);
        var factor = inner.OptionalNumber("factor") ?? (double)config.MaximumPositions / Math.Max(1, original);
        var (scale, all) = (inner.Number("mscale", 0), inner.Number("mscale_all_dim", 0));
        var magnitude = scale != 0 && all != 0 ? Magnitude(scale) / Magnitude(all) : Magnitude(1);
        return new RopeScaling(RopeScalingKind.Yarn, factor, OriginalPositions: original)
        {
            Magnitude = inner.OptionalNumber("attention_factor") ?? magnitude,
            FastTurns = inner.OptionalNumber("beta_fast"),
            SlowTurns = inner.OptionalNumber("beta_slow"),
            RampsBetween = !inner.Flag("truncate", true),
        };

        double Magnitude(double times) => factor <= 1 ? 1 : 0.1 * times * Math.Log(factor) + 1;
    }

    private static RopeScaling LongRope(JsonFields fields, JsonFields inner, ModelConfig config)
    {
        // Phi's files have the original context beside the scaling, and the extension is their ratio.
        var beside = fields.OptionalInteger("original_max_position_embeddings");
        var original = beside ?? inner.Integer("original_max_position_embeddings", config.MaximumPositions);
        var ratio = (double)config.MaximumPositions / Math.Max(1, original);
        var factor = beside is null ? inner.OptionalNumber("factor") ?? ratio : ratio;
        return new RopeScaling(RopeScalingKind.LongRope, Math.Max(1, factor), OriginalPositions: original)
        {
            Magnitude = inner.OptionalNumber("attention_factor")
                ?? (factor <= 1 ? 1 : Math.Sqrt(1 + Math.Log(factor) / Math.Log(original))),
            ShortFactors = inner.Numbers("short_factor"),
            LongFactors = inner.Numbers("long_factor"),
        };
    }
}
