namespace Pursuit.Selection.Pursuits;

/// <summary>What a pursuit ends with: the support of the best debiased iterate, and how it came there.</summary>
internal sealed record PursuitOutcome
{
    /// <summary>Positions in the pool, [n].</summary>
    public required int[] Positions { get; init; }

    /// <summary>W, [J][n].</summary>
    public required double[][] Weights { get; init; }

    /// <summary>sum_j ||R_j||^2 + lam ||W||^2 + (1/b) sum_j (sum_i W_ij ||phi_i||)^2.</summary>
    public required double Objective { get; init; }

    /// <summary>R, [J, D].</summary>
    public required float[] Residual { get; init; }

    /// <summary>Every recorded iterate.</summary>
    public required IReadOnlyList<PursuitIteration> Iterations { get; init; }

    /// <summary>Why it ended.</summary>
    public required StopReason Reason { get; init; }

    /// <summary>How far the weights are from their optimality conditions (<see cref="ExactFit.Violation(SupportSet)"/>).</summary>
    public required double Violation { get; init; }
}
