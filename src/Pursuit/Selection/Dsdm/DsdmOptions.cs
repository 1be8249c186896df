using System.ComponentModel;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Dsdm;

/// <summary>Options of <c>dsdm</c>.</summary>
public sealed record DsdmOptions
{
    /// <summary>
    /// The ridge as a multiple of the second moment's mean eigenvalue, per checkpoint. Default 0.1; range 1e-6 or more.
    /// </summary>
    [Description("the ridge as a multiple of the second moment's mean eigenvalue, 1e-6 or more; a large one leaves plain inner products")]
    public double Ridge { get; init; } = 0.1;

    /// <summary>What rows and targets are divided by. Default: <see cref="RowNormalization.None"/>, as in TRAK.</summary>
    [Description("what gradients are divided by: checkpoint, row or none (TRAK's)")]
    [OptionName("normalise")]
    public RowNormalization Normalize { get; init; } = RowNormalization.None;

    /// <summary>Norms below this quantile of the pool's count as it, where gradients are divided. Default 0; range [0, 1).</summary>
    [Description("norms below this quantile of the pool's count as it, 0 to below 1")]
    public double NormFloor { get; init; }

    internal RowConstruction Rows => new(Normalize, NormFloor);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate()
    {
        if (!(Ridge >= 1e-6) || !double.IsFinite(Ridge))
            throw PursuitException.At("dsdm.ridge", FormattableString.Invariant($"{Ridge}"), "0.000001 or more");
        if (!(NormFloor is >= 0 and < 1))
            throw PursuitException.At("dsdm.norm-floor", FormattableString.Invariant($"{NormFloor}"), "0 to below 1");
    }
}
