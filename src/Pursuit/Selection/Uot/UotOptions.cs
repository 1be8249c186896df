using System.ComponentModel;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Uot;

/// <summary>Options of <c>uot</c>. The defaults are the authors'.</summary>
public sealed record UotOptions
{
    /// <summary>The entropy's weight: how far the plan is spread. Default 0.01; range above 0, at least 0.002.</summary>
    [Description("how far the plan is spread (the entropy's weight), 0.002 or more")]
    public double Epsilon { get; init; } = 0.01;

    /// <summary>
    /// What it costs a row to take more or less than an equal share. Default 0.0001; range 0 or more; 0 asks nothing of rows.
    /// </summary>
    [Description("what it costs a row to take more or less than an equal share, 0 or more")]
    public double Spread { get; init; } = 0.0001;

    /// <summary>
    /// What rows and targets are divided by. Default: <see cref="RowNormalization.Checkpoint"/>, the cosine per checkpoint.
    /// </summary>
    [Description("what gradients are divided by: checkpoint (the cosine per checkpoint) or row")]
    [OptionName("normalise")]
    public RowNormalization Normalize { get; init; } = RowNormalization.Checkpoint;

    internal RowConstruction Rows => new(Normalize, 0);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate()
    {
        // exp(-1 / epsilon) of the largest cost must stay a number.
        if (!(Epsilon >= 0.002) || !double.IsFinite(Epsilon))
            throw PursuitException.At("uot.epsilon", FormattableString.Invariant($"{Epsilon}"), "0.002 or more");
        if (!(Spread >= 0) || !double.IsFinite(Spread))
            throw PursuitException.At("uot.spread", FormattableString.Invariant($"{Spread}"), "0 or more");
        if (Normalize == RowNormalization.None)
            throw PursuitException.At("uot.normalise", "none", "checkpoint or row: costs are made of cosines");
    }
}
