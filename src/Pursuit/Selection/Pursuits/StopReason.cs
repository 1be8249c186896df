namespace Pursuit.Selection.Pursuits;

/// <summary>Why a pursuit ended.</summary>
public enum StopReason
{
    /// <summary>
    /// No row helps: after a fit to the end, the optimality conditions hold for every row of the pool that may be chosen.
    /// </summary>
    Optimal,

    /// <summary>The relative residual fell below the one asked.</summary>
    ResidualReached,

    /// <summary>The objective fell by less than the tolerance.</summary>
    NoProgress,

    /// <summary>The support came back unchanged.</summary>
    SupportUnchanged,

    /// <summary>Every group's residual is within the target's sampling noise, or no row helps those whose isn't.</summary>
    NoiseFloor,

    /// <summary>The residual on the held-out half of the target stopped falling.</summary>
    HeldOut,

    /// <summary>The budget is full.</summary>
    BudgetFull,

    /// <summary>The iterations ran out first.</summary>
    IterationLimit,
}
