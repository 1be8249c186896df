using System.ComponentModel;
using Pursuit.Selection.Length;

namespace Pursuit.Selection.TokenScores;

/// <summary>Which part of the order by a measure is kept first.</summary>
public enum Band
{
    /// <summary>The largest values.</summary>
    Top,

    /// <summary>Those nearest the middle of the order, on either side.</summary>
    Middle,

    /// <summary>The smallest values.</summary>
    Bottom,
}

/// <summary>What the methods over token statistics share. Each one's defaults are its own.</summary>
public record TokenScoreOptions
{
    /// <summary>Which part is kept. Default <see cref="Band.Top"/> where the method doesn't say otherwise.</summary>
    [Description("which values are kept first: top, middle or bottom")]
    public Band Band { get; init; } = Band.Top;

    /// <summary>Which tokens count. Default <see cref="LengthOf.Answer"/>: those that are trained, which of a text is all.</summary>
    [Description("which tokens count: answer (those trained; of a text all) or whole")]
    public LengthOf Of { get; init; } = LengthOf.Answer;

    /// <summary>
    /// Share of the examples that is left out before the band is kept: those of the largest excess (<c>excess</c>), which
    /// are
    /// mostly garbled. Default 0; 0 to below 1.
    /// </summary>
    [Description(
        "share left out first, those more surprising than the probe expected (see excess), which are mostly garbled; "
        + "0 to below 1")]
    public double LeaveExcess { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <param name="method">The method, for the message.</param>
    /// <exception cref="PursuitException">The share is out of range.</exception>
    internal void Validate(string method)
    {
        if (LeaveExcess is < 0 or >= 1)
            throw new PursuitException(
                FaultKind.Option, FormattableString.Invariant($"{method}.leave-excess: {LeaveExcess}; expected 0 to below 1."));
    }
}
