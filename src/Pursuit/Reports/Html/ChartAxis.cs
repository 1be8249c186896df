using System.Globalization;

namespace Pursuit.Reports.Html;

/// <summary>One axis: maps values to coordinates and names round values along it.</summary>
internal sealed class ChartAxis
{
    private readonly double _low;
    private readonly double _high;
    private readonly double _from;
    private readonly double _to;
    private readonly bool _logarithmic;

    /// <summary>An axis over [low, high] drawn between two coordinates.</summary>
    /// <param name="low">The least value; above 0 on a logarithmic axis.</param>
    /// <param name="high">The largest value; the axis is widened where both are equal, but for a billionth.</param>
    /// <param name="from">The coordinate of <paramref name="low"/>.</param>
    /// <param name="to">The coordinate of <paramref name="high"/>.</param>
    /// <param name="logarithmic">Equal ratios are equal lengths.</param>
    public ChartAxis(double low, double high, double from, double to, bool logarithmic = false)
    {
        _logarithmic = logarithmic && low > 0;
        // Ticks between values that rounding alone distinguishes would be so many, and each so near the one before, that there was
        // no end of them.
        if (!(high - low > Math.Max(1e-9 * Math.Max(Math.Abs(low), Math.Abs(high)), 1e-300)))
            high = _logarithmic ? low * 2 : low + Math.Max(1, Math.Abs(low));
        (_low, _high, _from, _to) = (low, high, from, to);
    }

    /// <summary>The coordinate of a value; values beyond the axis stay at its ends.</summary>
    public double At(double value)
    {
        var clamped = Math.Clamp(value, _low, _high);
        var share = _logarithmic ? Math.Log(clamped / _low) / Math.Log(_high / _low) : (clamped - _low) / (_high - _low);
        return _from + share * (_to - _from);
    }

    /// <summary>Round values on the axis, about as many as asked.</summary>
    public IReadOnlyList<double> Ticks(int about)
    {
        if (_logarithmic)
        {
            var decades = LogTicks([1, 2, 5]);
            if (decades.Count >= 3) return decades.Count > about + 2 ? LogTicks([1]) is { Count: >= 2 } powers ? powers : decades : decades;
        }

        var step = Step((_high - _low) / about);
        var ticks = new List<double>();
        // Ceiling gives -0 too
        for (var k = Math.Ceiling(_low / step - 1e-9); k * step <= _high + 1e-9 * step; k++) ticks.Add(k == 0 ? 0 : k * step);
        return ticks;
    }

    /// <summary>The value as a tick's label, with as many decimals as neighboring ticks need.</summary>
    public static string Label(double value, IReadOnlyList<double> ticks)
    {
        var step = ticks.Count > 1 ? ticks.Zip(ticks.Skip(1), (a, b) => Math.Abs(b - a)).Min() : Math.Abs(value);
        var decimals = step > 0 ? Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 6) : 0;
        return value.ToString((Math.Abs(value) >= 10_000 ? "N" : "F") + decimals, CultureInfo.InvariantCulture);
    }

    private List<double> LogTicks(int[] digits)
    {
        var ticks = new List<double>();
        for (var power = Math.Floor(Math.Log10(_low)); power <= Math.Ceiling(Math.Log10(_high)); power++)
        {
            foreach (var digit in digits)
            {
                var value = digit * Math.Pow(10, power);
                if (value >= _low * (1 - 1e-9) && value <= _high * (1 + 1e-9)) ticks.Add(value);
            }
        }

        return ticks;
    }

    private static double Step(double rough)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / power) switch
        {
            <= 1.0001 => power,
            <= 2.0001 => 2 * power,
            <= 5.0001 => 5 * power,
            _ => 10 * power,
        };
    }
}
