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
/// files beside <c>stage.json</c>, its record: the fingerprint, and the files' lengths and sums. A stage whose fingerprint is unchanged and
/// whose files are as they were written is reused or continued; any other is started afresh.
/// </remarks>
public sealed class RunDirectory : IDisposable
{
    /// <summary>The file with a run's options, which replays it.</summary>
    public const string OptionsName = "options.yaml";

    /// <summary>A report's page.</summary>
    public const string ReportPageName = "report.html";

    /// <summary>A report's model, which the page shows.</summary>
    public const string ReportModelName = "report.json";

    /// <summary>Where a training keeps its checkpoints.</summary>
    public const string CheckpointsName = "checkpoints";

    internal const string StagesName = "stages";
    internal const string LockName = "run.lock";
    private const int Format = 1;

    /// <summary>The file that makes a directory a run's.</summary>
    internal const string MarkerName = "run.json";

    private readonly FileStream? _lock;
    private readonly Lazy<string>? _scratch;

    private RunDirectory(string path, FileStream? lockFile, bool isReadOnly = false)
    {
        FullPath = path;
        _lock = lockFile;
        if (isReadOnly) _scratch = new(Disk.CreateTemporaryDirectory);
    }

    /// <summary>Its absolute path.</summary>
    public string FullPath { get; }

    /// <summary>Told of a stage's file that isn't as it was written; what is damaged is then made again.</summary>
    public Action<string>? OnDamage { get; set; }

    /// <summary>The version of Pursuit that runs now, as in the package.</summary>
    public static string PursuitVersion { get; } =
        typeof(RunDirectory).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Deletes an earlier report where there is one.</summary>
    public void DeleteReport()
    {
        Disk.Delete(PathOf(ReportModelName));
        Disk.Delete(PathOf(ReportPageName));
    }

    /// <summary>Opens a run directory, creating it where there is none.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="PursuitException">It holds something else, is in use, is of a newer format, or can't be written.</exception>
    public static RunDirectory Open(string path) => Open(path, FileShare.None);

    /// <summary>
    /// Opens a run directory that several tasks write shards into at once; a process that wants it alone is refused meanwhile.
    /// </summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="PursuitException">
    /// It holds something else, is in use by one process alone, is of a newer format, or can't be written.
    /// </exception>
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
                throw PursuitException.At(full, "a file", "a directory for the run", $"Choose another {ApiName.Run}.");
            // The marker last: tasks that start at once may make it, and then the rest, between two looks.
            if (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any(e => !IsOurs(e)) && !File.Exists(marker))
                throw LooksLikeRun(full)
                    ? WithoutMarker(full)
                    : PursuitException.At(
                        full, "a directory with other things in it", "an empty or a run directory",
                        $"Choose another {ApiName.Run}, or empty it.");
            Disk.CreateDirectory(full);
            var run = new RunDirectory(full, Lock(full, share));
            try
            {
                CheckOrWriteMarker(marker);
                if (share == FileShare.None) Disk.Sweep(full); // nobody else writes here while this process has the directory alone
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
            throw PursuitException.At(
                full, $"the directory can't be used ({e.Message})", "a writable directory", $"Choose another {ApiName.Run}.", e);
        }
    }

    /// <summary>
    /// Opens a finished run to read it, beside whatever process works there: it takes no lock and writes nothing, so that the disk may
    /// be read-only. Stages that aren't there as asked for are made outside of the run, and go when this is closed.
    /// </summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="PursuitException">It is none, or is of a newer format.</exception>
    public static RunDirectory OpenToRead(string path)
    {
        var full = Path.GetFullPath(path);
        var marker = Path.Combine(full, MarkerName);
        if (!Directory.Exists(full)) throw PursuitException.At(path, "no such directory", "the directory of a run, such as selected.run");
        if (!File.Exists(marker))
            throw LooksLikeRun(full)
                ? WithoutMarker(full)
                : PursuitException.At(path, $"a directory without {MarkerName}", "the directory of a run, such as selected.run");
        try
        {
            CheckMarker(marker);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw PursuitException.At(marker, $"the file can't be read ({e.Message})", "a readable run", "Check its permissions.", e);
        }

        return new RunDirectory(full, null, isReadOnly: true);
    }

    /// <summary>What of a run is finished, for people: its stages by name, and a training's newest checkpoint.</summary>
    /// <param name="path">The directory; what isn't there has no parts.</param>
    public static IReadOnlyList<string> FinishedParts(string path)
    {
        var stages = Path.Combine(path, StagesName);
        var parts = Directory.Exists(stages)
            ? Directory.EnumerateDirectories(stages).Select(s => Path.GetFileName(s)!).Order(StringComparer.Ordinal)
                .Where(name => RunStage.Finished(path, name) is not null).Select(name => $"stage {name}").ToList()
            : [];
        var checkpoints = Path.Combine(path, CheckpointsName);
        if (Directory.Exists(checkpoints) && Directory.EnumerateDirectories(checkpoints)
            .Where(c => !c.EndsWith(Disk.PartialEnding, StringComparison.Ordinal)).Max(StringComparer.Ordinal) is { } newest)
            parts.Add($"checkpoint {Path.GetFileName(newest)}");
        return parts;
    }

    /// <summary>
    /// Opens a stage: reuses or continues it where the fingerprint is unchanged and its files are as they were written, else empties it.
    /// </summary>
    /// <param name="name">The stage's name, a plain file name.</param>
    /// <param name="fingerprint">Everything its result depends on.</param>
    /// <param name="isPart">
    /// Files, by their names within the stage, that carry their own sum and the fingerprint: they outlive damage to the rest. Null: none
    /// does.
    /// </param>
    /// <exception cref="PursuitException">The run was opened to be read, and a file of the stage isn't as it was written.</exception>
    internal RunStage OpenStage(string name, Fingerprint fingerprint, Func<string, bool>? isPart = null)
    {
        if (_scratch is null)
            return RunStage.Open(Path.Combine(FullPath, StagesName, name), fingerprint, isPart, damage => OnDamage?.Invoke(damage));
        return RunStage.Finished(FullPath, name) is { } stage && stage.Fingerprint == fingerprint.Hash
            ? stage
            : RunStage.Open(Path.Combine(_scratch.Value, name), fingerprint, isPart, null);
    }

    /// <summary>The path of a file in the directory.</summary>
    public string PathOf(string name) => Path.Combine(FullPath, name);

    /// <summary>Lets another process have the directory.</summary>
    public void Dispose()
    {
        _lock?.Dispose();
        if (_scratch is { IsValueCreated: true }) Disk.DeleteDirectory(_scratch.Value);
    }

    /// <summary>True where what stands in a directory is a run's, whether or not its marker is there.</summary>
    private static bool LooksLikeRun(string directory) =>
        Directory.Exists(Path.Combine(directory, StagesName)) || Directory.Exists(Path.Combine(directory, CheckpointsName))
            || File.Exists(Path.Combine(directory, OptionsName));

    private static PursuitException WithoutMarker(string directory) =>
        PursuitException.At(directory, $"what a run holds, but no {MarkerName}", "a run with it", MarkerCure(directory));

    private static string MarkerCure(string directory) =>
        "It says the format alone: to go on with what the run holds, write {\"format\": "
            + $"{Format}}} into {Path.Combine(directory, MarkerName)}; to begin anew, delete the directory or "
            + $"choose another {ApiName.Run}.";

    private static bool IsOurs(string entry) =>
        Path.GetFileName(entry) is LockName || entry.EndsWith(Disk.PartialEnding, StringComparison.Ordinal);

    /// <summary>
    /// True where a file couldn't be opened because another process holds it, and for no other reason, such as a disk that can't be
    /// written.
    /// </summary>
    internal static bool IsInUse(IOException fault)
    {
        const int Linux = 11, MacOS = 35, Windows = unchecked((int)0x80070020); // EWOULDBLOCK twice, and a sharing violation
        return fault.HResult is Linux or MacOS or Windows;
    }

    private static FileStream Lock(string directory, FileShare share)
    {
        try
        {
            return Disk.OpenInPlace(Path.Combine(directory, LockName), share, bufferSize: 0);
        }
        catch (IOException e) when (IsInUse(e))
        {
            throw PursuitException.At(
                directory, $"the directory is in use by another process ({e.Message})", "one process per run directory",
                $"Wait for it to end, or choose another {ApiName.Run}. Processes that are to share one are started by "
                    + "mpirun or srun --mpi=pmix.",
                e);
        }
    }

    private static void CheckOrWriteMarker(string marker)
    {
        if (!File.Exists(marker))
        {
            AtomicFile.Write(marker, s => JsonSerializer.Serialize(s, new Marker(Format, PursuitVersion), RunJson.Indented));
            return;
        }

        CheckMarker(marker);
    }

    private static void CheckMarker(string marker)
    {
        var found = JsonFile.Read<Marker>(
            marker, RunJson.Indented, $"the marker of a run of format {Format}", MarkerCure(Path.GetDirectoryName(marker)!));
        if (found.Format != Format)
            throw PursuitException.At(
                marker, $"a run of format {found.Format}", $"format {Format}",
                $"Another version of Pursuit made it, or the file is damaged; choose another {ApiName.Run}.");
    }

    /// <summary>What run.json holds.</summary>
    /// <param name="Format">The run's format.</param>
    /// <param name="Pursuit">The version that made it; null where a person wrote the marker anew.</param>
    private sealed record Marker(int Format, string? Pursuit = null);
}
