using Microsoft.Win32.SafeHandles;

namespace Pursuit.Data.Reading.Archives;

/// <summary>A part of a file as a stream of its own.</summary>
/// <param name="handle">The file.</param>
/// <param name="start">Where the part begins.</param>
/// <param name="length">Its bytes.</param>
/// <param name="ownsHandle">The handle is closed with the stream.</param>
internal sealed class RegionStream(SafeFileHandle handle, long start, long length, bool ownsHandle) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => _position = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var left = length - _position;
        if (left <= 0 || buffer.IsEmpty) return 0;
        var read = RandomAccess.Read(handle, buffer[..(int)Math.Min(buffer.Length, left)], start + _position);
        _position += read;
        return read > 0 ? read : throw new EndOfStreamException(FormattableString.Invariant($"the file ends {left:N0} bytes early"));
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        Position = offset + (origin == SeekOrigin.Begin ? 0 : origin == SeekOrigin.Current ? _position : length);

    public override void Flush() => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && ownsHandle) handle.Dispose();
        base.Dispose(disposing);
    }
}
