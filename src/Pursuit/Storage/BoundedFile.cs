namespace Pursuit.Storage;

/// <summary>Reads small files whole, and no more of them than their kind can need.</summary>
internal static class BoundedFile
{
    private const int Step = 1 << 16;

    /// <summary>Reads a file's bytes. Its length is what can be read of it, not what it declares: a device or a pipe has none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">Bytes at most, 1 to 2,000,000,000.</param>
    /// <param name="expected">What the file should be, for the message: "a model's configuration".</param>
    /// <param name="advice">What to do where it can't be read.</param>
    /// <exception cref="PursuitException">It can't be read, or is longer.</exception>
    public static byte[] Read(string path, int most, string expected, string? advice = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        try
        {
            using var file = Disk.OpenToRead(path, FileShare.ReadWrite | FileShare.Delete);
            var declared = file.CanSeek ? file.Length : 0;
            if (declared > most) throw TooLong(path, declared, most, expected);
            var bytes = new byte[declared == 0 ? Math.Min(Step, most + 1) : declared + 1]; // one more shows that the end is the end
            var count = 0;
            while (true)
            {
                var read = file.Read(bytes.AsSpan(count));
                count += read;
                if (count > most) throw TooLong(path, count, most, expected);
                if (read == 0) return bytes[..count];
                if (count == bytes.Length) Array.Resize(ref bytes, (int)Math.Min(most + 1L, 2L * count));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw PursuitException.At(path, $"the file can't be read ({e.Message})", expected, advice, e);
        }
    }

    private static PursuitException TooLong(string path, long length, int most, string expected) =>
        PursuitException.At(
            path, $"{length:N0} bytes or more", $"{expected} of at most {most:N0} bytes", "It is probably a file of another kind.");
}
