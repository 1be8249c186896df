using System.ComponentModel;

namespace Pursuit.Selection.Bm25;

/// <summary>Options of <c>bm25</c>.</summary>
public sealed record Bm25Options
{
    /// <summary>How fast a word's repetitions stop counting. Default 1.2; range 0 or more; 0 counts a word once.</summary>
    [Description("how fast a word's repetitions stop counting, 0 or more; 0 counts each word once")]
    public double K1 { get; init; } = 1.2;

    /// <summary>How much long examples are held back. Default 0.75; range 0 (not at all) to 1.</summary>
    [Description("how much long examples are held back, 0 (not at all) to 1")]
    public double B { get; init; } = 0.75;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public void Validate()
    {
        if (!(K1 >= 0) || !double.IsFinite(K1)) throw PursuitException.At("bm25.k1", FormattableString.Invariant($"{K1}"), "0 or more");
        if (!(B is >= 0 and <= 1)) throw PursuitException.At("bm25.b", FormattableString.Invariant($"{B}"), "0 to 1");
    }
}
