using Pursuit.Data.Reading.Compression;

namespace Pursuit.Formats.Compression;

/// <summary>
/// Compressed bytes whose next ones can be looked at: a decoder of one stream or frame is given no more than what is its own.
/// </summary>
/// <param name="compressed">Where they come from; owned.</param>
internal sealed class FrameSource(Stream compressed) : ForwardStream
{
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(1 << 16);
    private int _at;
    private int _end;

    /// <summary>A decoder asked for bytes behind the last.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The next bytes, which stay; at the end fewer.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        if (_end - _at < count)
        {
            _buffer.AsSpan(_at, _end - _at).CopyTo(_buffer);
            (_at, _end) = (0, _end - _at);
            _end += compressed.ReadAtLeast(_buffer.AsSpan(_end), count - _end, throwOnEndOfStream: false);
        }

        return _buffer.AsSpan(_at, Math.Min(count, _end - _at));
    }

    /// <summary>Passes over bytes.</summary>
    /// <exception cref="EndOfStreamException">There are fewer.</exception>
    public void Skip(long count)
    {
        while (count > 0)
        {
            if (_at == _end && !Fill()) throw new EndOfStreamException();
            var passed = (int)Math.Min(count, _end - _at);
            _at += passed;
            count -= passed;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || (_at == _end && !Fill())) return 0;
        var read = Math.Min(buffer.Length, _end - _at);
        _buffer.AsSpan(_at, read).CopyTo(buffer);
        _at += read;
        return read;
    }

    public override int ReadByte() => _at < _end || Fill() ? _buffer[_at++] : -1;

    protected override void Dispose(bool disposing)
    {
        if (disposing) compressed.Dispose();
        base.Dispose(disposing);
    }

    private bool Fill()
    {
        _at = 0;
        _end = compressed.Read(_buffer);
        HasEnded |= _end == 0;
        return _end > 0;
    }
}
