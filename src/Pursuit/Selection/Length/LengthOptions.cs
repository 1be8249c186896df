using System.ComponentModel;

namespace Pursuit.Selection.Length;

/// <summary>Options of <c>length</c>.</summary>
public sealed record LengthOptions
{
    /// <summary>Which end of the order is kept. Default: <see cref="LengthKeep.Longest"/>.</summary>
    [Description("which end is kept: longest or shortest")]
    public LengthKeep Keep { get; init; } = LengthKeep.Longest;

    /// <summary>What is measured. Default: <see cref="LengthOf.Answer"/>, the supervised tokens.</summary>
    [Description("what is measured: answer (supervised tokens) or whole (all tokens)")]
    public LengthOf Of { get; init; } = LengthOf.Answer;
}

/// <summary>Which end of the order by length is kept.</summary>
public enum LengthKeep
{
    /// <summary>The longest first.</summary>
    Longest,

    /// <summary>The shortest first.</summary>
    Shortest,
}

/// <summary>What of an example is measured.</summary>
public enum LengthOf
{
    /// <summary>The tokens loss is taken on.</summary>
    Answer,

    /// <summary>All tokens.</summary>
    Whole,
}
