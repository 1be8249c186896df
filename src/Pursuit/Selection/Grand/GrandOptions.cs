using System.ComponentModel;

namespace Pursuit.Selection.Grand;

/// <summary>Options of <c>grand</c>.</summary>
public sealed record GrandOptions
{
    /// <summary>Which end of the order is kept. Default: <see cref="GrandKeep.Largest"/>, the paper's.</summary>
    [Description("which end is kept: largest (the paper's) or smallest gradients")]
    public GrandKeep Keep { get; init; } = GrandKeep.Largest;
}

/// <summary>Which end of the order by gradient norm is kept.</summary>
public enum GrandKeep
{
    /// <summary>The largest first.</summary>
    Largest,

    /// <summary>The smallest first.</summary>
    Smallest,
}
