using System.Globalization;

namespace Pursuit.Selection.SemDedup;

/// <summary>What <c>semdedup</c> and <c>d4</c> report.</summary>
internal sealed record SemDedupDetails : MethodDetails
{
    /// <summary>Clusters with members.</summary>
    public required int Clusters { get; init; }

    /// <summary>Members of the largest.</summary>
    public required int LargestCluster { get; init; }

    /// <summary>The largest cosine of a chosen example with one before it in its cluster: 1 - epsilon in effect.</summary>
    public required double LargestCosine { get; init; }

    /// <summary>Examples that counted as near copies.</summary>
    public required int NearCopies { get; init; }

    /// <summary>Bytes read from the pool's features.</summary>
    public required long BytesRead { get; init; }

    /// <inheritdoc/>
    public override long? FeatureBytes => BytesRead;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create(
            "clusters", string.Create(CultureInfo.InvariantCulture, $"{Clusters:N0}, the largest of {LargestCluster:N0} examples")),
        KeyValuePair.Create("near copies left out", NearCopies.ToString("N0", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("largest cosine of a chosen example", LargestCosine.ToString("F4", CultureInfo.InvariantCulture)),
        KeyValuePair.Create("bytes read", BytesRead.ToString("N0", CultureInfo.InvariantCulture)),
    ];
}
