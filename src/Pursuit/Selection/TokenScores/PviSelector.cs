using System.ComponentModel;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>Options of <see cref="PviSelector"/>.</summary>
public sealed record PviOptions
{
    /// <summary>Which part is kept. Default <see cref="Band.Top"/>: low values are often mislabelled.</summary>
    [Description("which values are kept first: top, middle or bottom")]
    public Band Band { get; init; } = Band.Top;

    /// <summary>Over an answer's tokens, their mean or their sum. Default <see cref="Normalize.Mean"/>.</summary>
    [Description("over an answer's tokens: mean, or sum (the whole answer as one label)")]
    public Normalize Normalize { get; init; } = Normalize.Mean;
}

/// <summary>
/// Pointwise usable information in bits: log2 p(answer | question) - log2 p(answer) (Ethayarajh et al., "Understanding Dataset
/// Difficulty with V-Usable Information", ICML 2022, arXiv 2110.08420), one model in place of two fine-tuned ones.
/// </summary>
internal sealed class PviSelector(PviOptions options) : TokenMeanSelector(Name, new TokenScoreOptions { Band = options.Band })
{
    /// <summary>The method's name.</summary>
    public const string Name = "pvi";

    /// <inheritdoc/>
    protected override string Needed => AnswerScores.Needed;

    /// <inheritdoc/>
    protected override double MeanOf(TokenStatisticsRow row)
    {
        var (behind, alone) = AnswerScores.Means(row);
        return (behind - alone) / Math.Log(2) * (options.Normalize == Normalize.Sum ? row.AnswerAlone.Length : 1);
    }
}

/// <summary>How numbers per token make one per example.</summary>
public enum Normalize
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,
}
