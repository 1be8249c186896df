using System.Buffers.Binary;

namespace Pursuit.Data.Reading.Compression;

/// <summary>LZMA's range decoder over one chunk, which is at most 64 KiB.</summary>
internal sealed class RangeDecoder
{
    /// <summary>A probability of one half, in units of 1/2048.</summary>
    public const ushort Even = 1 << (ProbabilityBits - 1);

    private const int ProbabilityBits = 11;
    private const int AdaptBits = 5;
    private const uint Least = 1 << 24;

    private readonly byte[] _chunk = new byte[1 << 16];
    private int _length;
    private int _at;
    private uint _range;
    private uint _code;

    /// <summary>True where the chunk is used up as a whole one is.</summary>
    public bool IsDone
    {
        get
        {
            Normalize();
            return _at == _length && _code == 0;
        }
    }

    /// <summary>Takes a chunk.</summary>
    public void Begin(ByteSource source, int length)
    {
        if (length < 5) throw new InvalidDataException("too short a chunk");
        source.Next(_chunk.AsSpan(0, length));
        if (_chunk[0] != 0) throw new InvalidDataException("a bad chunk");
        _code = BinaryPrimitives.ReadUInt32BigEndian(_chunk.AsSpan(1));
        (_range, _length, _at) = (uint.MaxValue, length, 5);
    }

    /// <summary>A bit whose probability adapts.</summary>
    public int Bit(ref ushort probability)
    {
        Normalize();
        var bound = (_range >> ProbabilityBits) * probability;
        if (_code < bound)
        {
            _range = bound;
            probability += (ushort)(((1 << ProbabilityBits) - probability) >> AdaptBits);
            return 0;
        }

        _range -= bound;
        _code -= bound;
        probability -= (ushort)(probability >> AdaptBits);
        return 1;
    }

    /// <summary>Bits without probabilities, the highest first.</summary>
    public uint Direct(int bits)
    {
        var value = 0u;
        for (; bits > 0; bits--)
        {
            Normalize();
            _range >>= 1;
            var bit = _code >= _range ? 1u : 0;
            if (bit == 1) _code -= _range;
            value = (value << 1) | bit;
        }

        return value;
    }

    /// <summary>A number of some bits, the highest first, each with a probability for what came before.</summary>
    public int Tree(Span<ushort> probabilities, int bits)
    {
        var node = 1;
        for (var i = 0; i < bits; i++) node = (node << 1) | Bit(ref probabilities[node]);
        return node - (1 << bits);
    }

    /// <summary>The same, the lowest bit first.</summary>
    public int ReverseTree(Span<ushort> probabilities, int bits)
    {
        var (node, value) = (1, 0);
        for (var i = 0; i < bits; i++)
        {
            var bit = Bit(ref probabilities[node]);
            node = (node << 1) | bit;
            value |= bit << i;
        }

        return value;
    }

    private void Normalize()
    {
        if (_range >= Least) return;
        if (_at == _length) throw new InvalidDataException("a chunk that ends early");
        _range <<= 8;
        _code = (_code << 8) | _chunk[_at++];
    }
}
