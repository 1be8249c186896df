using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>Options of <see cref="ExcessSelector"/>; garbled text has a large excess, so the bottom is the default.</summary>
public sealed record ExcessOptions : TokenScoreOptions
{
    /// <summary>The defaults.</summary>
    public ExcessOptions() => Band = Band.Bottom;
}

/// <summary>
/// The mean of -log p(w_t) - H(p_t): how much more a text surprises the probe than the probe expected to be surprised. A text that
/// is as the probe's predictions say has 0 in expectation, be it easy or hard; garbled text lies far above. The measure is ours.
/// </summary>
internal sealed class ExcessSelector(ExcessOptions options) : TokenMeanSelector(Name, options)
{
    /// <summary>The method's name.</summary>
    public const string Name = "excess";

    /// <inheritdoc/>
    protected override double MeanOf(TokenStatisticsRow row) => MeanExcess(row);
}
