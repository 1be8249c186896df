using System.Globalization;

namespace Pursuit.Selection.Tagcos;

/// <summary>What <c>tagcos</c> reports.</summary>
internal sealed record TagcosDetails : MethodDetails
{
    /// <summary>Clusters with members.</summary>
    public required int Clusters { get; init; }

    /// <summary>Members of the largest.</summary>
    public required int LargestCluster { get; init; }

    /// <summary>Pursuits in all clusters together.</summary>
    public required int Pursuits { get; init; }

    /// <summary>Bytes read from the pool's features.</summary>
    public required long BytesRead { get; init; }

    /// <inheritdoc/>
    public override long? FeatureBytes => BytesRead;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create(
            "clusters", string.Create(CultureInfo.InvariantCulture, $"{Clusters:N0}, the largest of {LargestCluster:N0} examples")),
        KeyValuePair.Create("pursuits", Pursuits.ToString("N0", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("bytes read", BytesRead.ToString("N0", CultureInfo.InvariantCulture)),
    ];
}
