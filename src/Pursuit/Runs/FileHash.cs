using System.Security.Cryptography;
using System.Text;
using Pursuit.Storage;

namespace Pursuit.Runs;

/// <summary>Hashes what a stage was given as files.</summary>
internal static class FileHash
{
    /// <summary>SHA-256 of a file, or of a directory's files with their names in ordinal order; 64 hexadecimal digits.</summary>
    /// <param name="path">A file or a directory, read whole.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    public static string Of(string path, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray()
            : [path];
        var block = new byte[1 << 20];
        foreach (var file in files)
        {
            using var stream = Disk.OpenToRead(file);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetRelativePath(path, file)}\0{stream.Length}\0"));
            for (int read; (read = stream.Read(block)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(block.AsSpan(0, read));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
