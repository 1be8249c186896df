using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pursuit.Storage;

/// <summary>
/// Bytes that grow: in an array at first, and once there are many of them in a mapped temporary file without a name. Pages of a file are
/// no memory of the process's own: the system takes them out and brings them back as it needs room.
/// </summary>
/// <remarks>
/// References and spans are valid until the next <see cref="Grow"/> and until <see cref="Dispose"/>. Room on disk is taken when the file
/// grows, so that a full disk is an error there and no fault of a page later. Reading is safe for several threads.
/// </remarks>
internal sealed unsafe class SpillableMemory : IDisposable
{
    /// <summary>Bytes that stay in an array: a pool of 500,000 examples needs no file.</summary>
    public const long UsualLimit = 16 << 20;

    private const long PageBytes = 1 << 16;

    private static readonly AsyncLocal<long?> OwnLimit = new();

    private readonly string? _directory;
    private byte[]? _array = [];
    private FileStream? _file;
    private MemoryMappedViewAccessor? _view;
    private byte* _start;

    /// <summary>No bytes yet.</summary>
    /// <param name="directory">Where the file is made, if it comes to that; null for the system's temporary directory.</param>
    public SpillableMemory(string? directory) => _directory = directory;

    /// <summary>Bytes that stay in an array, of this flow of control and of what it starts. Tests set it.</summary>
    internal static long Limit
    {
        get => OwnLimit.Value ?? UsualLimit;
        set => OwnLimit.Value = value;
    }

    /// <summary>Bytes there are.</summary>
    public long Length { get; private set; }

    /// <summary>The first byte; those behind it follow up to <see cref="Length"/>, which nothing checks here.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public ref byte First
    {
        get
        {
            if (_start is not null) return ref *_start;
            ObjectDisposedException.ThrowIf(_array is null, this);
            return ref MemoryMarshal.GetArrayDataReference(_array);
        }
    }

    /// <summary>Some of the bytes.</summary>
    /// <param name="offset">The first.</param>
    /// <param name="count">How many.</param>
    public Span<byte> Bytes(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - count);
        return MemoryMarshal.CreateSpan(ref Unsafe.Add(ref First, (nint)offset), count);
    }

    /// <summary>Makes room: what is there stays, what is new is 0.</summary>
    /// <param name="atLeast">Bytes there must be; there may be more afterwards.</param>
    /// <exception cref="PursuitException">There is no room for the temporary file.</exception>
    public void Grow(long atLeast)
    {
        if (atLeast <= Length) return;
        ObjectDisposedException.ThrowIf(_array is null && _start is null, this);
        if (_start is null && atLeast <= Limit)
        {
            var grown = new byte[Math.Min(Limit, Math.Max(atLeast, 2 * Length))];
            _array!.CopyTo(grown, 0);
            (_array, Length) = (grown, grown.Length);
            return;
        }

        var length = (Math.Max(atLeast, Length + Length / 2) + PageBytes - 1) / PageBytes * PageBytes;
        Map(length);
        Length = length;
    }

    /// <summary>Gives the memory back; references and spans must not be used any more.</summary>
    public void Dispose()
    {
        Unmap(_view);
        _start = null;
        (_view, _array, Length) = (null, null, 0);
        _file?.Dispose();
        _file = null;
    }

    private void Map(long length)
    {
        var name = _file?.Name ?? Path.Combine(_directory ?? Path.GetTempPath(), $"pursuit-{Guid.NewGuid():N}.index");
        try
        {
            _file ??= Disk.CreateUnnamed(name);
            Disk.Allocate(_file, length);
            using var file = MemoryMappedFile.CreateFromFile(
                _file, null, length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            var view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.ReadWrite);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            _array?.CopyTo(new Span<byte>(start, _array.Length)); // at most Limit, so a span holds it
            Unmap(_view); // the file's pages are the same in both views
            _start = start;
            (_view, _array) = (view, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw PursuitException.At(
                name,
                FormattableString.Invariant($"a temporary file couldn't get {length:N0} bytes ({e.Message})"),
                "room for what is kept of every row",
                "Free the space, or name another directory for temporary files (TMPDIR).",
                e);
        }
    }

    private static void Unmap(MemoryMappedViewAccessor? view)
    {
        if (view is null) return;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        // First the handle: a view that is open would write all of its pages to the disk before it goes.
        view.SafeMemoryMappedViewHandle.Dispose();
        view.Dispose();
    }
}
