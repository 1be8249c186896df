using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>Options of <see cref="PerplexitySelector"/>; the middle is the default, as that paper finds best.</summary>
public sealed record PerplexityOptions : TokenScoreOptions
{
    /// <summary>The defaults.</summary>
    public PerplexityOptions() => Band = Band.Middle;
}

/// <summary>
/// exp(-mean log p) under a probe model (Marion et al., "When Less is More: Investigating Data Pruning for Pretraining LLMs at
/// Scale", arXiv 2309.04564).
/// </summary>
internal sealed class PerplexitySelector(PerplexityOptions options) : TokenMeanSelector(Name, options)
{
    /// <summary>The method's name.</summary>
    public const string Name = "perplexity";

    /// <inheritdoc/>
    protected override double MeanOf(TokenStatisticsRow row) => -Mean(row, row.LogProbability);

    /// <inheritdoc/>
    protected override double Final(double mean) => Math.Exp(mean);
}
