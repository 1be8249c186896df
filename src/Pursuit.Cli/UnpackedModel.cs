using System.Reflection;
using System.Security.Cryptography;
using Pursuit.Storage;

namespace Pursuit.Cli;

/// <summary>
/// The bundled model of a single-file program, whose files are resources of it: models are read as files, so it is unpacked once a user
/// and compared with the program's own copy at each use, because a directory of temporary files is open to others.
/// </summary>
internal static class UnpackedModel
{
    /// <summary>What the names of its resources begin with.</summary>
    public const string Prefix = "pursuit-mini/";

    private static readonly Assembly Program = typeof(UnpackedModel).Assembly;

    /// <summary>The files' names; none where the model lies beside the program.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Program.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(n => n[Prefix.Length..])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The model's directory, with every file as the program has it.</summary>
    /// <exception cref="PursuitException">It can be written neither for the user nor among temporary files.</exception>
    public static string Unpack() => Unpack(Names, name => Program.GetManifestResourceStream(Prefix + name)!, Places());

    /// <summary>Writes what is missing or different into the first of several directories that allows it.</summary>
    /// <param name="names">The files.</param>
    /// <param name="open">Opens one of them in the program.</param>
    /// <param name="places">Directories, the preferred one first.</param>
    /// <returns>The model's directory, named after its content.</returns>
    internal static string Unpack(IReadOnlyList<string> names, Func<string, Stream> open, IReadOnlyList<string> places)
    {
        var folder = $"pursuit-mini-{Sum(names, open)[..16]}";
        Exception? last = null;
        foreach (var directory in places.Select(place => Path.Combine(place, folder)))
        {
            try
            {
                Disk.CreateDirectory(directory);
                foreach (var name in names) Write(Path.Combine(directory, name), () => open(name));
                return directory;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PursuitException)
            {
                last = e;
            }
        }

        throw PursuitException.At(
            "--model",
            $"none given, and the bundled model can't be unpacked ({last?.Message})",
            $"room for 8 MB in {string.Join(" or ", places)}",
            "Set XDG_DATA_HOME or TMPDIR to a directory that can be written, or give --model.",
            last);
    }

    /// <summary>The user's own data, else temporary files, which others can write too.</summary>
    private static List<string> Places()
    {
        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        var temporary = Path.Combine(Path.GetTempPath(), "pursuit-models"); // a user without a home may have no name either
        return data.Length > 0 ? [Path.Combine(data, "pursuit", "models"), temporary] : [temporary];
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
