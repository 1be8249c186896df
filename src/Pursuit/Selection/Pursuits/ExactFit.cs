namespace Pursuit.Selection.Pursuits;

/// <summary>
/// Ends a fit where the optimality conditions say, group by group: by the active-set method (<see cref="ActiveColumn"/>) on the Gram
/// matrix, then
/// refined against the rows themselves, whose products in double see what the matrix in single precision rounds away.
/// </summary>
internal static class ExactFit
{
    // Each corrects what the matrix's single precision left of the last, about a millionth of it: after a few nothing is left.
    private const int Refinements = 3;

    // Far below what a pass counts as rounding, so that a row it offers finds its weight.
    private const double Rounding = 1e-8;

    // A descent this small, as a share of row and target, isn't worth another look at the rows.
    private const double Refined = 1e-8;

    /// <summary>Improves weights; never by the objective's worsening.</summary>
    /// <param name="support">Rows, Gram matrix and target.</param>
    /// <param name="linear">c, [J][n].</param>
    /// <param name="weights">Near the answer; replaced by it, [J][n].</param>
    /// <param name="mostRows">Groups with more weights than this stay as they are: a factor costs their cube.</param>
    /// <param name="refine">Look at the rows themselves too.</param>
    /// <param name="threads">At most this many; the answer doesn't depend on it.</param>
    public static void Finish(SupportSet support, double[][] linear, double[][] weights, int mostRows, bool refine, int threads)
    {
        int[] open = [.. Enumerable.Range(0, weights.Length).Where(j => weights[j].Count(w => w > 0) <= mostRows)];
        var columns = new ActiveColumn[weights.Length];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads };
        Parallel.ForEach(open, options, j =>
        {
            columns[j] = new ActiveColumn(support.Lambda, Rounding);
            columns[j].Begin(support, linear[j], weights[j]);
            Accept(support, columns[j], linear[j], weights, j);
        });
        for (var round = 0; refine && round < Refinements; round++)
        {
            var descents = Descents(support, weights);
            open = [.. open.Where(j => Violation(support, weights[j], descents[j]) > Refined)];
            Parallel.ForEach(open, options, j =>
            {
                // The matrix with the gradient that the rows themselves have here: its optimum is theirs, up to a share of what was
                // missing.
                var product = Product(support, weights[j]);
                double[] corrected = [.. descents[j].Select((d, i) => d + product[i])];
                columns[j].Refit(corrected, weights[j]);
                Accept(support, columns[j], corrected, weights, j);
            });
        }
    }

    /// <summary>
    /// How far weights are from the optimality conditions on their own rows: the largest |phi_i . R_j - lam W_ij - ||phi_i|| S_j / b|
    /// where W_ij is above
    /// zero, and the largest such number itself where it is zero, as a share of ||phi_i|| times the target's length.
    /// </summary>
    public static double Violation(SupportSet support)
    {
        var weights = support.Weights();
        var descents = Descents(support, weights);
        return Enumerable.Range(0, weights.Length).Max(j => Violation(support, weights[j], descents[j]));
    }

    private static double Violation(SupportSet support, double[] weights, double[] descents)
    {
        var worst = 0.0;
        for (var i = 0; i < weights.Length; i++)
            worst = Math.Max(worst, (weights[i] > 0 ? Math.Abs(descents[i]) : descents[i]) / (support.Norm(i) * support.TargetLength));
        return worst;
    }

    /// <summary>Lets rows in until none helps, and takes the answer where it is no worse.</summary>
    private static void Accept(SupportSet support, ActiveColumn column, double[] linear, double[][] weights, int group)
    {
        var before = Value(weights[group], Product(support, weights[group]), linear);
        // The method ends by itself, since every step lowers the objective; rounding could make it turn, and ten steps a row are ample.
        for (var steps = 0; steps < 10 * support.Count && column.Improve(support, linear, Product(support, column.Weights)); steps++)
        {
        }

        double[] after = [.. column.Weights];
        if (Value(after, Product(support, after), linear) <= before) weights[group] = after;
    }

    private static double Value(double[] x, double[] product, double[] linear)
    {
        var value = 0.0;
        for (var i = 0; i < x.Length; i++) value += x[i] * (0.5 * product[i] - linear[i]);
        return value;
    }

    /// <summary>(G + lam I) x in double, [n].</summary>
    private static double[] Product(SupportSet support, IReadOnlyList<double> x)
    {
        var product = new double[x.Count];
        for (var k = 0; k < x.Count; k++)
        {
            if (x[k] == 0) continue;
            for (var i = 0; i < product.Length; i++) product[i] += x[k] * support.NoisyGram(k, i);
            product[k] += support.Lambda * x[k];
        }

        return product;
    }

    /// <summary>
    /// phi_i . R_j - lam W_ij - ||phi_i|| S_j / b, half the objective's fall along each weight, in double throughout, [J][n].
    /// </summary>
    private static double[][] Descents(SupportSet support, double[][] weights)
    {
        var dimension = support.Row(0).Length;
        var residuals = Array.ConvertAll(weights, _ => new double[dimension]);
        for (var j = 0; j < weights.Length; j++)
            for (var k = 0; k < dimension; k++) residuals[j][k] = support.Target.Scaled[j * dimension + k];
        var masses = new double[weights.Length];
        for (var i = 0; i < support.Count; i++)
        {
            var row = support.Row(i);
            for (var j = 0; j < weights.Length; j++)
            {
                var weight = weights[j][i];
                if (weight == 0) continue;
                masses[j] += weight * support.Norm(i);
                var residual = residuals[j];
                for (var k = 0; k < dimension; k++) residual[k] -= weight * row[k];
            }
        }

        var descents = Array.ConvertAll(weights, _ => new double[support.Count]);
        for (var i = 0; i < support.Count; i++)
        {
            var row = support.Row(i);
            for (var j = 0; j < weights.Length; j++)
                descents[j][i] = Dot(row, residuals[j]) - support.Lambda * weights[j][i] - support.BatchNoise * masses[j] * support.Norm(i);
        }

        return descents;
    }

    private static double Dot(ReadOnlySpan<float> row, double[] residual)
    {
        var sum = 0.0;
        for (var k = 0; k < row.Length; k++) sum += row[k] * residual[k];
        return sum;
    }
}
