using System.ComponentModel;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>Options of <see cref="IfdSelector"/>.</summary>
public sealed record IfdOptions
{
    /// <summary>Which part is kept. Default <see cref="Band.Top"/>.</summary>
    [Description("which values are kept first: top, middle or bottom")]
    public Band Band { get; init; } = Band.Top;

    /// <summary>Leave out examples whose question makes the answer less likely (above 1). Default true, as in the paper.</summary>
    [Description("leave out examples above 1: their question makes the answer less likely")]
    public bool DropAboveOne { get; init; } = true;
}

/// <summary>
/// Instruction-following difficulty: mean loss of the answer behind its question over its mean loss alone (Li et al., "From
/// Quantity to Quality", NAACL 2024, arXiv 2308.12032).
/// </summary>
internal sealed class IfdSelector(IfdOptions options) : TokenMeanSelector(Name, new TokenScoreOptions { Band = options.Band })
{
    /// <summary>The method's name.</summary>
    public const string Name = "ifd";

    /// <inheritdoc/>
    protected override string Needed =>
        options.DropAboveOne ? $"{AnswerScores.Needed} that the question makes likelier" : AnswerScores.Needed;

    /// <inheritdoc/>
    protected override double MeanOf(TokenStatisticsRow row)
    {
        var (behind, alone) = AnswerScores.Means(row);
        var ratio = behind / alone; // 0 / 0 where the model is certain of both: no measure
        return options.DropAboveOne && ratio > 1 ? double.NaN : double.IsFinite(ratio) ? ratio : double.NaN;
    }
}
