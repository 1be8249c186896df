namespace Pursuit.TestKit.Reference;

/// <summary>
/// TSDS by the definition, all pairs in double precision: the plain twin of <see cref="Pursuit.Selection.Tsds.TransportSolver"/>. The level
/// is found by trying every event and summing A(s) = sum_j sum_{l &lt;= k_j(s)} w_jl (d_j,k_j+1 - d_jl) anew.
/// </summary>
internal static class ReferenceTransport
{
    /// <summary>rho_k = sum_x max(0, 1 - ||x_k - x||^2 / sigma^2); 1 where sigma is 0.</summary>
    public static double[] Densities(double[][] pool, double sigma) =>
        [.. pool.Select(row => sigma == 0 ? 1 : pool.Sum(x => Math.Max(0, 1 - SquaredDistance(row, x) / (sigma * sigma))))];

    /// <summary>gamma_jk, [target][pool], and s*. Equal distances go by position.</summary>
    public static (double[][] Gamma, double Level) Solve(double[][] pool, double[][] target, double[] densities, double alpha, double c)
    {
        var orders = target
            .Select(q => Enumerable.Range(0, pool.Length).OrderBy(k => SquaredDistance(q, pool[k])).ThenBy(k => k).ToArray())
            .ToArray();
        var distances = target.Select((q, j) => orders[j].Select(k => Math.Sqrt(SquaredDistance(q, pool[k]))).ToArray()).ToArray();
        var weights = orders.Select(order => order.Select(k => 1 / densities[k]).ToArray()).ToArray();
        var level = Level(distances, weights, alpha, c);
        var gamma = target.Select(_ => new double[pool.Length]).ToArray();
        for (var j = 0; j < target.Length; j++)
        {
            var before = 0.0;
            for (var k = 0; k < pool.Length; k++)
            {
                gamma[j][orders[j][k]] = Math.Clamp(level - before, 0, weights[j][k]) / (level * target.Length);
                before += weights[j][k];
            }
        }

        return (gamma, level);
    }

    /// <summary>alpha / C sum gamma d + (1 - alpha) V max rho |gamma - u|: what the program minimises.</summary>
    public static double Objective(double[][] pool, double[][] target, double[] densities, double alpha, double c, double[][] gamma)
    {
        var total = densities.Sum(r => 1 / r);
        var (cost, spread) = (0.0, 0.0);
        for (var j = 0; j < target.Length; j++)
        {
            for (var k = 0; k < pool.Length; k++)
            {
                cost += gamma[j][k] * Math.Sqrt(SquaredDistance(target[j], pool[k]));
                spread = Math.Max(spread, densities[k] * Math.Abs(gamma[j][k] - 1 / densities[k] / (target.Length * total)));
            }
        }

        return alpha / c * cost + (1 - alpha) * target.Length * spread;
    }

    private static double Level(double[][] distances, double[][] weights, double alpha, double c)
    {
        var sums = weights.Select(Cumulate).ToArray();
        foreach (var level in sums.SelectMany(s => s[..^1]).Order())
            if (alpha / c * Cost(distances, weights, sums, level) >= (1 - alpha) * distances.Length) return level;
        return sums.Max(s => s[^1]);
    }

    private static double Cost(double[][] distances, double[][] weights, double[][] sums, double level)
    {
        var cost = 0.0;
        for (var j = 0; j < distances.Length; j++)
        {
            var k = sums[j].SkipLast(1).TakeWhile(s => s <= level).Count();
            for (var l = 0; l < k; l++) cost += weights[j][l] * (distances[j][k] - distances[j][l]);
        }

        return cost;
    }

    private static double[] Cumulate(double[] values)
    {
        var sum = 0.0;
        return [.. values.Select(v => sum += v)];
    }

    private static double SquaredDistance(double[] a, double[] b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();
}
