using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>From fitted weights to training weights.</summary>
internal static class RowWeights
{
    /// <summary>w_i = sum_j sqrt(c_j) W_ij / ||b_j||, for raw gradients divided by what row i was divided by, [n].</summary>
    public static double[] OfFit(PursuitProblem problem, int[] positions, double[][] weights, WeightKind kind)
    {
        var target = problem.Target;
        var norms = kind == WeightKind.Raw ? NormFloors.WholeRows(problem.Rows.Features) : null;
        var row = new double[positions.Length];
        for (var i = 0; i < row.Length; i++)
        {
            for (var j = 0; j < target.Groups; j++) row[i] += Math.Sqrt(target.Shares[j]) * weights[j][i] / target.MeanNorms[j];
            if (norms is not null) row[i] /= Math.Max(norms[positions[i]], problem.Rows.Floors[0]);
        }

        return row;
    }

    /// <summary>
    /// Scales weights to mean 1 with none above <paramref name="clip"/>: what is cut off the largest goes to the others in proportion.
    /// </summary>
    /// <param name="weights">Above zero, [n].</param>
    /// <param name="clip">Above 1.</param>
    public static double[] Clipped(IReadOnlyList<double> weights, double clip)
    {
        var descending = weights.OrderDescending().ToArray();
        var rest = 0.0;
        for (var i = descending.Length - 1; i >= 0; i--) rest += descending[i]; // small ones first
        var scale = 0.0;
        for (var clipped = 0; clipped < descending.Length; clipped++)
        {
            scale = (descending.Length - clip * clipped) / rest;
            if (scale * descending[clipped] <= clip) break;
            rest -= descending[clipped];
        }

        return [.. weights.Select(w => Math.Min(clip, scale * w))];
    }
}
