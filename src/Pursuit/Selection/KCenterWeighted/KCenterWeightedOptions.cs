using System.ComponentModel;

namespace Pursuit.Selection.KCenterWeighted;

/// <summary>Options of <c>kcenter-weighted</c>.</summary>
public sealed record KCenterWeightedOptions
{
    /// <summary>
    /// What a chosen set's mean margin of 1 costs, in units of the largest distance of any row to the traversal's first one. Default 1;
    /// range 0 or more; 0 is <c>kcenter</c>.
    /// </summary>
    [Description("what certainty costs against distance: a mean margin of 1 costs this many times the pool's radius; 0 is kcenter")]
    public double Weight { get; init; } = 1;

    /// <summary>
    /// Radii are tried in steps of 1 + epsilon: the choice is within 3 (1 + epsilon) of the best. Default 0.1; range 0.001 to 1.
    /// </summary>
    [Description("radii are tried in steps of 1 + this, 0.001 to 1: the choice costs at most 3 (1 + this) times the best one")]
    public double Epsilon { get; init; } = 0.1;

    /// <summary>Divide each embedding by its norm. Default false.</summary>
    [Description("divide each embedding by its norm first")]
    public bool Unit { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate()
    {
        if (!(Weight >= 0) || !double.IsFinite(Weight))
            throw PursuitException.At("kcenter-weighted.weight", FormattableString.Invariant($"{Weight}"), "0 or more");
        if (!(Epsilon is >= 0.001 and <= 1))
            throw PursuitException.At("kcenter-weighted.epsilon", FormattableString.Invariant($"{Epsilon}"), "0.001 to 1");
    }
}
