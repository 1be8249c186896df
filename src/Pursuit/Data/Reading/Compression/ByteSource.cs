using System.Buffers.Binary;

namespace Pursuit.Data.Reading.Compression;

/// <summary>Compressed bytes with a buffer of their own: a decoder takes them one by one.</summary>
/// <param name="stream">Where they come from; it is owned.</param>
internal sealed class ByteSource(Stream stream) : IDisposable
{
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(1 << 16);
    private int _at;
    private int _end;

    /// <summary>Bytes taken so far.</summary>
    public long Taken { get; private set; }

    /// <summary>True where no byte is left.</summary>
    public bool IsAtEnd => _at == _end && !Fill();

    /// <summary>The next byte.</summary>
    /// <exception cref="EndOfStreamException">There is none.</exception>
    public byte Next()
    {
        if (_at == _end && !Fill()) throw new EndOfStreamException();
        Taken++;
        return _buffer[_at++];
    }

    /// <summary>The next bytes, as many as asked for.</summary>
    /// <exception cref="EndOfStreamException">There are fewer.</exception>
    public void Next(Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            if (_at == _end && !Fill()) throw new EndOfStreamException();
            var ready = Math.Min(destination.Length, _end - _at);
            _buffer.AsSpan(_at, ready).CopyTo(destination);
            destination = destination[ready..];
            _at += ready;
            Taken += ready;
        }
    }

    /// <summary>The next four bytes as a little-endian number.</summary>
    public uint NextUInt32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        Next(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    /// <summary>The next eight bytes as a little-endian number.</summary>
    public ulong NextUInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Next(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>Passes over bytes.</summary>
    public void Skip(long count)
    {
        for (; count > 0; count--) Next();
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private bool Fill()
    {
        _at = 0;
        _end = stream.Read(_buffer);
        return _end > 0;
    }
}
