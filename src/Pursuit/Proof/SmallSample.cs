namespace Pursuit.Proof;

/// <summary>
/// How far the deviations of a resampled mean must be stretched so that its 95% percentiles are those of Student's t and not
/// too narrow (Hesterberg, 2015, "What teachers should know about the bootstrap", section 4: the expanded percentile interval).
/// </summary>
internal static class SmallSample
{
    /// <summary>The normal distribution's 97.5% quantile.</summary>
    private const double Normal = 1.959963984540054;

    /// <summary>From here on the expansion in 1/n is exact to nine digits.</summary>
    private const int ManyDegrees = 200;

    /// <summary>
    /// sqrt(n/(n-1)) t(n-1)/z: the first factor because a resample varies by the sample's own, too small deviation, the second
    /// because that deviation is itself known from n values only. 2.7 at 3, 1.02 at 100. Of two values a resample's mean has three
    /// places, and its
    /// 97.5% percentile is the outer one, their half difference, which is the mean's standard error itself: t(1), 12.7, is what it takes.
    /// </summary>
    /// <param name="values">How many values are resampled, at least 2.</param>
    public static double Expansion(int values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values, 2);
        return values == 2 ? StudentQuantile(1) : Math.Sqrt(values / (values - 1.0)) * StudentQuantile(values - 1) / Normal;
    }

    /// <summary>Student's t: the 97.5% quantile, to nine digits.</summary>
    /// <param name="degrees">Degrees of freedom, at least 1.</param>
    public static double StudentQuantile(int degrees)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degrees, 1);
        if (degrees > ManyDegrees)
        {
            // Abramowitz and Stegun, 26.7.5.
            var (z, n) = (Normal, (double)degrees);
            var z2 = z * z;
            return z + z * (z2 + 1) / (4 * n) + z * ((5 * z2 + 16) * z2 + 3) / (96 * n * n)
                + z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * n * n * n);
        }

        var (low, high) = (0.0, 20.0);
        while (high - low > 1e-12 * high)
        {
            var middle = (low + high) / 2;
            if (Central(middle, degrees) < 0.95) low = middle;
            else high = middle;
        }

        return high;
    }

    /// <summary>P(|T| below t), Abramowitz and Stegun, 26.7.3 and 26.7.4.</summary>
    private static double Central(double t, int degrees)
    {
        var angle = Math.Atan(t / Math.Sqrt(degrees));
        var (sine, cosine) = Math.SinCos(angle);
        var odd = degrees % 2 == 1;
        var (term, sum) = odd ? (cosine, degrees > 1 ? cosine : 0) : (1.0, 1.0);
        for (var k = odd ? 3 : 2; k < degrees; k += 2)
        {
            term *= cosine * cosine * (k - 1) / k;
            sum += term;
        }

        return odd ? 2 / Math.PI * (angle + sine * sum) : sine * sum;
    }
}
