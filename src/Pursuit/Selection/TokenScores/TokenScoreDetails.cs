using System.Globalization;

namespace Pursuit.Selection.TokenScores;

/// <summary>What methods over token statistics report.</summary>
internal sealed record TokenScoreDetails : MethodDetails
{
    /// <summary>The measure's 5%, 50% and 95% quantiles over the pool.</summary>
    public required IReadOnlyList<double> Quantiles { get; init; }

    /// <summary>What was added to the second probe's means; null with one model.</summary>
    public double? Shift { get; init; }

    /// <summary>Correlation of both probes' means over the common slice; null with one model.</summary>
    public double? Correlation { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create(
            "measure over the pool",
            string.Create(
                CultureInfo.InvariantCulture, $"5% below {Quantiles[0]:G4}, half below {Quantiles[1]:G4}, 95% below {Quantiles[2]:G4}")),
        .. Shift is { } shift
            ? [KeyValuePair.Create("the two probes", string.Create(
                CultureInfo.InvariantCulture, $"correlation {Correlation:F3} over the slice both scored, second moved by {shift:G3}"))]
            : Array.Empty<KeyValuePair<string, string>>(),
    ];

    internal static TokenScoreDetails Of(AlignedMeasures measures)
    {
        var sorted = measures.Values.Where(v => !double.IsNaN(v)).Order().ToArray();
        return new TokenScoreDetails
        {
            Quantiles = [At(0.05), At(0.5), At(0.95)],
            Shift = measures.Shift,
            Correlation = measures.Correlation,
        };

        double At(double share) => sorted[(int)Math.Round(share * (sorted.Length - 1))];
    }
}
