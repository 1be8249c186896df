using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>Options of <see cref="MarginSelector"/>; a small margin is an unsure model, so the bottom is the default.</summary>
public sealed record MarginOptions : TokenScoreOptions
{
    /// <summary>The defaults.</summary>
    public MarginOptions() => Band = Band.Bottom;
}

/// <summary>The mean of the largest probability less the second largest before each token (margin sampling).</summary>
/// <param name="options">The options.</param>
/// <param name="name">The method that measures, for messages.</param>
internal sealed class MarginSelector(MarginOptions options, string name = MarginSelector.Name) : TokenMeanSelector(name, options)
{
    /// <summary>The method's name.</summary>
    public const string Name = "margin";

    /// <inheritdoc/>
    protected override double MeanOf(TokenStatisticsRow row) => Mean(row, row.Margin);
}
