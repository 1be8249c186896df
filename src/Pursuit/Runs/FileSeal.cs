using System.Collections.Concurrent;
using System.Security.Cryptography;
using Pursuit.Storage;

namespace Pursuit.Runs;

/// <summary>A file's length and SHA-256, as a record keeps them: what became of the file since is noticed when it is read.</summary>
/// <remarks>
/// SHA-256 because a seal must also tell a file from another run's of the same name and length, which a checksum isn't made for, and
/// because it costs little: processors hash it themselves, faster than most disks read.
/// A file that this process has hashed isn't hashed again while its length and time of change stay.
/// </remarks>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">64 hexadecimal digits in lower case.</param>
internal sealed record FileSeal(long Length, string Sha256)
{
    private const int BlockBytes = 1 << 20;
    private static readonly ConcurrentDictionary<string, (DateTime Changed, FileSeal Seal)> Hashed = new(StringComparer.Ordinal);

    /// <summary>Seals a file as it stands: reads it once, block by block.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="PursuitException">It can't be read.</exception>
    public static FileSeal Of(string path)
    {
        try
        {
            return Hash(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(
                path, $"the file can't be read back ({e.Message})", "the file as it was written",
                "Check the disk, and run the same command again.", e);
        }
    }

    /// <summary>Seals a file's first bytes; what is written behind them later breaks no such seal.</summary>
    /// <param name="path">The file.</param>
    /// <param name="length">How many bytes, at most all.</param>
    /// <exception cref="PursuitException">It can't be read, or is shorter.</exception>
    public static FileSeal OfBeginning(string path, long length)
    {
        try
        {
            using var stream = Open(path);
            return stream.Length >= length
                ? new FileSeal(length, Sum(stream, length))
                : throw PursuitException.At(path, $"{stream.Length:N0} bytes", $"at least {length:N0}", "Something else cut the file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(path, $"the file can't be read ({e.Message})", "a readable file", null, e);
        }
    }

    /// <summary>What is wrong with a file that should be as it was sealed, in words such as "12 bytes"; null where it is so.</summary>
    /// <param name="path">The file.</param>
    public string? FaultOf(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) return "no such file";
            if (file.Length != Length) return $"{file.Length:N0} bytes";
            var known = Hashed.TryGetValue(file.FullName, out var hashed) && hashed.Changed == file.LastWriteTimeUtc
                && hashed.Seal.Length == file.Length;
            var sum = (known ? hashed.Seal : Hash(path)).Sha256;
            return sum == Sha256 ? null : $"bytes with SHA-256 {sum}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"a file that can't be read ({e.Message})";
        }
    }

    /// <summary>"1,024 bytes with SHA-256 ...", for messages.</summary>
    public override string ToString() => $"{Length:N0} bytes with SHA-256 {Sha256}";

    private static FileSeal Hash(string path)
    {
        var changed = File.GetLastWriteTimeUtc(path);
        using var stream = Open(path);
        var seal = new FileSeal(stream.Length, Sum(stream, stream.Length));
        Hashed[Path.GetFullPath(path)] = (changed, seal);
        return seal;
    }

    private static FileStream Open(string path) =>
        Disk.OpenToRead(path, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);

    private static string Sum(FileStream stream, long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[(int)Math.Min(BlockBytes, length)];
        for (var left = length; left > 0;)
        {
            var read = stream.Read(block, 0, (int)Math.Min(block.Length, left));
            if (read == 0) throw new EndOfStreamException($"it ends {left:N0} bytes early");
            hash.AppendData(block, 0, read);
            left -= read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
