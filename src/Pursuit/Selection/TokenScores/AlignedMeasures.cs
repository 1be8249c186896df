using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>
/// One number per example from the statistics of one model or of two cross-fitted probes. The second probe's numbers are moved so
/// that both have the same mean over the slice that both scored; there the two are averaged.
/// </summary>
/// <param name="Values">[pool]; NaN where there is none.</param>
/// <param name="Shift">What was added to the second probe's numbers; null with one model.</param>
/// <param name="Correlation">Of both probes' numbers over the common slice; null with one model or a slice of less than three.</param>
internal sealed record AlignedMeasures(double[] Values, double? Shift, double? Correlation)
{
    /// <summary>A mean over one example's tokens; NaN for none.</summary>
    internal delegate double RowMean(TokenStatisticsRow row);

    /// <summary>Measures every example.</summary>
    /// <param name="statistics">The statistics.</param>
    /// <param name="mean">An example's mean.</param>
    /// <param name="final">The measure from the aligned mean.</param>
    /// <param name="cancellationToken">Stops between examples.</param>
    public static AlignedMeasures Measure(
        ITokenStatistics statistics, RowMean mean, Func<double, double> final, CancellationToken cancellationToken)
    {
        var first = new double[statistics.Count];
        var second = new double[statistics.Count];
        for (var i = 0; i < first.Length; i++)
        {
            if (i % 1024 == 0) cancellationToken.ThrowIfCancellationRequested();
            first[i] = statistics.Has(0, i) ? mean(statistics.Read(0, i)) : double.NaN;
            second[i] = statistics.Probes > 1 && statistics.Has(1, i) ? mean(statistics.Read(1, i)) : double.NaN;
        }

        if (statistics.Probes == 1) return new AlignedMeasures(Array.ConvertAll(first, v => final(v)), null, null);
        var both = Enumerable.Range(0, first.Length).Where(i => !double.IsNaN(first[i]) && !double.IsNaN(second[i])).ToArray();
        var shift = both.Length == 0 ? 0 : both.Average(i => first[i] - second[i]);
        var values = new double[first.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var moved = second[i] + shift;
            values[i] = final(double.IsNaN(first[i]) ? moved : double.IsNaN(moved) ? first[i] : (first[i] + moved) / 2);
        }

        return new AlignedMeasures(
            values,
            shift,
            both.Length < 3 ? null : Correlated([.. both.Select(i => first[i])], [.. both.Select(i => second[i])]));
    }

    /// <summary>Pearson's correlation; null where one of the two doesn't vary.</summary>
    private static double? Correlated(double[] x, double[] y)
    {
        var (meanX, meanY) = (x.Average(), y.Average());
        var (xy, xx, yy) = (0.0, 0.0, 0.0);
        for (var i = 0; i < x.Length; i++)
        {
            xy += (x[i] - meanX) * (y[i] - meanY);
            xx += (x[i] - meanX) * (x[i] - meanX);
            yy += (y[i] - meanY) * (y[i] - meanY);
        }

        return xx > 0 && yy > 0 ? xy / Math.Sqrt(xx * yy) : null;
    }
}
