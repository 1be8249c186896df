using System.Globalization;

namespace Pursuit.Selection.Uot;

/// <summary>What <c>uot</c> reports.</summary>
internal sealed record UotDetails : MethodDetails
{
    /// <summary>Sinkhorn's iterations.</summary>
    public required int Iterations { get; init; }

    /// <summary>1 / sum_k p_k^2 of the rows' shares p of the mass.</summary>
    public required double EffectiveRows { get; init; }

    /// <summary>Bytes read from the pool's features.</summary>
    public required long BytesRead { get; init; }

    /// <inheritdoc/>
    public override long? FeatureBytes => BytesRead;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create("iterations", Iterations.ToString("N0", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("effective rows of the plan", EffectiveRows.ToString("N0", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("bytes read", BytesRead.ToString("N0", CultureInfo.InvariantCulture)),
    ];
}
