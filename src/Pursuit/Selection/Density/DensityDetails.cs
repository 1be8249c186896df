using System.Globalization;

namespace Pursuit.Selection.Density;

/// <summary>What <c>density</c> reports.</summary>
internal sealed record DensityDetails : MethodDetails
{
    /// <summary>A bucket's width, in the rows' own units.</summary>
    public required double Width { get; init; }

    /// <summary>The mean count of the row in the sparsest place, itself included: 1 or more.</summary>
    public required double Sparsest { get; init; }

    /// <summary>The mean count of the row in the densest place.</summary>
    public required double Densest { get; init; }

    /// <summary>Bytes read from the pool's features.</summary>
    public required long BytesRead { get; init; }

    /// <inheritdoc/>
    public override long? FeatureBytes => BytesRead;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create("bucket width", Width.ToString("G4", CultureInfo.InvariantCulture)),
        KeyValuePair.Create(
            "examples nearby", string.Create(CultureInfo.InvariantCulture, $"{Sparsest:N1} to {Densest:N1}, each example itself included")),
        KeyValuePair.Create("bytes read", BytesRead.ToString("N0", CultureInfo.InvariantCulture)),
    ];
}
