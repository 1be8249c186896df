using System.Globalization;

namespace Pursuit.Selection.KCenterWeighted;

/// <summary>What <c>kcenter-weighted</c> reports.</summary>
internal sealed record KCenterWeightedDetails : MethodDetails
{
    /// <summary>A bound on the largest distance of any row to the nearest chosen one.</summary>
    public required double RadiusAtMost { get; init; }

    /// <summary>lam: what a margin of 1 of one chosen example costs, as a distance.</summary>
    public required double Lambda { get; init; }

    /// <summary>Examples chosen to cover the pool; the others are the least certain of the rest.</summary>
    public required int Covering { get; init; }

    /// <summary>The chosen examples' mean margin.</summary>
    public required double MeanMargin { get; init; }

    /// <summary>The pool's mean margin.</summary>
    public required double PoolMargin { get; init; }

    /// <summary>Radii that were tried.</summary>
    public required int Radii { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create("largest distance to a chosen example, at most", RadiusAtMost.ToString("0.####", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("examples that cover the pool", Covering.ToString("N0", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("mean margin of the chosen", MeanMargin.ToString("0.####", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("mean margin of the pool", PoolMargin.ToString("0.####", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("radii tried", Radii.ToString("N0", CultureInfo.InvariantCulture)),
    ];
}
