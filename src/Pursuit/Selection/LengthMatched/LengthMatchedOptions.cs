using System.ComponentModel;

namespace Pursuit.Selection.LengthMatched;

/// <summary>Options of <c>length-matched-random</c>.</summary>
public sealed record LengthMatchedOptions
{
    /// <summary>Bins of equal reference mass. Default 10; range 1 to 1000.</summary>
    [Description("length bins of equal reference mass, 1 to 1000")]
    public int Bins { get; init; } = 10;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate()
    {
        if (Bins is < 1 or > 1000)
            throw PursuitException.At("length-matched-random.bins", $"{Bins}", "1 to 1000");
    }
}
