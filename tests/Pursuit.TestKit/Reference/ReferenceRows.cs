using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.TestKit.Reference;

/// <summary>The rows phi_i as methods.md writes them, dense and in double: the plain twin of <see cref="GradientRows"/>.</summary>
internal static class ReferenceRows
{
    /// <summary>phi, [rows][T d].</summary>
    /// <param name="features">Whose rows.</param>
    /// <param name="construction">Normalization and floor.</param>
    /// <param name="floorsOf">Whose norms the floor is a quantile of: the pool's, for pool and target.</param>
    public static double[][] Phi(IDenseFeatures features, RowConstruction construction, IDenseFeatures floorsOf)
    {
        var raw = Raw(features);
        var ruler = Raw(floorsOf);
        return [.. raw.Select(row => Row(row, features, construction, ruler))];
    }

    /// <summary>The inner product.</summary>
    public static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    /// <summary>P g_i(t), [rows][checkpoints][d].</summary>
    private static double[][][] Raw(IDenseFeatures features)
    {
        var rows = new double[features.Rows][][];
        var scratch = new float[features.Dimension];
        var values = new float[features.Dimension];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = new double[features.Checkpoints][];
            for (var t = 0; t < features.Checkpoints; t++)
            {
                FeatureRows.CopyRow(features.Read(t, i, 1, scratch), 0, values);
                var scale = features.Scales(t).IsEmpty ? 1.0 : features.Scales(t)[i];
                rows[i][t] = Array.ConvertAll(values, v => scale * v);
            }
        }

        return rows;
    }

    private static double[] Row(double[][] row, IDenseFeatures features, RowConstruction construction, double[][][] ruler)
    {
        var whole = Math.Max(Whole(row, features.Etabar), Floor(ruler.Select(r => Whole(r, features.Etabar)), construction.FloorQuantile));
        return
        [
            .. row.SelectMany((part, t) =>
            {
                var divisor = construction.Normalization switch
                {
                    RowNormalization.Checkpoint => Math.Max(
                        Math.Sqrt(Dot(part, part)),
                        Floor(ruler.Select(r => Math.Sqrt(Dot(r[t], r[t]))), construction.FloorQuantile)),
                    RowNormalization.Row => whole,
                    _ => 1,
                };
                return part.Select(x => divisor > 0 ? Math.Sqrt(features.Etabar[t]) * x / divisor : 0);
            }),
        ];
    }

    private static double Whole(double[][] row, IReadOnlyList<double> etabar) =>
        Math.Sqrt(row.Select((part, t) => etabar[t] * Dot(part, part)).Sum());

    private static double Floor(IEnumerable<double> norms, double quantile)
    {
        var sorted = norms.Where(n => n > 0).Order().ToArray();
        return quantile > 0 && sorted.Length > 0 ? sorted[(int)(quantile * (sorted.Length - 1))] : 0;
    }
}
