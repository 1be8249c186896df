using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pursuit.Storage;

/// <summary>
/// A whole file mapped read-only into memory. Pages are read when touched and belong to the system's file cache, so a
/// file may be larger than memory.
/// </summary>
/// <remarks>
/// Spans handed out are valid until <see cref="Dispose"/>. A file that another program truncates while it is mapped
/// can't be read safely by anyone; the names under which Pursuit writes are replaced, never rewritten, for this reason.
/// </remarks>
internal sealed unsafe partial class MappedFile : IDisposable
{
    private const int NoMemory = 12; // ENOMEM on Linux: for a map, that the process has as many as it may

    // madvise's words, the same on every Linux.
    private const int Sequential = 2;
    private const int WillNeed = 3;
    private const int DontNeed = 4;

    private static int LiveTotal;

    private readonly MemoryMappedViewAccessor? _view;
    private byte* _start;
    private int _disposed;

    private MappedFile(string path, SafeFileHandle file, long start, long length)
    {
        Path = path;
        Length = length;
        if (Length > 0) // an empty file can't be mapped
        {
            // The view outlives its file: a store of more shards than a process may have files open stays mapped nonetheless.
            using var map = MemoryMappedFile.CreateFromFile(
                file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = map.CreateViewAccessor(start, Length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
            _start += _view.PointerOffset;
        }

        Interlocked.Increment(ref LiveTotal);
    }

    /// <summary>Files mapped and not yet disposed; a test counts them.</summary>
    public static int LiveCount => Volatile.Read(ref LiveTotal);

    /// <summary>The file's full path; of a part of a file its name.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="PursuitException">The file isn't there or can't be read.</exception>
    public static MappedFile Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            using var file = Disk.OpenToRead(full, FileShare.Read | FileShare.Delete);
            return new MappedFile(full, file.SafeFileHandle, 0, file.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw e.HResult == NoMemory
                ? PursuitException.At(
                    full, $"the file can't be mapped in addition to the {LiveCount:N0} mapped ones ({e.Message})", "room for one more",
                    "A store has a file for every 1,024 rows: raise Linux's limit, 'sysctl -w vm.max_map_count=N' with N "
                        + "well above the store's files.",
                    e)
                : PursuitException.At(
                    full, $"the file can't be read ({e.Message})", "a readable file", "Check the path and its permissions.", e);
        }
    }

    /// <summary>Maps a part of a file, which must not be larger than the file.</summary>
    /// <param name="name">What the part is called in messages.</param>
    /// <param name="file">The file; it stays open.</param>
    /// <param name="start">The part's first byte.</param>
    /// <param name="length">Its bytes.</param>
    /// <exception cref="PursuitException">It can't be mapped.</exception>
    public static MappedFile Open(string name, SafeFileHandle file, long start, long length)
    {
        try
        {
            return new MappedFile(name, file, start, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw PursuitException.At(
                name, $"it can't be mapped ({e.Message})", "bytes within their file", "Copy or download it again.", e);
        }
    }

    /// <summary>Bytes of the file.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="count">How many; a span counts at most 2^31 - 1.</param>
    /// <exception cref="PursuitException">The range isn't inside the file.</exception>
    public ReadOnlySpan<byte> Bytes(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (offset < 0 || count < 0 || offset > Length - count)
            throw PursuitException.At(Path, $"bytes {offset} to {offset + count} were asked for", $"a range within its {Length} bytes");
        return new ReadOnlySpan<byte>(_start + offset, count);
    }

    /// <summary>
    /// Says that the whole file will be read from beginning to end: its pages are fetched ahead and are the first to go where memory is
    /// short. A hint; nothing happens where the system takes none.
    /// </summary>
    public void ReadSequentially() => Advise(0, Length, Sequential);

    /// <summary>Begins to fetch a part of the file, and no more than that, without waiting for it. A hint, as above.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="count">How many.</param>
    public void Prefetch(long offset, long count)
    {
        // Of what is in memory already the system would look at every page: a third of a pass over a store that is.
        if (!IsFetched(offset, count)) Advise(offset, count, WillNeed);
    }

    /// <summary>
    /// Takes a part that was read out of the process's memory; it stays in the system's cache, from where it comes back. A hint.
    /// </summary>
    /// <param name="offset">First byte.</param>
    /// <param name="count">How many.</param>
    public void GiveBack(long offset, long count) => Advise(offset, count, DontNeed);

    /// <summary>Unmaps the file; spans of it must not be used any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (_start is not null)
        {
            _start = null;
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view?.Dispose();
        Interlocked.Decrement(ref LiveTotal);
    }

    private void Advise(long offset, long count, int advice)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (count <= 0 || !OperatingSystem.IsLinux()) return;
        // From a page's beginning. What the call gives is of no matter: reading works without it.
        var start = _start + offset;
        var inPage = (nint)start % Environment.SystemPageSize;
        _ = Advise(start - inPage, (nuint)(count + inPage), advice);
    }

    /// <summary>True where a part's first, middle and last page are in memory.</summary>
    private bool IsFetched(long offset, long count)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (count <= 0 || !OperatingSystem.IsLinux()) return false;
        foreach (var at in (ReadOnlySpan<long>)[offset, offset + count / 2, offset + count - 1])
        {
            var start = _start + at;
            byte isHere;
            if (IsInMemory(start - (nint)start % Environment.SystemPageSize, 1, &isHere) != 0 || (isHere & 1) == 0) return false;
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "mincore")]
    private static partial int IsInMemory(byte* start, nuint length, byte* pages);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* start, nuint length, int advice);
}
