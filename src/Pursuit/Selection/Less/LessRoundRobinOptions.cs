using System.ComponentModel;

namespace Pursuit.Selection.Less;

/// <summary>Options of <c>less-round-robin</c>.</summary>
public sealed record LessRoundRobinOptions : LessOptions
{
    /// <summary>Who takes turns. Default <see cref="LessTurns.Examples"/>.</summary>
    [Description("who takes turns: the target's examples, as in comparisons of the field, or its groups")]
    public LessTurns Turns { get; init; } = LessTurns.Examples;
}

/// <summary>Who takes turns in <c>less-round-robin</c>.</summary>
public enum LessTurns
{
    /// <summary>Every target example.</summary>
    Examples,

    /// <summary>Every group of target examples, by the mean of its examples.</summary>
    Groups,
}
