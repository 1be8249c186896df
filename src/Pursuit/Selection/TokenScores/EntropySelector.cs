using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>Options of <see cref="EntropySelector"/>.</summary>
public sealed record EntropyOptions : TokenScoreOptions;

/// <summary>The probe model's mean entropy before each token: how unsure it is, whatever comes (uncertainty sampling).</summary>
internal sealed class EntropySelector(EntropyOptions options) : TokenMeanSelector(Name, options)
{
    /// <summary>The method's name.</summary>
    public const string Name = "entropy";

    /// <inheritdoc/>
    protected override double MeanOf(TokenStatisticsRow row) => Mean(row, row.Entropy);
}
