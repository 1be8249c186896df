using System.Reflection;

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
    public static string Unpack() =>
        Unpack(Names, name => Program.GetManifestResourceStream(Prefix + name)!, UnpackedFiles.Places("models"));

    /// <summary>Writes what is missing or different into the first of several directories that allows it.</summary>
    /// <param name="names">The files.</param>
    /// <param name="open">Opens one of them in the program.</param>
    /// <param name="places">Directories, the preferred one first.</param>
    /// <returns>The model's directory, named after its content.</returns>
    internal static string Unpack(IReadOnlyList<string> names, Func<string, Stream> open, IReadOnlyList<string> places)
    {
        try
        {
            return UnpackedFiles.Unpack("pursuit-mini", names, open, places);
        }
        catch (IOException e)
        {
            throw PursuitException.At(
                "--model",
                $"none given, and the bundled model can't be unpacked ({e.Message})",
                $"room for 8 MB in {string.Join(" or ", places)}",
                "Set XDG_DATA_HOME or TMPDIR to a directory that can be written, or give --model.",
                e);
        }
    }
}
