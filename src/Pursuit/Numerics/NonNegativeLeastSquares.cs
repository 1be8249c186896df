namespace Pursuit.Numerics;

/// <summary>
/// Non-negative least squares on a Gram matrix, for several right-hand sides at once:
/// U = argmin over U >= 0 of ||A U - B||^2 + ridge ||U||^2, given G = A^T A and C = A^T B.
/// </summary>
/// <remarks>
/// Cyclic coordinate descent with the gradient kept up to date (one column of G per changed coordinate), warm-started;
/// now and then the free coordinates (positive, or pulled upwards) are solved exactly by Cholesky and the result is taken
/// where it stays non-negative. Optimal when the gradient (G + ridge) U - C is 0 where U is positive and not negative where
/// U is 0. The right-hand sides don't influence each other's bits.
/// </remarks>
public static class NonNegativeLeastSquares
{
    /// <summary>Solves; right-hand side by right-hand side, so a column's result doesn't depend on the others.</summary>
    /// <param name="gram">G: row i starts at i * leading; symmetric.</param>
    /// <param name="leading">Numbers from one row of G to the next, at least size; so that a growing G keeps its memory.</param>
    /// <param name="size">Columns of A.</param>
    /// <param name="linear">C, [rightCount, size]: each right-hand side in one piece.</param>
    /// <param name="rightCount">Right-hand sides.</param>
    /// <param name="ridge">Added to the diagonal of G; 0 or more.</param>
    /// <param name="options">When to stop.</param>
    /// <param name="solution">U, [rightCount, size]: on entry the starting point (negative entries count as 0), on return the solution.</param>
    /// <returns>The worst of the right-hand sides.</returns>
    /// <exception cref="PursuitException">A span is too short or the options are invalid.</exception>
    public static NnlsResult Solve(ReadOnlySpan<double> gram, int leading, int size, ReadOnlySpan<double> linear, int rightCount, double ridge, NnlsOptions options, Span<double> solution)
    {
        options.Validate();
        if (leading < size || size < 0 || rightCount < 0 || (size > 0 && gram.Length < (long)(size - 1) * leading + size) || linear.Length != (long)rightCount * size || solution.Length != linear.Length || !(ridge >= 0))
        {
            throw PursuitException.At("NonNegativeLeastSquares", FormattableString.Invariant($"a Gram matrix [{size}, {size}] with leading dimension {leading} in {gram.Length} numbers, {rightCount} right-hand sides in {linear.Length}, a solution of {solution.Length}, ridge {ridge}"),
                $"at least {Math.Max(0, (long)(size - 1) * leading + size)}, {(long)rightCount * size} and {(long)rightCount * size} numbers, leading dimension of at least {size}, ridge of 0 or more");
        }

        var scale = 0.0;
        foreach (var c in linear)
            scale = Math.Max(scale, Math.Abs(c));
        var worst = new NnlsResult(0, 0, 0, true);
        var gradient = new double[size];
        for (var j = 0; j < rightCount; j++)
        {
            var result = SolveOne(gram, leading, linear.Slice(j * size, size), ridge, options, scale, gradient, solution.Slice(j * size, size));
            worst = new NnlsResult(Math.Max(worst.Sweeps, result.Sweeps), worst.ExactSolves + result.ExactSolves, Math.Max(worst.Violation, result.Violation), worst.Converged && result.Converged);
        }

        return worst;
    }

    private static NnlsResult SolveOne(ReadOnlySpan<double> gram, int leading, ReadOnlySpan<double> linear, double ridge, NnlsOptions options, double scale, double[] gradient, Span<double> solution)
    {
        var size = solution.Length;
        Start(gram, leading, linear, ridge, gradient, solution);
        var exact = 0;
        for (var sweep = 0; ; sweep++)
        {
            var violation = Violation(solution, gradient, scale);
            if (violation <= options.Tolerance || sweep == options.MaxSweeps)
                return new NnlsResult(sweep, exact, violation, violation <= options.Tolerance);
            if (options.SweepsPerExactSolve > 0 && sweep % options.SweepsPerExactSolve == options.SweepsPerExactSolve - 1 && TryExact(gram, leading, linear, ridge, options, gradient, solution))
            {
                exact++;
                continue;
            }

            for (var i = 0; i < size; i++)
            {
                var curvature = gram[i * leading + i] + ridge;
                if (!(curvature > 0))
                    continue; // a zero column changes nothing
                var next = Math.Max(0, solution[i] - gradient[i] / curvature);
                var step = next - solution[i];
                if (step == 0)
                    continue;
                solution[i] = next;
                DoubleKernels.Axpy(step, gram.Slice(i * leading, size), gradient);
                gradient[i] += ridge * step;
            }
        }
    }

    /// <summary>Clips the starting point and computes its gradient.</summary>
    private static void Start(ReadOnlySpan<double> gram, int leading, ReadOnlySpan<double> linear, double ridge, double[] gradient, Span<double> solution)
    {
        for (var i = 0; i < gradient.Length; i++)
            gradient[i] = -linear[i];
        for (var i = 0; i < solution.Length; i++)
        {
            if (!(solution[i] > 0))
            {
                solution[i] = 0;
                continue;
            }

            DoubleKernels.Axpy(solution[i], gram.Slice(i * leading, solution.Length), gradient);
            gradient[i] += ridge * solution[i];
        }
    }

    private static double Violation(ReadOnlySpan<double> solution, ReadOnlySpan<double> gradient, double scale)
    {
        var worst = 0.0;
        for (var i = 0; i < solution.Length; i++)
            worst = Math.Max(worst, solution[i] > 0 ? Math.Abs(gradient[i]) : -gradient[i]);
        return scale > 0 ? worst / scale : worst;
    }

    /// <summary>
    /// Solves on the support and walks from the current point towards that solution until a coordinate would turn
    /// negative, as Lawson and Hanson do; repeats without that coordinate. Each step lowers the objective.
    /// </summary>
    private static bool TryExact(ReadOnlySpan<double> gram, int leading, ReadOnlySpan<double> linear, double ridge, NnlsOptions options, double[] gradient, Span<double> solution)
    {
        var support = new List<int>();
        for (var i = 0; i < solution.Length; i++)
        {
            if (solution[i] > 0)
                support.Add(i);
        }

        var start = solution.ToArray();
        while (support.Count > 0 && support.Count <= options.MaxExactSupport)
        {
            var factor = new CholeskyFactor();
            var right = new double[support.Count];
            for (var row = 0; row < support.Count; row++)
            {
                var column = new double[row];
                for (var k = 0; k < row; k++)
                    column[k] = gram[support[row] * leading + support[k]];
                if (!factor.TryAppend(column, gram[support[row] * leading + support[row]] + ridge))
                {
                    // Dependent columns: the support has no single solution, so sweeps go on.
                    start.CopyTo(solution);
                    return false;
                }

                right[row] = linear[support[row]];
            }

            factor.Solve(right, right);
            var share = 1.0;
            for (var k = 0; k < support.Count; k++)
            {
                if (right[k] <= 0)
                    share = Math.Min(share, solution[support[k]] / (solution[support[k]] - right[k]));
            }

            for (var k = 0; k < support.Count; k++)
            {
                var moved = solution[support[k]] + share * (right[k] - solution[support[k]]);
                solution[support[k]] = share == 1 || right[k] > 0 || moved > 1e-15 * Math.Abs(right[k]) ? moved : 0;
            }

            if (share == 1)
            {
                Start(gram, leading, linear, ridge, gradient, solution);
                return true;
            }

            var values = solution.ToArray();
            var before = support.Count;
            support.RemoveAll(i => values[i] <= 0);
            if (support.Count == before)
                break; // rounding kept the blocking coordinate; sweeps resolve it
        }

        start.CopyTo(solution);
        return false;
    }
}
