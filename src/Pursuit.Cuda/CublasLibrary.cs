using System.Runtime.InteropServices;

namespace Pursuit.Cuda;

/// <summary>cuBLAS's shared library, found and bound when a card is first used.</summary>
internal sealed unsafe class CublasLibrary
{
    /// <summary>A variable that names the directories of CUDA's libraries, or cuBLAS's file, where it isn't found by itself.</summary>
    public const string PathVariable = "PURSUIT_CUDA_LIBRARIES";

    private const string Advice =
        "Install cuBLAS 12 or 13 (a CUDA toolkit, or pip install nvidia-cublas-cu12), or name its directory in " + PathVariable + ".";

    private static readonly int[] Versions = [13, 12];

    private CublasLibrary(nint library, string name) => (Functions, Name) = (Bind(library, name), name);

    /// <summary>The file or the name that was found.</summary>
    public string Name { get; }

    /// <summary>Its functions.</summary>
    public CublasFunctions Functions { get; }

    /// <summary>Finds and loads the library.</summary>
    /// <exception cref="PursuitException">There is none, or it lacks a function; says what was looked for and where.</exception>
    public static CublasLibrary Load()
    {
        var candidates = Candidates(Environment.GetEnvironmentVariable, OperatingSystem.IsWindows(), Directories, Target);
        foreach (var candidate in candidates)
        {
            if (NativeLibrary.TryLoad(candidate, out var library)) return new CublasLibrary(library, candidate);
            // A directory's cuBLAS needs the cuBLASLt beside it, which its own search path may not name.
            var beside = candidate.Replace("cublas", "cublasLt", StringComparison.Ordinal);
            if (Path.IsPathRooted(candidate) && File.Exists(candidate)
                && NativeLibrary.TryLoad(Path.Combine(Path.GetDirectoryName(candidate)!, Path.GetFileName(beside)), out _)
                && NativeLibrary.TryLoad(candidate, out library))
            {
                return new CublasLibrary(library, candidate);
            }
        }

        throw PursuitException.At("cuBLAS", $"none of {string.Join(", ", candidates)}", "NVIDIA's cuBLAS library", Advice);
    }

    /// <summary>
    /// The files and names to try, best first: what the variable names, the loader's path, toolkits, Python's environments: those that
    /// are named active, then those of the interpreters on the path, where pip put PyTorch's CUDA.
    /// </summary>
    /// <param name="variable">A variable of the environment.</param>
    /// <param name="isWindows">Whether to look for Windows's names.</param>
    /// <param name="directories">The directories of a directory whose names match a pattern; none where it doesn't exist.</param>
    /// <param name="target">What a file's link points to, itself where it is none; null where there is no such file.</param>
    internal static IReadOnlyList<string> Candidates(
        Func<string, string?> variable,
        bool isWindows,
        Func<string, string, IEnumerable<string>> directories,
        Func<string, string?> target)
    {
        var names = Versions.Select(v => isWindows ? $"cublas64_{v}.dll" : $"libcublas.so.{v}").ToArray();
        var places = new List<string>();
        var found = new List<string>();
        foreach (var given in (variable(PathVariable) ?? "").Split(isWindows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Path.GetFileName(given).Contains(isWindows ? ".dll" : ".so", StringComparison.OrdinalIgnoreCase)) found.Add(given);
            else found.AddRange(names.Select(n => Path.Combine(given, n)));
        }

        found.AddRange(names);
        foreach (var toolkit in new[] { variable("CUDA_HOME"), variable("CUDA_PATH"), isWindows ? null : "/usr/local/cuda" })
            if (!string.IsNullOrEmpty(toolkit)) places.Add(Path.Combine(toolkit, isWindows ? "bin" : "lib64"));
        foreach (var root in Environments(variable, isWindows, target))
        {
            var packages = isWindows
                ? [Path.Combine(root, "Lib", "site-packages")]
                : directories(Path.Combine(root, "lib"), "python3*")
                    .SelectMany(d => new[] { Path.Combine(d, "site-packages"), Path.Combine(d, "dist-packages") });
            foreach (var package in packages)
            {
                // Wheels of CUDA 13 and of CUDA 12.
                places.Add(Path.Combine(package, "nvidia", "cu13", isWindows ? "bin" : "lib"));
                places.Add(Path.Combine(package, "nvidia", "cublas", isWindows ? "bin" : "lib"));
            }
        }

        found.AddRange(places.Distinct().SelectMany(p => names.Select(n => Path.Combine(p, n))));
        return found;
    }

    /// <summary>The roots of Python's environments.</summary>
    private static IEnumerable<string> Environments(Func<string, string?> variable, bool isWindows, Func<string, string?> target)
    {
        const int LongestChain = 8; // of links, which may lead in a circle
        var roots = new List<string?> { variable("VIRTUAL_ENV"), variable("CONDA_PREFIX") };
        if (!isWindows)
        {
            foreach (var directory in (variable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            {
                // An environment's interpreter is a link to the one that it was made with, and may itself be linked to.
                var interpreter = Path.Combine(directory, "python3");
                for (var links = 0; links < LongestChain && target(interpreter) is { } next; links++)
                {
                    roots.Add(Path.GetDirectoryName(Path.GetDirectoryName(interpreter)));
                    if (next == interpreter) break;
                    interpreter = next;
                }
            }

            roots.Add("/usr/local"); // where Debian's pip installs for all
            if (variable("HOME") is { Length: > 0 } home) roots.Add(Path.Combine(home, ".local"));
        }

        return roots.OfType<string>().Where(r => r.Length > 0).Distinct();
    }

    private static string? Target(string path)
    {
        if (!File.Exists(path)) return null;
        return new FileInfo(path).LinkTarget is { } link ? Path.GetFullPath(link, Path.GetDirectoryName(Path.GetFullPath(path))!) : path;
    }

    private static IEnumerable<string> Directories(string directory, string pattern) =>
        Directory.Exists(directory) ? Directory.EnumerateDirectories(directory, pattern).Order(StringComparer.Ordinal) : [];

    private static CublasFunctions Bind(nint library, string name)
    {
        return new CublasFunctions
        {
            Create = (delegate* unmanaged[Cdecl]<nint*, int>)Export("cublasCreate_v2"),
            Destroy = (delegate* unmanaged[Cdecl]<nint, int>)Export("cublasDestroy_v2"),
            GetVersion = (delegate* unmanaged[Cdecl]<nint, int*, int>)Export("cublasGetVersion_v2"),
            SetStream = (delegate* unmanaged[Cdecl]<nint, nint, int>)Export("cublasSetStream_v2"),
            SetWorkspace = (delegate* unmanaged[Cdecl]<nint, nint, nint, int>)Export("cublasSetWorkspace_v2"),
            SetMathMode = (delegate* unmanaged[Cdecl]<nint, int, int>)Export("cublasSetMathMode"),
            GemmEx = (delegate* unmanaged[Cdecl]<
                nint, int, int, int, int, int, float*, nint, int, int, nint, int, int, float*, nint, int, int, int, int, int>)
                Export("cublasGemmEx"),
        };

        nint Export(string function) => NativeLibrary.TryGetExport(library, function, out var address)
            ? address
            : throw PursuitException.At(name, $"no '{function}'", "cuBLAS 12 or 13", Advice);
    }
}
