using System.Globalization;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Models.TextEncoders;

namespace Pursuit.Engine.Models;

/// <summary>The families in words, for the list of the command line and the page of the documentation.</summary>
internal static class ModelFamilyTable
{
    /// <summary>What the columns say.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["model_type", "models", "norms and blocks", "attention", "adapters"];

    /// <summary>A row for each family, those of sentence encoders last.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Rows { get; } =
    [
        .. ModelFamily.All.Select(f => (string[])[f.ModelType, f.Members, Blocks(f), Attention(f), string.Join(", ", f.LinearModules)]),
        .. TextEncoderFamily.All.Select(
            f => (string[])[f.ModelType, f.Members, "layer norm of sums, gelu", AttentionOf(f), "sentence encoder"]),
    ];

    private static string Blocks(ModelFamily family) => Joined(
        family.LayerNorm ? "layer norm" : family.NormOffset != 0 ? "RMS norm of weight + 1" : "RMS norm",
        family.Names.AttentionOutputNorm is null ? null : family.Names.AttentionNorm is null ? "of outputs alone" : "of inputs and outputs",
        family.MayBeParallel || family.ReadsDecoderArchitecture ? "parallel blocks" : null,
        (family.Gated ? "gated " : "") + (family.UsualActivation switch
        {
            Activation.Gelu => "gelu",
            Activation.GeluTanh => "gelu (tanh)",
            _ => "silu",
        }),
        family.Mixture is null ? null : "mixture of experts",
        family.ScalesEmbedding ? "scaled embeddings" : null,
        family.ReadsMultipliers ? "four multipliers" : null,
        family.ReadsSoftcaps ? "capped logits" : null);

    private static string Attention(ModelFamily family) => Joined(
        Positions(family),
        family.QueryKeyNorm switch
        {
            HeadNorm.EachHead => "norm of each query and key head",
            HeadNorm.AllHeads => "norm over all query and all key heads",
            _ => null,
        },
        family.Windows == WindowRule.Never ? null : "sliding windows",
        family.ReadsSoftcaps ? "capped scores" : null,
        family.UsuallyBiased && (family.FixedBiases | family.UsualBiases).HasFlag(BiasPlacement.QueryKeyValue) ? "biases"
            : family.AttentionBias == ConfigKey.Read || family.BiasKey is not null ? "biases where asked"
            : null);

    private static string AttentionOf(TextEncoderFamily family) => Joined(
        "both directions",
        family.CountsFromPadding ? "learned positions behind the padding token's id" : "learned positions",
        family.HasTypes ? "token types" : null,
        "biases");

    private static string Positions(ModelFamily family)
    {
        if (family.Names.Positions is not null)
            return "learned positions";
        var share = family.UsualRotaryShare switch
        {
            null => "",
            1 => " (a share of each head where asked)",
            { } usual => string.Create(CultureInfo.InvariantCulture, $" ({usual} of each head where nothing is asked)"),
        };
        var others = family.ReadsNoRopeLayers ? ", some layers without"
            : family.UsualLocalRopeTheta is null ? ""
            : ", another base in windows";
        return $"rotary positions{share}{others}";
    }

    private static string Joined(params IEnumerable<string?> parts) => string.Join(", ", parts.Where(p => p is not null));
}
