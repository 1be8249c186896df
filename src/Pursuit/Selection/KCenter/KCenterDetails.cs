using System.Globalization;

namespace Pursuit.Selection.KCenter;

/// <summary>What <c>kcenter</c> reports.</summary>
internal sealed record KCenterDetails : MethodDetails
{
    /// <summary>The largest distance of any row to the nearest chosen one.</summary>
    public required double Radius { get; init; }

    /// <summary>The mean of those distances.</summary>
    public required double MeanDistance { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create("largest distance to a chosen example", Radius.ToString("0.####", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("mean distance to a chosen example", MeanDistance.ToString("0.####", CultureInfo.InvariantCulture)),
    ];
}
