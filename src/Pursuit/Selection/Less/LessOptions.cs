using System.ComponentModel;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Less;

/// <summary>Options of <c>less</c>. The defaults are the paper's.</summary>
public record LessOptions
{
    /// <summary>
    /// What rows and targets are divided by. Default: <see cref="RowNormalization.Checkpoint"/>, the cosine per checkpoint.
    /// </summary>
    [Description("what gradients are divided by: checkpoint (the paper's cosine), row or none")]
    [OptionName("normalise")]
    public RowNormalization Normalize { get; init; } = RowNormalization.Checkpoint;

    /// <summary>Norms below this quantile of the pool's count as it. Default 0 (the paper's exact cosine); range [0, 1).</summary>
    [Description("norms below this quantile of the pool's count as it, 0 to below 1; 0 is the paper's exact cosine")]
    public double NormFloor { get; init; }

    /// <summary>Subtract the pool's mean from rows and targets first. Default false, as in the paper.</summary>
    [Description("subtract the pool's mean gradient from pool and target")]
    public bool Centre { get; init; }

    internal RowConstruction Rows => new(Normalize, NormFloor);

    /// <summary>Checks the ranges.</summary>
    /// <param name="method">Whose options they are, for messages.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate(string method)
    {
        if (!(NormFloor is >= 0 and < 1))
            throw PursuitException.At($"{method}.norm-floor", $"{NormFloor}", "0 to below 1");
    }
}
