using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Pursuit.Cli;

/// <summary>
/// ONNX Runtime's native library of a single-file program: a resource of it that is unpacked when the first encoder asks for it. Elsewhere
/// it lies beside the program, and the runtime finds it.
/// </summary>
internal static class OnnxLibrary
{
    private const string Prefix = "onnxruntime/";

    private static readonly Assembly Program = typeof(OnnxLibrary).Assembly;

    /// <summary>Lets the runtime find the library here where it finds it nowhere else.</summary>
    public static void Register()
    {
        string[] names =
        [
            .. Program.GetManifestResourceNames()
                .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
                .Select(n => n[Prefix.Length..]),
        ];
        if (names.Length == 0) return;
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, wanted) =>
            wanted.Contains("onnxruntime", StringComparison.Ordinal) ? NativeLibrary.Load(Unpack(names)) : 0;
    }

    private static string Unpack(string[] names)
    {
        var places = UnpackedFiles.Places("libraries");
        try
        {
            return Path.Combine(
                UnpackedFiles.Unpack("onnxruntime", names, name => Program.GetManifestResourceStream(Prefix + name)!, places), names[0]);
        }
        catch (IOException e)
        {
            throw PursuitException.At(
                "--encoder",
                $"ONNX Runtime's library can't be unpacked ({e.Message})",
                $"room for 30 MB in {string.Join(" or ", places)}",
                "Set XDG_DATA_HOME or TMPDIR to a directory that can be written.",
                e);
        }
    }
}
