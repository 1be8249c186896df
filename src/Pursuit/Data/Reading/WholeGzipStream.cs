using System.IO.Compression;

namespace Pursuit.Data.Reading;

/// <summary>
/// Decompresses a gzip file of one or more members and fails unless it is whole: every member ends with its check sum and
/// length, and nothing else follows.
/// </summary>
/// <remarks>
/// <see cref="GZipStream"/> checks the trailers it meets, but takes the end of its input for the end of the data wherever
/// that falls. So a small member of ours is put after the file: only if the file's own last member ends exactly at its
/// last byte does our member come out as written; otherwise its bytes are taken for a part of the broken one.
/// </remarks>
internal sealed class WholeGzipStream : Stream
{
    private static readonly byte[] Mark = "pursuit: this gzip file was read to its end 5e0c91b7"u8.ToArray();
    private static readonly byte[] MarkMember = Compress(Mark);

    private readonly GZipStream _gzip;
    private readonly string _name;
    private readonly byte[] _buffer = new byte[(1 << 16) + 64];
    private int _start;
    private int _end;
    private long _delivered;
    private bool _atEnd;

    /// <summary>Reads from a stream of compressed bytes, which it owns.</summary>
    /// <param name="compressed">The file from its first byte.</param>
    /// <param name="name">The file's name for messages.</param>
    public WholeGzipStream(Stream compressed, string name)
    {
        _gzip = new GZipStream(new WithMark(compressed), CompressionMode.Decompress);
        _name = name;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _delivered; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (!_atEnd && _end - _start <= Mark.Length) Fill();
        var ready = Math.Min(buffer.Length, _end - _start - (_atEnd ? 0 : Mark.Length));
        _buffer.AsSpan(_start, ready).CopyTo(buffer);
        _start += ready;
        _delivered += ready;
        return ready;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _gzip.Dispose();
        base.Dispose(disposing);
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        int read;
        try
        {
            read = _gzip.Read(_buffer.AsSpan(_end));
        }
        catch (InvalidDataException e)
        {
            throw Broken(e);
        }

        _end += read;
        if (read > 0) return;
        if (!_buffer.AsSpan(0, _end).EndsWith(Mark)) throw Broken(null);
        _end -= Mark.Length;
        _atEnd = true;
    }

    private PursuitException Broken(Exception? cause) => PursuitException.At(
        _name,
        "the gzip data is truncated, corrupt, or followed by other bytes "
            + FormattableString.Invariant($"(about {_delivered:N0} bytes could be read)"),
        "whole gzip members, each with its checksum and length, up to the end of the file",
        "Copy or download the file again; 'gzip -t' confirms it.",
        cause);

    private static byte[] Compress(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.SmallestSize)) gzip.Write(bytes);
        return memory.ToArray();
    }

    /// <summary>The file's bytes, then the mark's.</summary>
    private sealed class WithMark(Stream file) : Stream
    {
        private int _markRead;
        private bool _fileRead;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (!_fileRead)
            {
                var read = file.Read(buffer);
                if (read > 0 || buffer.IsEmpty) return read;
                _fileRead = true;
            }

            var ready = Math.Min(buffer.Length, MarkMember.Length - _markRead);
            MarkMember.AsSpan(_markRead, ready).CopyTo(buffer);
            _markRead += ready;
            return ready;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) file.Dispose();
            base.Dispose(disposing);
        }
    }
}
