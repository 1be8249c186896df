using System.Globalization;

namespace Pursuit;

/// <summary>Amounts of memory as people write them.</summary>
internal static class ByteSize
{
    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
    ];

    /// <summary>Reads "2GiB", "1.5 GB" or "800000000".</summary>
    /// <param name="option">Whose value it is, for the message.</param>
    /// <param name="text">The amount; at least one byte.</param>
    /// <exception cref="PursuitException">It is none.</exception>
    public static long Parse(string option, string text)
    {
        var trimmed = text.Trim();
        var (unit, bytes) = Units.FirstOrDefault(u => trimmed.EndsWith(u.Unit, StringComparison.OrdinalIgnoreCase), ("", 1));
        return decimal.TryParse(
            trimmed[..^unit.Length].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number <= (decimal)long.MaxValue / bytes && number * bytes >= 1
            ? (long)(number * bytes)
            : throw PursuitException.At(option, $"'{text}'", "a number with a unit: 800MiB, 2GiB, 1.5GB");
    }
}
