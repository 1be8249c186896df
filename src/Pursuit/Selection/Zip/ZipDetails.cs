using System.Globalization;

namespace Pursuit.Selection.Zip;

/// <summary>What <c>zip</c> reports.</summary>
internal sealed record ZipDetails : MethodDetails
{
    /// <summary>Whose DEFLATE measured.</summary>
    public required string Compressor { get; init; }

    /// <summary>Rounds.</summary>
    public required int Rounds { get; init; }

    /// <summary>Bytes of what the rounds chose.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes that compresses to.</summary>
    public required long Compressed { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Summary =>
    [
        KeyValuePair.Create(
            "compression ratio",
            string.Create(
                CultureInfo.InvariantCulture, $"{(double)Bytes / Compressed:F3} ({Bytes:N0} bytes to {Compressed:N0}, {Compressor})")),
        KeyValuePair.Create("rounds", Rounds.ToString("N0", CultureInfo.InvariantCulture)),
    ];
}
