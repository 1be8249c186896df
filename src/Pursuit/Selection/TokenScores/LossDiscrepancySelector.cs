using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>Options of <see cref="LossDiscrepancySelector"/>.</summary>
public sealed record LossDiscrepancyOptions : TokenScoreOptions;

/// <summary>
/// |loss under the probe model - loss under a reference| (Chen et al., "Beyond Efficiency: Molecular Data Pruning for Enhanced
/// Generalization", NeurIPS 2024, arXiv 2409.01081, where the reference is a moving average of the weights).
/// </summary>
internal sealed class LossDiscrepancySelector(LossDiscrepancyOptions options) : TokenMeanSelector(Name, options)
{
    /// <summary>The method's name.</summary>
    public const string Name = "loss-discrepancy";

    /// <inheritdoc/>
    protected override double MeanOf(TokenStatisticsRow row) => -Mean(row, row.LogProbability);

    private protected override AlignedMeasures Measure(SelectionProblem problem, CancellationToken cancellationToken)
    {
        var own = base.Measure(problem, cancellationToken);
        var reference = problem.Statistics.Reference
            ?? throw PursuitException.At(Name, "no statistics of a reference model", "some", $"Give {ApiName.ReferenceModel}.");
        var other = AlignedMeasures.Measure(reference, MeanOf, value => value, cancellationToken).Values;
        return own with { Values = [.. own.Values.Select((value, i) => Math.Abs(value - other[i]))] };
    }
}
