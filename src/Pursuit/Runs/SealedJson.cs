using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pursuit.Storage;

namespace Pursuit.Runs;

/// <summary>
/// JSON files that notice their own damage: an object whose last member, <c>sha256</c>, is the SHA-256 of the file without it. Whoever
/// reads them otherwise sees one member more.
/// </summary>
internal static class SealedJson
{
    private const int HexDigits = 2 * SHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> End => "\n}"u8;

    private static ReadOnlySpan<byte> SealStart => ",\n  \"sha256\": \""u8;

    private static ReadOnlySpan<byte> SealEnd => "\"\n}"u8;

    /// <summary>Writes a value under its final name when it is whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="value">A value that becomes an object with at least one member.</param>
    /// <exception cref="PursuitException">The file can't be written.</exception>
    public static void Write(string path, object value)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), RunJson.Indented);
        if (!json.AsSpan().EndsWith(End))
            throw new ArgumentException($"{value.GetType().Name} becomes no JSON object with members", nameof(value));
        AtomicFile.Write(path, stream =>
        {
            stream.Write(json.AsSpan(0, json.Length - End.Length));
            stream.Write(SealStart);
            stream.Write(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(json))));
            stream.Write(SealEnd);
        });
    }

    /// <summary>Reads a value that must be there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expected">What should be there, for the message.</param>
    /// <param name="advice">What the person can do, for the message.</param>
    /// <exception cref="PursuitException">The file is missing, damaged or of another version.</exception>
    public static T Read<T>(string path, string expected, string advice)
        where T : class =>
        TryRead<T>(path, out var value, out var fault) ? value : throw PursuitException.At(path, fault, expected, advice);

    /// <summary>Reads a value, or says what is wrong with the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="value">The value; null where there is a fault.</param>
    /// <param name="fault">The fault, in words such as "no such file"; null where there is none.</param>
    /// <returns>True where the value was read.</returns>
    public static bool TryRead<T>(string path, [NotNullWhen(true)] out T? value, [NotNullWhen(false)] out string? fault)
        where T : class
    {
        (value, fault) = (null, null);
        try
        {
            if (!File.Exists(path))
            {
                fault = "no such file";
                return false;
            }

            var bytes = File.ReadAllBytes(path);
            if (Unsealed(bytes) is not { } json)
            {
                fault = $"{bytes.Length:N0} bytes that don't match a SHA-256 at their end: the file was changed or cut since, "
                    + "or an older version of Pursuit wrote it";
                return false;
            }

            value = JsonFile.Read<T>(json, path, RunJson.Indented, "what Pursuit writes there");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PursuitException)
        {
            fault = $"a file that can't be read ({e.Message})";
        }

        return value is not null;
    }

    /// <summary>The JSON as it was before it was sealed; null where the seal doesn't fit.</summary>
    private static byte[]? Unsealed(byte[] bytes)
    {
        var sealLength = SealStart.Length + HexDigits + SealEnd.Length;
        if (bytes.Length < sealLength) return null;
        var seal = bytes.AsSpan(bytes.Length - sealLength);
        if (!seal.StartsWith(SealStart) || !seal.EndsWith(SealEnd)) return null;
        byte[] json = [.. bytes.AsSpan(0, bytes.Length - sealLength), .. End];
        var sum = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(json)));
        return seal.Slice(SealStart.Length, HexDigits).SequenceEqual(sum) ? json : null;
    }
}
