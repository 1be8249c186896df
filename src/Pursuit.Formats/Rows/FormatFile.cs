using Microsoft.Win32.SafeHandles;
using Pursuit.Data;
using Pursuit.Storage;

namespace Pursuit.Formats.Rows;

/// <summary>
/// A file, or one within another, that is read at any offset; what is wrong with its bytes becomes a fault that names it.
/// </summary>
internal sealed class FormatFile : IDisposable
{
    private readonly string _name;
    private readonly string _format;
    private readonly FilePart? _part;
    private SafeFileHandle? _opened;
    private long? _length;

    /// <param name="path">The file.</param>
    /// <param name="format">Its format's name.</param>
    public FormatFile(string path, string format) => (_name, _format) = (path, format);

    /// <param name="part">Where the file lies in another one.</param>
    /// <param name="format">Its format's name.</param>
    public FormatFile(FilePart part, string format) => (_name, _format, _part) = (part.Name, format, part);

    /// <summary>Its bytes.</summary>
    public long Length => _length ??= _part?.Length ?? RandomAccess.GetLength(Handle);

    private SafeFileHandle Handle => _part?.File ?? (_opened ??= File.OpenHandle(_name));

    /// <summary>Bytes read so far.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Reads bytes that must be there.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || destination.Length > Length - offset)
            throw new InvalidDataException(FormattableString.Invariant(
                $"{destination.Length:N0} bytes are expected at byte {offset:N0}, and the file has {Length:N0}"));
        BytesRead += destination.Length;
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(Handle, destination, (_part?.Start ?? 0) + offset);
            if (read == 0)
                throw new InvalidDataException(FormattableString.Invariant($"the file ends at byte {offset:N0}, while it is read"));
            destination = destination[read..];
            offset += read;
        }
    }

    /// <summary>Maps it.</summary>
    public MappedFile Map() =>
        _part is null ? MappedFile.Open(_name) : MappedFile.Open(_name, _part.File, _part.Start, _part.Length);

    /// <summary>Reads with the file's faults named; whatever a damaged file leads a decoder to is the file's fault.</summary>
    /// <param name="read">Reads.</param>
    /// <param name="place">Where in the file, for messages.</param>
    public T Guard<T>(Func<T> read, Func<string>? place = null)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (IsOfData(e))
        {
            throw Corrupt(e, place);
        }
    }

    /// <summary>Whether an exception is one to which damaged bytes lead.</summary>
    public static bool IsOfData(Exception e) => e
        is InvalidDataException or IndexOutOfRangeException or ArgumentException or OverflowException or EndOfStreamException
        or ZstdSharp.ZstdException or InvalidOperationException;

    /// <summary>The fault of a damaged file.</summary>
    public PursuitException Corrupt(Exception e, Func<string>? place = null) => PursuitException.At(
        place is null ? _name : $"{_name}, {place()}",
        e is InvalidDataException ? e.Message : $"bytes that can't be decoded ({e.Message})",
        $"a whole {_format} file", "It is truncated or corrupt: copy, download or write it again.", e);

    /// <summary>The fault of a whole file that has what isn't read.</summary>
    public PursuitException Unsupported(string found, string expected, string advice) =>
        PursuitException.At(_name, found, expected, advice);

    /// <inheritdoc/>
    public void Dispose()
    {
        _opened?.Dispose();
        if (_part is { LeaveOpen: false }) _part.File.Dispose();
    }
}
