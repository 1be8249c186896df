using System.ComponentModel;
using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>At which state of a model an example is measured.</summary>
public enum MeasuredAt
{
    /// <summary>The model as it is, or the data probes.</summary>
    Model,

    /// <summary>Every checkpoint of a short training on the pool; the mean counts.</summary>
    Trajectory,
}

/// <summary>Options of <see cref="El2nSelector"/>.</summary>
public sealed record El2nOptions : TokenScoreOptions
{
    /// <summary>At which state of the model. Default <see cref="MeasuredAt.Model"/>.</summary>
    [Description("model (as it is), or trajectory: the mean over the checkpoints of a short training on the pool")]
    public MeasuredAt At { get; init; } = MeasuredAt.Model;

    /// <summary>What the method reads.</summary>
    internal FeatureNeeds Needs => At == MeasuredAt.Model ? FeatureNeeds.TokenStatistics : FeatureNeeds.TrajectoryStatistics;

    /// <summary>Checks the options together.</summary>
    /// <exception cref="PursuitException">A share is left out by a measure that a trajectory hasn't.</exception>
    internal void Validate()
    {
        if (At == MeasuredAt.Trajectory && LeaveExcess != 0)
            throw PursuitException.At(
                "el2n.leave-excess", FormattableString.Invariant($"{LeaveExcess} with el2n.at=trajectory"),
                "0: the excess is measured at one model");
    }
}

/// <summary>
/// The mean over tokens of ||p - onehot(y)|| = sqrt(sum p^2 - 2 p_y + 1) (Paul et al., "Deep Learning on a Data Diet", NeurIPS
/// 2021, arXiv 2107.07075; per token as in Marion et al., arXiv 2309.04564).
/// </summary>
internal sealed class El2nSelector : TokenMeanSelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "el2n";

    private readonly El2nOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public El2nSelector(El2nOptions options)
        : base(Name, options)
    {
        options.Validate();
        _options = options;
    }

    private protected override AlignedMeasures Measure(SelectionProblem problem, CancellationToken cancellationToken)
    {
        if (_options.At == MeasuredAt.Model) return base.Measure(problem, cancellationToken);
        var checkpoints = Trajectory(problem);
        var sums = new double[problem.ContentIds.Count];
        foreach (var checkpoint in checkpoints)
        {
            var own = AlignedMeasures.Measure(checkpoint, MeanOf, value => value, cancellationToken).Values;
            for (var i = 0; i < sums.Length; i++) sums[i] += own[i];
        }

        return new AlignedMeasures([.. sums.Select(sum => sum / checkpoints.Count)], null, null);
    }

    /// <inheritdoc/>
    protected override double MeanOf(TokenStatisticsRow row)
    {
        var (sum, count) = (0.0, 0);
        for (var t = 0; t < row.Tokens.Length; t++)
        {
            if (!Counts(row, t)) continue;
            // Rounding may leave a certain prediction a hair below 0.
            sum += Math.Sqrt(Math.Max(0, row.SquareSum[t] - 2 * Math.Exp(row.LogProbability[t]) + 1));
            count++;
        }

        return count == 0 ? double.NaN : sum / count;
    }
}
