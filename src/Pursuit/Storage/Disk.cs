using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Pursuit.Storage;

/// <summary>
/// Every change that Pursuit makes to a file system, and nothing else makes one: names come, go and change here alone. So a test can
/// see what a process that is killed at any of them leaves behind, and no change follows a link that somebody laid.
/// </summary>
/// <remarks>
/// What isn't whole has a name that ends in <see cref="PartialEnding"/>, files and directories alike. Whoever owns the place sweeps
/// such names away before working there; under any other name a thing is whole.
/// </remarks>
internal static partial class Disk
{
#pragma warning disable RS0030 // what is banned elsewhere is banned for this class
    /// <summary>How the names of files and directories end that aren't whole: not yet, or not any more.</summary>
    public const string PartialEnding = ".partial";

    private const int KeyBytes = 8;

    private static readonly AsyncLocal<Action<string>?> Observed = new();

    /// <summary>
    /// Told of each change before it is made, by the path that changes; of this flow of control and of what it starts. For tests.
    /// </summary>
    internal static Action<string>? Observer
    {
        get => Observed.Value;
        set => Observed.Value = value;
    }

    /// <summary>Makes a directory and those above it, where they aren't there.</summary>
    public static void CreateDirectory(string path)
    {
        if (Directory.Exists(path)) return;
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } above) CreateDirectory(above);
        Changing(path);
        Directory.CreateDirectory(path);
    }

    /// <summary>Makes an empty directory in the system's place for temporary files.</summary>
    public static string CreateTemporaryDirectory()
    {
        Changing(Path.GetTempPath());
        return Directory.CreateTempSubdirectory("pursuit-").FullName;
    }

    /// <summary>Deletes a file, or a link itself, where it is there.</summary>
    public static void Delete(string path)
    {
        Changing(path);
        File.Delete(path);
    }

    /// <summary>Gives a file another name, in place of what has it.</summary>
    public static void Rename(string from, string to)
    {
        Changing(to);
        File.Move(from, to, overwrite: true);
    }

    /// <summary>
    /// What to do about a file that couldn't be opened: of a process that has too many open, another thing than the usual.
    /// </summary>
    /// <param name="fault">What the system said.</param>
    /// <param name="usual">What to do else.</param>
    public static string CureOf(Exception fault, string usual)
    {
        const int TooMany = 24; // EMFILE, on Linux and macOS
        return fault is IOException { HResult: TooMany }
            ? "Let the process open more at once: 'ulimit -n 256' is enough for any number of files."
            : usual;
    }

    /// <summary>What is at a path and no file may replace, in words; null where a file can be put there.</summary>
    public static string? Obstacle(string path)
    {
        if (Directory.Exists(path)) return "a directory";
        var isStream = new FileInfo(path).LinkTarget?.StartsWith("/proc/", StringComparison.Ordinal) == true; // such as /dev/stdout
        return FileIdentity.IsRegularOrMissing(path) && !isStream ? null : "a pipe or a device";
    }

    /// <summary>Gives a directory a name that nothing has.</summary>
    public static void RenameDirectory(string from, string to)
    {
        Changing(to);
        Directory.Move(from, to);
    }

    /// <summary>
    /// Deletes a directory with all that is in it, where it is there. It first gets a name of things that aren't whole, so that a process
    /// killed on the way leaves no half of it under its own.
    /// </summary>
    public static void DeleteDirectory(string path)
    {
        if (!Directory.Exists(path)) return;
        var doomed = path.EndsWith(PartialEnding, StringComparison.Ordinal) ? path : PartialName(path);
        if (doomed != path) RenameDirectory(path, doomed);
        DeleteTree(doomed);
    }

    /// <summary>Creates a file that isn't whole yet: under a name that nobody can foresee or has laid a link at.</summary>
    /// <param name="path">The name it will get; its directory is created.</param>
    /// <param name="partial">The name it has.</param>
    public static FileStream CreatePartial(string path, out string partial)
    {
        CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        partial = PartialName(path);
        Changing(partial);
        return new FileStream(partial, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16);
    }

    /// <summary>Creates a file that goes with the process, without a name where the system allows.</summary>
    public static FileStream CreateUnnamed(string path)
    {
        Changing(path);
        var file = new FileStream(
            path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete | FileShare.Read, 1 << 16, FileOptions.DeleteOnClose);
        if (!OperatingSystem.IsWindows()) File.Delete(path);
        return file;
    }

    /// <summary>Lengthens a file with zeros for which the disk has room from then on: no page of it can fail to be written later.</summary>
    /// <param name="file">A file of <see cref="CreateUnnamed"/>.</param>
    /// <param name="length">Its length afterwards.</param>
    /// <exception cref="IOException">There is no room.</exception>
    public static void Allocate(FileStream file, long length)
    {
        const int Interrupted = 4; // EINTR, EINVAL and EOPNOTSUPP on Linux
        const int Invalid = 22;
        const int NotSupported = 95;
        Changing(file.Name);
        var from = RandomAccess.GetLength(file.SafeFileHandle);
        if (OperatingSystem.IsLinux())
        {
            int fault;
            do fault = FAllocate(file.SafeFileHandle, from, length - from);
            while (fault == Interrupted);
            if (fault == 0) return;
            if (fault is not (Invalid or NotSupported)) throw new IOException(Marshal.GetPInvokeErrorMessage(fault), fault);
        }

        var zeros = new byte[1 << 16];
        for (var at = from; at < length; at += zeros.Length)
            RandomAccess.Write(file.SafeFileHandle, zeros.AsSpan(0, (int)Math.Min(zeros.Length, length - at)), at);
    }

    /// <summary>Opens a file to write in place, creating it where it isn't there: a lock, or one that only grows.</summary>
    /// <param name="path">The file; a link is refused.</param>
    /// <param name="share">What others may do meanwhile.</param>
    /// <param name="bufferSize">Bytes of the stream's buffer.</param>
    /// <exception cref="PursuitException">The name is a link.</exception>
    public static FileStream OpenInPlace(string path, FileShare share, int bufferSize)
    {
        if (new FileInfo(path).LinkTarget is { } target)
            throw PursuitException.At(
                path, $"a link to {target}", "a file of Pursuit's own, which is written in place",
                "Look at who made the link, and delete it.");
        if (!File.Exists(path)) Changing(path);
        return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share, bufferSize);
    }

    /// <summary>Opens a file to read it.</summary>
    /// <param name="path">The file; what could be read only once, or without end, is refused before it is opened.</param>
    /// <param name="share">What others may do meanwhile.</param>
    /// <param name="options">How it will be read.</param>
    /// <exception cref="PursuitException">It is a pipe, a socket or a device.</exception>
    public static FileStream OpenToRead(string path, FileShare share = FileShare.Read, FileOptions options = FileOptions.None)
    {
        RequireRegular(path);
        return new FileStream(path, FileMode.Open, FileAccess.Read, share, bufferSize: 0, options);
    }

    /// <summary>Refuses what can't be read again from its beginning; what isn't there is left to the code that opens it.</summary>
    /// <exception cref="PursuitException">It is a pipe, a socket or a device.</exception>
    public static void RequireRegular(string path)
    {
        if (!FileIdentity.IsRegularOrMissing(path) && !Directory.Exists(path))
            throw PursuitException.At(
                path, "it is a pipe or a device", "a file that can be read more than once", "Write the data to a file first.");
    }

    /// <summary>Writes at the place where a stream of <see cref="OpenInPlace"/> stands.</summary>
    public static void Write(FileStream file, ReadOnlySpan<byte> bytes)
    {
        Changing(file.Name);
        file.Write(bytes);
    }

    /// <summary>Cuts a file.</summary>
    public static void Truncate(FileStream file, long length)
    {
        Changing(file.Name);
        file.SetLength(length);
    }

    /// <summary>Deletes everything below a directory that isn't whole; nobody else may be writing there.</summary>
    public static void Sweep(string directory)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos().ToArray())
        {
            var isDirectory = entry is DirectoryInfo && entry.LinkTarget is null;
            if (!entry.Name.EndsWith(PartialEnding, StringComparison.Ordinal))
            {
                if (isDirectory) Sweep(entry.FullName);
            }
            else if (isDirectory)
            {
                DeleteTree(entry.FullName);
            }
            else
            {
                Delete(entry.FullName);
            }
        }
    }

    /// <summary>
    /// Deletes what processes that ended left of a file that they wrote: of names that Pursuit gives, where no process holds them.
    /// </summary>
    /// <param name="path">The file's final name.</param>
    public static void SweepPartialOf(string path)
    {
        var full = Path.GetFullPath(path);
        if (Path.GetDirectoryName(full) is not { } directory || !Directory.Exists(directory)) return;
        foreach (var name in Directory.EnumerateFiles(directory).Where(n => IsPartialOf(n, full)).ToArray())
        {
            if (IsFree(name)) Delete(name);
        }
    }

    private static bool IsPartialOf(string name, string final) =>
        name.Length == final.Length + 1 + 2 * KeyBytes + PartialEnding.Length
        && name.StartsWith(final + ".", StringComparison.Ordinal)
        && name.EndsWith(PartialEnding, StringComparison.Ordinal)
        && name.Substring(final.Length + 1, 2 * KeyBytes).All(char.IsAsciiHexDigitLower);

    /// <summary>True where no process holds a file that isn't whole: each holds its own alone until it ends.</summary>
    private static bool IsFree(string path)
    {
        if (new FileInfo(path).LinkTarget is not null) return true; // Pursuit makes none
        try
        {
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None, bufferSize: 0).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void DeleteTree(string directory)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos().ToArray())
        {
            if (entry is DirectoryInfo && entry.LinkTarget is null) DeleteTree(entry.FullName);
            else Delete(entry.FullName);
        }

        Changing(directory);
        Directory.Delete(directory);
    }

    // Nothing that a run keeps depends on the name, so it needs no seed; what counts is that nobody can know it.
    private static string PartialName(string path) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))
            + $".{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes))}{PartialEnding}";

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int FAllocate(SafeFileHandle file, long offset, long length);

    private static void Changing(string path) => Observed.Value?.Invoke(path);
}
