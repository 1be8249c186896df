using Pursuit.Selection.Features;

namespace Pursuit.Selection.Passes;

/// <summary>The norms below which rows aren't blown up to unit length.</summary>
internal static class NormFloors
{
    /// <summary>The quantile of the pool's non-zero norms: one number per checkpoint, or one for whole rows.</summary>
    public static double[] Compute(IDenseFeatures features, RowConstruction construction) => construction.Normalization switch
    {
        RowNormalization.Checkpoint =>
        [
            .. Enumerable.Range(0, features.Checkpoints)
                .Select(b => Quantile(features.Norms(b).ToArray().Select(n => (double)n), construction.FloorQuantile)),
        ],
        RowNormalization.Row => [Quantile(WholeRows(features), construction.FloorQuantile)],
        _ => [],
    };

    /// <summary>sqrt(sum_t etabar_t ||g_i(t)||^2), [rows].</summary>
    public static double[] WholeRows(IDenseFeatures features)
    {
        var norms = new double[features.Rows];
        for (var checkpoint = 0; checkpoint < features.Checkpoints; checkpoint++)
        {
            var part = features.Norms(checkpoint);
            for (var i = 0; i < norms.Length; i++) norms[i] += features.Etabar[checkpoint] * part[i] * part[i];
        }

        for (var i = 0; i < norms.Length; i++) norms[i] = Math.Sqrt(norms[i]);
        return norms;
    }

    private static double Quantile(IEnumerable<double> norms, double quantile)
    {
        if (quantile <= 0) return 0;
        var sorted = norms.Where(n => n > 0).ToArray();
        Array.Sort(sorted);
        return sorted.Length == 0 ? 0 : sorted[(int)(quantile * (sorted.Length - 1))];
    }
}
