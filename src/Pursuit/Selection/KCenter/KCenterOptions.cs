using System.ComponentModel;

namespace Pursuit.Selection.KCenter;

/// <summary>Options of <c>kcenter</c>.</summary>
public sealed record KCenterOptions
{
    /// <summary>Divide each embedding by its norm. Default false.</summary>
    [Description("divide each embedding by its norm first")]
    public bool Unit { get; init; }
}
