namespace Pursuit.Selection.Pursuits;

/// <summary>Why a pursuit ended.</summary>
public enum StopReason
{
    /// <summary>No row outside the support points toward the residual: the optimality conditions hold.</summary>
    Optimal,

    /// <summary>The relative residual fell below the one asked.</summary>
    ResidualReached,

    /// <summary>The residual fell by less than the tolerance.</summary>
    NoProgress,

    /// <summary>The support came back unchanged.</summary>
    SupportUnchanged,

    /// <summary>Every group's residual is within the target's sampling noise.</summary>
    NoiseFloor,

    /// <summary>The residual on the held-out half of the target stopped falling.</summary>
    HeldOut,

    /// <summary>The budget is full (methods that add one row at a time).</summary>
    BudgetFull,

    /// <summary>The iterations ran out first.</summary>
    IterationLimit,
}
