namespace Pursuit.Data.Reading.Compression;

/// <summary>The text last decoded, to which matches refer, in a ring that grows to its size as text comes.</summary>
internal sealed class LzmaWindow
{
    private const int FirstBytes = 1 << 20;

    private byte[] _ring = [];
    private int _size;
    private int _at;
    private int _held; // bytes a match may refer to

    /// <summary>Bytes put since the window was reset.</summary>
    public long Position { get; private set; }

    /// <summary>The byte put last; 0 where there is none.</summary>
    public byte Last => _held == 0 ? (byte)0 : At(1);

    /// <summary>A window of a size begins.</summary>
    public void Begin(int size)
    {
        _size = size;
        if (_ring.Length == 0 || _ring.Length > _size) _ring = GC.AllocateUninitializedArray<byte>(Math.Min(_size, FirstBytes));
        Reset();
    }

    /// <summary>Forgets the text.</summary>
    public void Reset() => (_at, _held, Position) = (0, 0, 0);

    /// <summary>Grows or comes round where the ring's end is reached.</summary>
    /// <returns>Bytes that may be put before the next call.</returns>
    public int MakeRoom()
    {
        if (_at == _ring.Length)
        {
            if (_ring.Length < _size) Array.Resize(ref _ring, (int)Math.Min(_size, 2L * _ring.Length));
            else _at = 0;
        }

        return _ring.Length - _at;
    }

    /// <summary>Puts a byte.</summary>
    public void Put(byte value)
    {
        _ring[_at] = value;
        Advance(1);
    }

    /// <summary>The byte at a distance; 1 is the last.</summary>
    public byte At(int distance)
    {
        var from = _at - distance;
        return _ring[from < 0 ? from + _ring.Length : from];
    }

    /// <summary>Whether a match may go back as far.</summary>
    public bool Reaches(uint distance) => distance <= (uint)_held && distance > 0;

    /// <summary>Repeats text.</summary>
    public void Repeat(int distance, int length)
    {
        if (distance >= length && distance <= _at)
        {
            _ring.AsSpan(_at - distance, length).CopyTo(_ring.AsSpan(_at));
            Advance(length);
            return;
        }

        for (; length > 0; length--) Put(At(distance));
    }

    /// <summary>Puts bytes as they are.</summary>
    public void CopyFrom(ByteSource source, int count)
    {
        source.Next(_ring.AsSpan(_at, count));
        Advance(count);
    }

    /// <summary>Gives the bytes put last; no more than were put since room was made.</summary>
    public void CopyLast(Span<byte> destination) => _ring.AsSpan(_at - destination.Length, destination.Length).CopyTo(destination);

    private void Advance(int count)
    {
        _at += count;
        _held = (int)Math.Min(_size, (long)_held + count);
        Position += count;
    }
}
