using System.Buffers.Binary;
using System.Numerics;

namespace Pursuit.Data.Reading.Compression;

/// <summary>xxHash of 32 bits with seed 0, as LZ4 frames carry it.</summary>
internal sealed class XxHash32
{
    private const uint Prime1 = 2654435761;
    private const uint Prime2 = 2246822519;
    private const uint Prime3 = 3266489917;
    private const uint Prime4 = 668265263;
    private const uint Prime5 = 374761393;

    private readonly byte[] _stripe = new byte[16];
    private uint _a = unchecked(Prime1 + Prime2);
    private uint _b = Prime2;
    private uint _c;
    private uint _d = unchecked(0 - Prime1);
    private int _held;
    private long _length;

    /// <summary>The hash of some bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var hash = new XxHash32();
        hash.Add(bytes);
        return hash.Value;
    }

    /// <summary>The hash of all bytes added.</summary>
    public uint Value
    {
        get
        {
            var hash = (uint)_length + (_length < 16
                ? Prime5
                : BitOperations.RotateLeft(_a, 1) + BitOperations.RotateLeft(_b, 7) + BitOperations.RotateLeft(_c, 12)
                    + BitOperations.RotateLeft(_d, 18));
            ReadOnlySpan<byte> rest = _stripe.AsSpan(0, _held);
            for (; rest.Length >= sizeof(uint); rest = rest[sizeof(uint)..])
                hash = BitOperations.RotateLeft(hash + (BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime3), 17) * Prime4;
            foreach (var b in rest) hash = BitOperations.RotateLeft(hash + (b * Prime5), 11) * Prime1;
            hash = (hash ^ (hash >> 15)) * Prime2;
            hash = (hash ^ (hash >> 13)) * Prime3;
            return hash ^ (hash >> 16);
        }
    }

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        _length += bytes.Length;
        if (_held > 0)
        {
            var more = Math.Min(bytes.Length, _stripe.Length - _held);
            bytes[..more].CopyTo(_stripe.AsSpan(_held));
            _held += more;
            bytes = bytes[more..];
            if (_held < _stripe.Length) return;
            AddStripe(_stripe);
            _held = 0;
        }

        for (; bytes.Length >= _stripe.Length; bytes = bytes[_stripe.Length..]) AddStripe(bytes);
        bytes.CopyTo(_stripe);
        _held = bytes.Length;
    }

    private void AddStripe(ReadOnlySpan<byte> stripe)
    {
        _a = Round(_a, stripe);
        _b = Round(_b, stripe[4..]);
        _c = Round(_c, stripe[8..]);
        _d = Round(_d, stripe[12..]);
    }

    private static uint Round(uint lane, ReadOnlySpan<byte> word) =>
        BitOperations.RotateLeft(lane + (BinaryPrimitives.ReadUInt32LittleEndian(word) * Prime2), 13) * Prime1;
}
