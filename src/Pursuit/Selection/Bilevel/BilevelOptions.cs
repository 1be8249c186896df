using System.ComponentModel;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Bilevel;

/// <summary>Options of <c>bilevel</c>.</summary>
public sealed record BilevelOptions
{
    /// <summary>
    /// Examples that have a probability; the others can't be chosen before all of these are. Default 2048; range 2 to 16384.
    /// </summary>
    [Description("examples that are considered, 2 to 16384: those most like the target, or drawn where there is none")]
    public int Candidates { get; init; } = 2048;

    /// <summary>Steps of the outer problem. Default 300; range 1 to 100000.</summary>
    [Description("steps of the probabilities, 1 to 100000")]
    public int Iterations { get; init; } = 300;

    /// <summary>Coresets drawn per step. Default 8; range 2 to 1000.</summary>
    [Description("coresets drawn and fitted per step, 2 to 1000")]
    public int Samples { get; init; } = 8;

    /// <summary>Adam's learning rate. Default 0.05, the paper's; above 0, at most 1.</summary>
    [Description("Adam's learning rate for the probabilities, above 0 and at most 1")]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>The inner fit's ridge as a multiple of the candidates' mean squared norm. Default 0.01; range 1e-6 or more.</summary>
    [Description("the inner fit's ridge as a multiple of the candidates' mean squared norm, 1e-6 or more")]
    public double Ridge { get; init; } = 0.01;

    /// <summary>
    /// What rows and targets are divided by. Default: <see cref="RowNormalization.Checkpoint"/>, the cosine per checkpoint.
    /// </summary>
    [Description("what gradients are divided by: checkpoint, row or none")]
    [OptionName("normalise")]
    public RowNormalization Normalize { get; init; } = RowNormalization.Checkpoint;

    internal RowConstruction Rows => new(Normalize, 0);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate()
    {
        if (Candidates is < 2 or > 16384)
            throw PursuitException.At("bilevel.candidates", FormattableString.Invariant($"{Candidates}"), "2 to 16384");
        if (Iterations is < 1 or > 100_000)
            throw PursuitException.At("bilevel.iterations", FormattableString.Invariant($"{Iterations}"), "1 to 100000");
        if (Samples is < 2 or > 1000)
            throw PursuitException.At("bilevel.samples", FormattableString.Invariant($"{Samples}"), "2 to 1000");
        if (!(LearningRate is > 0 and <= 1))
            throw PursuitException.At("bilevel.learning-rate", FormattableString.Invariant($"{LearningRate}"), "above 0 and at most 1");
        if (!(Ridge >= 1e-6) || !double.IsFinite(Ridge))
            throw PursuitException.At("bilevel.ridge", FormattableString.Invariant($"{Ridge}"), "0.000001 or more");
    }
}
