using System.ComponentModel;

namespace Pursuit.Selection.Tsds;

/// <summary>Options of <c>tsds</c>.</summary>
public sealed record TsdsOptions : TsdsUniformOptions
{
    /// <summary>What limits a row's share. Default <see cref="TsdsDensity.Kde"/>.</summary>
    [Description("kde: a row's share is one over its density, so copies share one row's mass; uniform: all rows alike")]
    public TsdsDensity Density { get; init; } = TsdsDensity.Kde;

    /// <summary>
    /// The distance within which rows add to each other's density, in units of the scale. Default 0.5, with <see cref="TsdsScale.None"/>
    /// the paper's 0.75; range 0 or more; 0 is <see cref="TsdsDensity.Uniform"/>.
    /// </summary>
    [Description("distance within which rows add to each other's density, 0 or more; 0 is density=uniform; by default 0.5, or 0.75 with "
        + "scale=none")]
    public double? Sigma { get; init; }

    /// <summary>
    /// With <see cref="TsdsCompatibility.Authors"/>: the most rows that a density adds up. Default 1000; range 1 or more.
    /// </summary>
    [Description("with compat=authors: the most rows that a density adds up, 1 or more")]
    public int KdeK { get; init; } = 1000;

    /// <summary>The kernel's width that is in force, in units of the scale: 0 where all densities are 1.</summary>
    internal double KernelWidth => Density == TsdsDensity.Kde ? Sigma ?? (Units == TsdsScale.Data ? 0.5 : 0.75) : 0;

    /// <inheritdoc/>
    protected override IEnumerable<(string Found, string Expected)> Faults()
    {
        foreach (var fault in base.Faults()) yield return fault;
        if (Sigma is { } sigma && (!(sigma >= 0) || !double.IsFinite(sigma)))
            yield return (FormattableString.Invariant($"sigma {Sigma}"), "sigma of 0 or more");
        if (KdeK < 1) yield return ($"kde-k {KdeK}", "kde-k of 1 or more");
    }
}
