using Pursuit.Data.Hashing;

namespace Pursuit.Data.Tables;

/// <summary>Takes lines, however they are written to it, and hands each on without its end.</summary>
/// <param name="line">Gets each line; its bytes hold until it returns.</param>
internal sealed class LineStream(LineStream.LineAction line) : Stream
{
    private readonly ByteBuffer _begun = new();

    /// <summary>Gets a line.</summary>
    public delegate void LineAction(ReadOnlySpan<byte> line);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.IndexOf((byte)'\n') is >= 0 and var end)
        {
            if (_begun.Length == 0)
            {
                line(buffer[..end]);
            }
            else
            {
                _begun.Append(buffer[..end]);
                line(_begun.Written);
                _begun.Clear();
            }

            buffer = buffer[(end + 1)..];
        }

        _begun.Append(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void WriteByte(byte value) => Write([value]);

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
