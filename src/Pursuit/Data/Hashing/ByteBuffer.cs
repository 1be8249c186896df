using System.Buffers;

namespace Pursuit.Data.Hashing;

/// <summary>A growing run of bytes that is used again and again.</summary>
internal sealed class ByteBuffer : IBufferWriter<byte>
{
    private byte[] _bytes = new byte[4096];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public byte[] Array => _bytes;

    public void Clear() => Length = 0;

    /// <summary>Room for at least <paramref name="size"/> bytes after the end; take them with <see cref="Advance"/>.</summary>
    public Span<byte> Reserve(int size)
    {
        var needed = checked(Length + size);
        if (needed > _bytes.Length)
            System.Array.Resize(ref _bytes, (int)Math.Min(Math.Max(2L * _bytes.Length, needed), System.Array.MaxLength));
        return _bytes.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    public Span<byte> GetSpan(int sizeHint = 0) => Reserve(Math.Max(sizeHint, 1));

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    public void Append(byte value)
    {
        Reserve(1)[0] = value;
        Length++;
    }

    /// <summary>The bytes from <paramref name="start"/> to the end, to be changed in place.</summary>
    public Span<byte> Tail(int start) => _bytes.AsSpan(start, Length - start);

    public void Truncate(int length) => Length = length;
}
