using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>
/// Base of the methods whose measure is a mean over an example's tokens by one model, or by two probes whose means are brought to one
/// scale.
/// </summary>
/// <param name="name">The method's name, for messages.</param>
/// <param name="options">The options that all such methods share.</param>
internal abstract class TokenMeanSelector(string name, TokenScoreOptions options) : TokenScoreSelector(name, options)
{
    private protected override AlignedMeasures Measure(SelectionProblem problem, CancellationToken cancellationToken) =>
        AlignedMeasures.Measure(Statistics(problem), row => MeanOf(row), value => Final(value), cancellationToken);

    /// <summary>The mean over an example's tokens; NaN where it has none to measure.</summary>
    /// <param name="row">Its statistics.</param>
    protected abstract double MeanOf(TokenStatisticsRow row);

    /// <summary>The measure from an aligned mean.</summary>
    protected virtual double Final(double mean) => mean;
}
