namespace Pursuit.Data.Reading.Compression;

/// <summary>Bits of bytes, the highest of each first.</summary>
internal sealed class HighBits(ByteSource source)
{
    private uint _bits;
    private int _count;

    /// <summary>The bytes; none is taken before a bit of it is asked for.</summary>
    public ByteSource Source => source;

    /// <summary>The next bits, the first the highest; at most 24.</summary>
    public uint Next(int count)
    {
        while (_count < count)
        {
            _bits = (_bits << 8) | source.Next();
            _count += 8;
        }

        _count -= count;
        return (_bits >> _count) & ((1u << count) - 1);
    }

    /// <summary>Passes over what is left of the byte that was taken last.</summary>
    public void SkipToByte() => _count = 0;
}
