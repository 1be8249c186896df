namespace Pursuit.Numerics;

/// <summary>When <see cref="NonNegativeLeastSquares"/> stops.</summary>
public sealed record NnlsOptions
{
    /// <summary>
    /// Largest violation of the optimality conditions accepted, relative to the largest |A^T B|; default 1e-8, range 0 to 1.
    /// </summary>
    public double Tolerance { get; init; } = 1e-8;

    /// <summary>Sweeps over all coordinates at most; default 1000, 1 or more.</summary>
    public int MaxSweeps { get; init; } = 1000;

    /// <summary>
    /// Sweeps between exact solves on the current support by Cholesky, which end what sweeps alone approach slowly;
    /// default 10, 0 means never.
    /// </summary>
    public int SweepsPerExactSolve { get; init; } = 10;

    /// <summary>Largest support solved exactly; default 2000. A solve costs its cube over three.</summary>
    public int MaxExactSupport { get; init; } = 2000;

    /// <summary>Checks every option.</summary>
    /// <exception cref="PursuitException">Lists all faults.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (!(Tolerance is >= 0 and <= 1))
            faults.Add(FormattableString.Invariant($"Tolerance is {Tolerance}; expected 0 to 1"));
        if (MaxSweeps < 1)
            faults.Add($"MaxSweeps is {MaxSweeps}; expected 1 or more");
        if (SweepsPerExactSolve < 0)
            faults.Add($"SweepsPerExactSolve is {SweepsPerExactSolve}; expected 0 or more");
        if (MaxExactSupport < 0)
            faults.Add($"MaxExactSupport is {MaxExactSupport}; expected 0 or more");
        if (faults.Count > 0)
            throw new PursuitException("NnlsOptions: " + string.Join("; ", faults) + ".");
    }
}

/// <summary>How a non-negative least squares problem ended.</summary>
/// <param name="Sweeps">Sweeps over all coordinates.</param>
/// <param name="ExactSolves">Supports solved by Cholesky and accepted.</param>
/// <param name="Violation">Largest violation of the optimality conditions, relative to the largest |A^T B|.</param>
/// <param name="Converged">True when the violation is within the tolerance.</param>
public sealed record NnlsResult(int Sweeps, int ExactSolves, double Violation, bool Converged);
