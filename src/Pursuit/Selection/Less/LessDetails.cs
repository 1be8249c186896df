using System.Globalization;

namespace Pursuit.Selection.Less;

/// <summary>What <c>less</c> and <c>less-round-robin</c> report.</summary>
internal sealed record LessDetails : MethodDetails
{
    /// <summary>The target's groups ("tasks").</summary>
    public required IReadOnlyList<string> Tasks { get; init; }

    /// <summary>How many of the chosen examples were chosen for each task, [tasks].</summary>
    public required IReadOnlyList<int> ChosenFor { get; init; }

    /// <summary>Bytes read from the pool's features.</summary>
    public required long BytesRead { get; init; }

    /// <inheritdoc/>
    public override long? FeatureBytes => BytesRead;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        .. Tasks.Zip(
            ChosenFor,
            (name, count) => KeyValuePair.Create($"chosen for {name}", count.ToString("N0", CultureInfo.InvariantCulture))),
        KeyValuePair.Create("bytes read", BytesRead.ToString("N0", CultureInfo.InvariantCulture)),
    ];
}
