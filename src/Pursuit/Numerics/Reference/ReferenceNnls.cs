namespace Pursuit.Numerics.Reference;

/// <summary>
/// Lawson and Hanson's active-set method (Solving Least Squares Problems, 1974, chapter 23) on the normal equations:
/// the plain twin of <see cref="NonNegativeLeastSquares"/> for one right-hand side.
/// </summary>
public static class ReferenceNnls
{
    /// <summary>argmin over u >= 0 of u^T (G + ridge) u / 2 - c^T u.</summary>
    /// <param name="gram">G [n, n].</param>
    /// <param name="linear">c [n].</param>
    /// <param name="ridge">Added to the diagonal.</param>
    public static double[] Solve(double[,] gram, double[] linear, double ridge)
    {
        var n = linear.Length;
        var u = new double[n];
        var passive = new List<int>();
        var tolerance = 1e-13 * linear.Select(Math.Abs).Append(0).Max();
        while (true)
        {
            var entering = -1;
            var steepest = tolerance;
            for (var i = 0; i < n; i++)
            {
                var descent = linear[i] - Row(gram, u, i) - ridge * u[i];
                if (!passive.Contains(i) && descent > steepest)
                    (entering, steepest) = (i, descent);
            }

            if (entering < 0)
                return u;
            passive.Add(entering);
            while (true)
            {
                var z = SolveDense(gram, linear, ridge, passive);
                if (z.All(value => value > 0))
                {
                    Array.Clear(u);
                    for (var k = 0; k < passive.Count; k++)
                        u[passive[k]] = z[k];
                    break;
                }

                var share = Enumerable.Range(0, passive.Count).Where(k => z[k] <= 0).Min(k => u[passive[k]] / (u[passive[k]] - z[k]));
                for (var k = 0; k < passive.Count; k++)
                    u[passive[k]] += share * (z[k] - u[passive[k]]);
                foreach (var i in passive.Where((i, k) => z[k] <= 0 && u[i] <= 1e-14).ToList())
                {
                    u[i] = 0;
                    passive.Remove(i);
                }
            }
        }
    }

    private static double Row(double[,] gram, double[] u, int i) => Enumerable.Range(0, u.Length).Sum(j => gram[i, j] * u[j]);

    /// <summary>Gaussian elimination with row pivoting on the passive set.</summary>
    private static double[] SolveDense(double[,] gram, double[] linear, double ridge, List<int> passive)
    {
        var n = passive.Count;
        var a = new double[n, n + 1];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
                a[i, j] = gram[passive[i], passive[j]] + (i == j ? ridge : 0);
            a[i, n] = linear[passive[i]];
        }

        for (var step = 0; step < n; step++)
        {
            var pivot = Enumerable.Range(step, n - step).MaxBy(i => Math.Abs(a[i, step]));
            for (var j = 0; j <= n; j++)
                (a[step, j], a[pivot, j]) = (a[pivot, j], a[step, j]);
            for (var i = step + 1; i < n; i++)
            {
                var factor = a[i, step] / a[step, step];
                for (var j = step; j <= n; j++)
                    a[i, j] -= factor * a[step, j];
            }
        }

        var x = new double[n];
        for (var i = n - 1; i >= 0; i--)
            x[i] = (a[i, n] - Enumerable.Range(i + 1, n - i - 1).Sum(j => a[i, j] * x[j])) / a[i, i];
        return x;
    }
}
