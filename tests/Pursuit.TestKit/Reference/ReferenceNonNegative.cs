namespace Pursuit.TestKit.Reference;

/// <summary>
/// Non-negative least squares by Lawson and Hanson's algorithm as their book prints it (1974, chapter 23), every least-squares
/// problem solved anew: the plain twin of the pursuits' solvers.
/// </summary>
internal static class ReferenceNonNegative
{
    /// <summary>argmin over x >= 0 of ||sum_i x_i rows_i - b||^2 + lambda ||x||^2.</summary>
    public static double[] Solve(double[][] rows, double[] b, double lambda)
    {
        var x = new double[rows.Length];
        var passive = new SortedSet<int>();
        var tolerance = 1e-11 * Math.Max(1, rows.Length == 0 ? 0 : rows.Max(r => Math.Abs(ReferenceRows.Dot(r, b))));
        for (var rounds = 0; rounds < 30 * (rows.Length + 1); rounds++)
        {
            var descent = Descent(rows, b, lambda, x);
            var entering = Enumerable.Range(0, rows.Length)
                .Where(i => !passive.Contains(i) && descent[i] > tolerance)
                .OrderByDescending(i => descent[i])
                .Take(1)
                .ToArray();
            if (entering.Length == 0) return x;
            passive.Add(entering[0]);
            while (true)
            {
                var fit = LeastSquares(rows, b, lambda, [.. passive]);
                if (passive.All(i => fit[i] > 0))
                {
                    x = fit;
                    break;
                }

                var step = passive.Where(i => fit[i] <= 0).Min(i => x[i] / (x[i] - fit[i]));
                foreach (var i in passive.ToArray())
                {
                    x[i] += step * (fit[i] - x[i]);
                    if (x[i] > 1e-14) continue;
                    x[i] = 0;
                    passive.Remove(i);
                }
            }
        }

        return x;
    }

    /// <summary>||sum_i x_i rows_i - b||^2 + lambda ||x||^2.</summary>
    public static double Objective(double[][] rows, double[] b, double lambda, double[] x)
    {
        var residual = Residual(rows, b, x);
        return ReferenceRows.Dot(residual, residual) + lambda * ReferenceRows.Dot(x, x);
    }

    /// <summary>b - sum_i x_i rows_i.</summary>
    public static double[] Residual(double[][] rows, double[] b, double[] x)
    {
        var residual = (double[])b.Clone();
        for (var i = 0; i < rows.Length; i++)
            for (var k = 0; k < residual.Length; k++) residual[k] -= x[i] * rows[i][k];
        return residual;
    }

    private static double[] Descent(double[][] rows, double[] b, double lambda, double[] x)
    {
        var residual = Residual(rows, b, x);
        return [.. rows.Select((row, i) => ReferenceRows.Dot(row, residual) - lambda * x[i])];
    }

    /// <summary>The unconstrained fit of some rows, by the normal equations and Gaussian elimination with pivoting.</summary>
    private static double[] LeastSquares(double[][] rows, double[] b, double lambda, int[] passive)
    {
        var n = passive.Length;
        var a = new double[n][];
        for (var i = 0; i < n; i++)
        {
            a[i] = [.. passive.Select(k => ReferenceRows.Dot(rows[passive[i]], rows[k])), ReferenceRows.Dot(rows[passive[i]], b)];
            a[i][i] += lambda + 1e-13 * a[i][i]; // rows may repeat; any of the equal solutions will do
        }

        for (var column = 0; column < n; column++)
        {
            var pivot = Enumerable.Range(column, n - column).MaxBy(i => Math.Abs(a[i][column]));
            (a[column], a[pivot]) = (a[pivot], a[column]);
            for (var i = column + 1; i < n; i++)
            {
                var factor = a[i][column] / a[column][column];
                for (var k = column; k <= n; k++) a[i][k] -= factor * a[column][k];
            }
        }

        var x = new double[rows.Length];
        for (var i = n - 1; i >= 0; i--)
        {
            var sum = a[i][n];
            for (var k = i + 1; k < n; k++) sum -= a[i][k] * x[passive[k]];
            x[passive[i]] = sum / a[i][i];
        }

        return x;
    }
}
