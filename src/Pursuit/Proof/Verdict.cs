namespace Pursuit.Proof;

/// <summary>What a paired difference shows.</summary>
public enum Verdict
{
    /// <summary>The interval holds zero, or there is none.</summary>
    NoDifferenceShown,

    /// <summary>The whole interval lies on the better side of zero.</summary>
    Better,

    /// <summary>The whole interval lies on the worse side of zero.</summary>
    Worse,
}

/// <summary>Verdicts in words.</summary>
internal static class Verdicts
{
    /// <summary>What a difference (method less reference) shows.</summary>
    /// <param name="difference">The paired difference.</param>
    /// <param name="lowerIsBetter">True for a loss, false for a score.</param>
    public static Verdict Of(Interval difference, bool lowerIsBetter) => difference switch
    {
        { Low: > 0 } => lowerIsBetter ? Verdict.Worse : Verdict.Better,
        { High: < 0 } => lowerIsBetter ? Verdict.Better : Verdict.Worse,
        _ => Verdict.NoDifferenceShown,
    };

    /// <summary>"better", "worse" or "no difference shown".</summary>
    public static string Word(this Verdict verdict) => verdict switch
    {
        Verdict.Better => "better",
        Verdict.Worse => "worse",
        _ => "no difference shown",
    };
}
