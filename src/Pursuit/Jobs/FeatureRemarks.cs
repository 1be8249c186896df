using System.Globalization;

namespace Pursuit.Jobs;

/// <summary>What a person should know of how features were made.</summary>
internal static class FeatureRemarks
{
    /// <summary>Cosine above which a checkpoint tells nothing new (methods: LESS uses four, and never looks).</summary>
    private const double SameFeatures = 0.98;

    private const double MuchEpsilon = 0.5;

    public static IEnumerable<string> Of(FeatureReport? report) => report switch
    {
        GradientReport gradients => Of(gradients),
        EmbeddingReport embeddings => Of(embeddings),
        _ => [],
    };

    private static IEnumerable<string> Of(EmbeddingReport report)
    {
        if (report.Cut > 0) yield return Longer(report.Cut, report.MaxLength, "embedded");
        if (report.Refused > 0)
            yield return Refused(report.Refused, "their embedding is zero");
        if (report.WithoutTokens > report.Refused)
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{report.WithoutTokens - report.Refused:N0} examples have no {(report.Encoder is null ? "token to pool" : "text")}: "
                    + $"their embedding is zero");
    }

    private static string Longer(int examples, int length, string done)
    {
        var (what, were) = examples == 1 ? ("example is", "was") : ("examples are", "were");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{examples:N0} {what} longer than the maximum length of {length:N0} tokens and {were} {done} without what is over");
    }

    private static IEnumerable<string> Of(GradientReport report)
    {
        foreach (var checkpoint in report.Checkpoints.Where(c => c.CosineToPrevious > SameFeatures))
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"checkpoint {checkpoint.Name} gives nearly the features of the one before (cosine {checkpoint.CosineToPrevious:0.000}): "
                    + $"it adds cost and nothing else; fewer will do (features.checkpoints)");
        if (report.Checkpoints.Max(c => c.EpsilonShare) is { } share and > MuchEpsilon)
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"eps decides the preconditioning of {share:0%} of the coordinates, whose second moments are smaller; "
                    + $"a smaller one may tell more (features.epsilon)");
        if (report is { Cut: > 0 and var cut, MaxLength: { } length }) yield return Longer(cut, length, "described");
        if (report.Refused > 0)
            yield return Refused(report.Refused, "their gradient is zero and gradient methods never choose them");
        if (report.WithoutAnswer > report.Refused)
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{report.WithoutAnswer - report.Refused:N0} examples have no answer to learn within the maximum length: "
                    + $"their gradient is zero and gradient methods never choose them");
    }

    private static string Refused(int count, string consequence) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"the model's chat template refuses {count:N0} examples: {consequence} (inspect them to see why)");
}
