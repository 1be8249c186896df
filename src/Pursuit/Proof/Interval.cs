namespace Pursuit.Proof;

/// <summary>An estimate with its 95% interval.</summary>
/// <param name="Estimate">The estimate.</param>
/// <param name="Low">The interval's lower end; null where one test example can't give one.</param>
/// <param name="High">The interval's upper end; null as <paramref name="Low"/>.</param>
public sealed record Interval(double Estimate, double? Low, double? High)
{
    /// <summary>The interval of a rising function of the estimate.</summary>
    public Interval Map(Func<double, double> rising) =>
        new(rising(Estimate), Low is { } low ? rising(low) : null, High is { } high ? rising(high) : null);
}
