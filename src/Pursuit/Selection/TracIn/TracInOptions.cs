using System.ComponentModel;

namespace Pursuit.Selection.TracIn;

/// <summary>Options of <c>tracin</c>.</summary>
public sealed record TracInOptions
{
    /// <summary>Subtract the pool's mean from rows and targets first. Default false, as in the paper.</summary>
    [Description("subtract the pool's mean gradient from pool and target")]
    public bool Centre { get; init; }
}
