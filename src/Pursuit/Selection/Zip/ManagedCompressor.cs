using System.IO.Compression;

namespace Pursuit.Selection.Zip;

/// <summary>The runtime's DEFLATE: the tail is compressed again with every text.</summary>
internal sealed class ManagedCompressor : ITailCompressor
{
    private static readonly ZLibCompressionOptions Level = new() { CompressionLevel = 9 };

    private byte[] _tail = [];

    /// <inheritdoc/>
    public int SetTail(ReadOnlySpan<byte> tail)
    {
        _tail = tail.ToArray();
        return SizeBehindTail([]);
    }

    /// <inheritdoc/>
    public int SizeBehindTail(ReadOnlySpan<byte> text) => Size(_tail, text);

    /// <summary>The compressed size of two pieces as one.</summary>
    public static int Size(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        using var count = new CountingStream();
        using (var stream = new ZLibStream(count, Level, leaveOpen: true))
        {
            stream.Write(first);
            stream.Write(second);
        }

        // The stream writes nothing at all where it was given nothing; zlib's own empty stream isn't empty.
        return Math.Max(CompressedText.EmptySize, count.Bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Keeps nothing but the count.</summary>
    private sealed class CountingStream : Stream
    {
        public int Bytes { get; set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => Bytes;

        public override long Position
        {
            get => Bytes;
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Bytes += count;

        public override void Write(ReadOnlySpan<byte> buffer) => Bytes += buffer.Length;
    }
}
