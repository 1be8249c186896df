using System.Runtime.InteropServices;

namespace Pursuit.Storage;

/// <summary>
/// Which thing of the file system a path leads to, whatever names and links lead there: on Linux device and inode, elsewhere the full
/// path. What isn't there yet is identified by the nearest directory above it that is.
/// </summary>
/// <remarks>Two paths lead to one thing where their identities are equal.</remarks>
internal readonly partial record struct FileIdentity
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint BasicStatistics = 0x7ff; // STATX_BASIC_STATS
    private const int StatisticsBytes = 256;

    // Where struct statx has its fields: the kernel's promise, the same on every Linux.
    private const int ModeOffset = 28;
    private const int InodeOffset = 32;
    private const int DeviceOffset = 136;

    private const int TypeMask = 0xf000;
    private const int RegularType = 0x8000;

    private FileIdentity(ulong device, ulong inode, string rest) => (Device, Inode, Rest) = (device, inode, rest);

    private ulong Device { get; }

    private ulong Inode { get; }

    /// <summary>What of the path isn't there, below what is; empty where all is.</summary>
    private string Rest { get; }

    /// <summary>Where a path leads, links followed.</summary>
    /// <param name="path">A path to something that is there or not.</param>
    public static FileIdentity Of(string path)
    {
        var full = Path.GetFullPath(path);
        if (!OperatingSystem.IsLinux()) return new FileIdentity(0, 0, Resolved(full));
        var rest = "";
        for (var at = Path.TrimEndingDirectorySeparator(full); ; at = Path.GetDirectoryName(at)!)
        {
            if (Statistics(at) is { } found) return new FileIdentity(found.Device, found.Inode, rest);
            if (Path.GetDirectoryName(at) is null) return new FileIdentity(0, 0, full);
            rest = Path.Combine(Path.GetFileName(at), rest);
        }
    }

    /// <summary>
    /// The directories that something lies in, from the nearest up, by the path as it is written and by where its links lead.
    /// </summary>
    /// <param name="path">A path to something that is there or not.</param>
    public static IEnumerable<FileIdentity> Above(string path)
    {
        var full = Path.GetFullPath(path);
        foreach (var start in new[] { full, Resolved(full) }.Distinct())
        {
            for (var at = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(start)); at is not null; at = Path.GetDirectoryName(at))
                yield return Of(at);
        }
    }

    /// <summary>
    /// False for what is there and can't be read again from its beginning: a pipe, a socket, a device. Told on Linux alone.
    /// </summary>
    /// <param name="path">A path to something that is there or not; a directory isn't a file.</param>
    public static bool IsRegularOrMissing(string path) =>
        !OperatingSystem.IsLinux() || Statistics(path) is not { } found || (found.Mode & TypeMask) == RegularType;

    private static string Resolved(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            return path; // a link that leads nowhere, or in a circle, is its own place
        }
    }

    private static unsafe (ulong Device, ulong Inode, int Mode)? Statistics(string path)
    {
        Span<byte> bytes = stackalloc byte[StatisticsBytes];
        fixed (byte* start = bytes)
        {
            if (ReadStatistics(CurrentDirectory, path, 0, BasicStatistics, start) != 0) return null;
        }

        var (major, minor) = (Field32(bytes, DeviceOffset), Field32(bytes, DeviceOffset + sizeof(uint)));
        return (((ulong)major << 32) | minor, MemoryMarshal.Read<ulong>(bytes[InodeOffset..]),
            MemoryMarshal.Read<ushort>(bytes[ModeOffset..]));

        static uint Field32(ReadOnlySpan<byte> bytes, int offset) => MemoryMarshal.Read<uint>(bytes[offset..]);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int ReadStatistics(int directory, string path, int flags, uint mask, byte* statistics);
}
