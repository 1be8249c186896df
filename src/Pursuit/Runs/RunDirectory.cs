using System.Reflection;
using System.Text.Json;
using Pursuit.Storage;

namespace Pursuit.Runs;

/// <summary>
/// A directory that holds everything of one job: what was asked, and each stage's part, whole or continuing.
/// One process at a time owns it.
/// </summary>
/// <remarks>
/// <c>run.json</c> says what made it, <c>options.yaml</c> what was asked (and replays it), <c>stages/NAME/</c> holds a stage's
/// files beside <c>stage.json</c>, its fingerprint. A stage whose fingerprint is unchanged is reused or continued; any other
/// is started afresh.
/// </remarks>
public sealed class RunDirectory : IDisposable
{
    internal const string StagesName = "stages";
    private const int Format = 1;
    private const string MarkerName = "run.json";
    private readonly FileStream? _lock;

    private RunDirectory(string path, FileStream? lockFile)
    {
        FullPath = path;
        _lock = lockFile;
    }

    /// <summary>Its absolute path.</summary>
    public string FullPath { get; }

    /// <summary>The version of Pursuit that runs now, as in the package.</summary>
    public static string PursuitVersion { get; } =
        typeof(RunDirectory).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Opens a run directory, creating it where there is none.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="PursuitException">It holds something else, is in use, is of a newer format, or can't be written.</exception>
    public static RunDirectory Open(string path) => Open(path, FileShare.None);

    /// <summary>Opens a run directory that several tasks write shards into at once; a process that wants it alone is refused meanwhile.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="PursuitException">It holds something else, is in use by one process alone, is of a newer format, or can't be written.</exception>
    public static RunDirectory OpenShared(string path) => Open(path, FileShare.ReadWrite);

    /// <summary>The run directory of a job whose first process owns it, in another process of that job.</summary>
    /// <param name="path">The directory.</param>
    public static RunDirectory Join(string path) => new(Path.GetFullPath(path), null);

    private static RunDirectory Open(string path, FileShare share)
    {
        var full = Path.GetFullPath(path);
        var marker = Path.Combine(full, MarkerName);
        try
        {
            if (File.Exists(full))
                throw PursuitException.At(full, "a file", "a directory for the run", "Choose another --run.");
            if (Directory.Exists(full) && !File.Exists(marker) && Directory.EnumerateFileSystemEntries(full).Any(e => !IsOurs(e)))
                throw PursuitException.At(full, "a directory with other things in it", "an empty or a run directory", "Choose another --run, or empty it.");
            Directory.CreateDirectory(full);
            var run = new RunDirectory(full, Lock(full, share));
            try
            {
                CheckOrWriteMarker(marker);
                if (share == FileShare.None) DeletePartial(full);
                return run;
            }
            catch
            {
                run.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw PursuitException.At(full, $"the directory can't be used ({e.Message})", "a writable directory", "Choose another --run.", e);
        }
    }

    /// <summary>Opens a run directory that is there already.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="PursuitException">It is none, is in use, or is of a newer format.</exception>
    public static RunDirectory OpenExisting(string path) => File.Exists(Path.Combine(path, MarkerName))
        ? Open(path)
        : throw PursuitException.At(path, Directory.Exists(path) ? $"a directory without {MarkerName}" : "no such directory", "the directory of a run, such as selected.run");

    /// <summary>Opens a stage: reuses or continues it where the fingerprint is unchanged, else empties it.</summary>
    /// <param name="name">The stage's name, a plain file name.</param>
    /// <param name="fingerprint">Everything its result depends on.</param>
    public RunStage OpenStage(string name, Fingerprint fingerprint) =>
        RunStage.Open(Path.Combine(FullPath, StagesName, name), fingerprint);

    /// <summary>The path of a file in the directory.</summary>
    public string PathOf(string name) => Path.Combine(FullPath, name);

    /// <summary>Lets another process have the directory.</summary>
    public void Dispose() => _lock?.Dispose();

    private static bool IsOurs(string entry) =>
        Path.GetFileName(entry) is "run.lock" || entry.EndsWith(AtomicFile.PartialEnding, StringComparison.Ordinal);

    /// <summary>True where a file couldn't be opened because another process holds it, and for no other reason, such as a disk that can't be written.</summary>
    internal static bool IsInUse(IOException fault)
    {
        const int Linux = 11, MacOS = 35, Windows = unchecked((int)0x80070020); // EWOULDBLOCK twice, and a sharing violation
        return fault.HResult is Linux or MacOS or Windows;
    }

    /// <summary>What processes that were killed had half written; nobody else writes here while this one has the directory alone.</summary>
    private static void DeletePartial(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*" + AtomicFile.PartialEnding, SearchOption.AllDirectories)) File.Delete(path);
    }

    private static FileStream Lock(string directory, FileShare share)
    {
        try
        {
            return new FileStream(Path.Combine(directory, "run.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, share);
        }
        catch (IOException e) when (IsInUse(e))
        {
            throw PursuitException.At(directory, $"the directory is in use by another process ({e.Message})", "one process per run directory", "Wait for it to end, or choose another --run. Processes that are to share one are started by mpirun or srun --mpi=pmix.", e);
        }
    }

    private static void CheckOrWriteMarker(string marker)
    {
        if (!File.Exists(marker))
        {
            AtomicFile.Write(marker, s => JsonSerializer.Serialize(s, new Marker(Format, PursuitVersion), RunJson.Indented));
            return;
        }

        var found = JsonFile.Read<Marker>(marker, RunJson.Indented, $"the marker of a run of format {Format}", "Choose another --run.");
        if (found.Format != Format)
            throw PursuitException.At(marker, $"a run of format {found.Format}", $"format {Format}", "It was made by another version of Pursuit; choose another --run.");
    }

    private sealed record Marker(int Format, string Pursuit);
}
