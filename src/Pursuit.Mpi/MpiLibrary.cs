using System.Runtime.InteropServices;
using System.Text;

namespace Pursuit.Mpi;

/// <summary>
/// The functions and handles of Open MPI's shared library that Pursuit uses, bound when first asked for: nothing is loaded, and nothing
/// need be installed, where one process works alone.
/// </summary>
/// <remarks>
/// Open MPI's handles are the addresses of exported objects (ompi_mpi_comm_world and so on); MPICH's are numbers, so its library can't
/// stand in and is refused by that.
/// </remarks>
internal sealed unsafe class MpiLibrary
{
    /// <summary>A variable that names the library's file, where it isn't found by itself.</summary>
    public const string PathVariable = "PURSUIT_MPI_LIBRARY";

    private const string Advice =
        "Install Open MPI on every machine (Debian and Ubuntu: apt-get install openmpi-bin), or name its libmpi.so in "
            + PathVariable + ".";

    private static readonly string[] Names = ["libmpi.so.40", "libmpi.so", "libmpi.40.dylib", "libmpi.dylib"];

    private readonly nint _library;

    private MpiLibrary(nint library, string name)
    {
        _library = library;
        Name = name;
    }

    /// <summary>The file or the name that was found.</summary>
    public string Name { get; }

    /// <summary>The library's own words about its version, such as "Open MPI v4.1.4".</summary>
    public string Version
    {
        get
        {
            const int MaxLength = 256; // MPI_MAX_LIBRARY_VERSION_STRING
            var text = stackalloc byte[MaxLength];
            int length;
            _ = ((delegate* unmanaged[Cdecl]<byte*, int*, int>)Export("MPI_Get_library_version"))(text, &length);
            return Encoding.ASCII.GetString(text, Math.Clamp(length, 0, MaxLength)).Split(',')[0].TrimEnd('\0');
        }
    }

    /// <summary>Finds and loads the library.</summary>
    /// <exception cref="PursuitException">There is none, or it is another implementation's; says what to install.</exception>
    public static MpiLibrary Load()
    {
        var given = Environment.GetEnvironmentVariable(PathVariable);
        string[] names = string.IsNullOrEmpty(given) ? Names : [given];
        foreach (var name in names)
        {
            if (!NativeLibrary.TryLoad(name, out var library)) continue;
            if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _)) return new MpiLibrary(library, name);
            NativeLibrary.Free(library);
            throw PursuitException.At(
                name, "a library that isn't Open MPI's (it has no ompi_mpi_comm_world); MPICH and its kin have other handles and constants",
                "Open MPI", Advice);
        }

        throw PursuitException.At("MPI", $"none of {string.Join(", ", names)}", "Open MPI's library", Advice);
    }

    /// <summary>The address of an exported function or object.</summary>
    /// <exception cref="PursuitException">The library lacks it.</exception>
    internal nint Export(string name) => NativeLibrary.TryGetExport(_library, name, out var address)
        ? address
        : throw PursuitException.At(Name, $"no '{name}'", "Open MPI 4 or later", Advice);
}
