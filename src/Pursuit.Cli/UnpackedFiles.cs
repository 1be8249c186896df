using System.Security.Cryptography;
using Pursuit.Storage;

namespace Pursuit.Cli;

/// <summary>Writes a single-file program's resources out as files, once a user, and compares them with its own copy at each use.</summary>
internal static class UnpackedFiles
{
    /// <summary>Writes what is missing or different into the first of several directories that allows it.</summary>
    /// <param name="name">What the directory's name begins with.</param>
    /// <param name="names">The files.</param>
    /// <param name="open">Opens one of them in the program.</param>
    /// <param name="places">Directories, the preferred one first.</param>
    /// <returns>The files' directory, named after their content.</returns>
    /// <exception cref="IOException">None of the directories can be written; says why of the last.</exception>
    public static string Unpack(string name, IReadOnlyList<string> names, Func<string, Stream> open, IReadOnlyList<string> places)
    {
        var folder = $"{name}-{Sum(names, open)[..16]}";
        Exception? last = null;
        foreach (var directory in places.Select(place => Path.Combine(place, folder)))
        {
            try
            {
                Disk.CreateDirectory(directory);
                foreach (var file in names) Write(Path.Combine(directory, file), () => open(file));
                return directory;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PursuitException)
            {
                last = e;
            }
        }

        throw new IOException(last?.Message, last);
    }

    /// <summary>The user's own data, else temporary files, which others can write too.</summary>
    /// <param name="kind">What is unpacked.</param>
    public static List<string> Places(string kind)
    {
        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        var temporary = Path.Combine(Path.GetTempPath(), "pursuit-" + kind); // a user without a home may have no name either
        return data.Length > 0 ? [Path.Combine(data, "pursuit", kind), temporary] : [temporary];
    }

    private static void Write(string path, Func<Stream> open)
    {
        if (Equal(path, open)) return;
        AtomicFile.Write(path, stream =>
        {
            using var source = open();
            source.CopyTo(stream);
        });
    }

    private static bool Equal(string path, Func<Stream> open)
    {
        if (!File.Exists(path)) return false;
        using var source = open();
        using var file = Disk.OpenToRead(path);
        return file.Length == source.Length && SHA256.HashData(file).AsSpan().SequenceEqual(SHA256.HashData(source));
    }

    /// <summary>The SHA-256 of the names and the files' own sums, in hexadecimal.</summary>
    private static string Sum(IReadOnlyList<string> names, Func<string, Stream> open)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in names)
        {
            using var source = open(name);
            sum.AppendData(System.Text.Encoding.UTF8.GetBytes(name + "\n"));
            sum.AppendData(SHA256.HashData(source));
        }

        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }
}
