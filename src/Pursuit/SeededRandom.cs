using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Pursuit;

/// <summary>
/// A named stream of random numbers: its state is SHA-256(run seed, purpose, key), so that two purposes never share
/// numbers, and a draw for one example depends on nothing but that example. The generator is xoshiro256**
/// (Blackman and Vigna), written here because its sequence is part of what a seed promises.
/// </summary>
internal sealed class SeededRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>Opens the stream of a purpose.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">The stream's name, such as "pretrain/order"; part of the seed.</param>
    /// <param name="index">A number within the purpose, such as the epoch.</param>
    public SeededRandom(ulong seed, string purpose, ulong index = 0)
    {
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(key, index);
        Span<byte> state = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(seed, purpose, key, state);
        _s0 = BinaryPrimitives.ReadUInt64LittleEndian(state);
        _s1 = BinaryPrimitives.ReadUInt64LittleEndian(state[8..]);
        _s2 = BinaryPrimitives.ReadUInt64LittleEndian(state[16..]);
        _s3 = BinaryPrimitives.ReadUInt64LittleEndian(state[24..]) | 1; // never all zero
    }

    /// <summary>One random number that depends on the seed, the purpose and the example alone.</summary>
    public static ulong ForExample(ulong seed, string purpose, ContentId contentId)
    {
        Span<byte> key = stackalloc byte[ContentId.Length];
        contentId.CopyTo(key);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(seed, purpose, key, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>A uniform integer in [0, <paramref name="bound"/>), without modulo bias (Lemire, 2019).</summary>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        var product = Math.BigMul(NextUInt64(), (ulong)bound, out var low);
        if (low < (ulong)bound)
        {
            var threshold = (0UL - (ulong)bound) % (ulong)bound;
            while (low < threshold)
                product = Math.BigMul(NextUInt64(), (ulong)bound, out low);
        }

        return (int)product;
    }

    /// <summary>A uniform double in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A standard normal number (Box and Muller; one of the pair is used, so that the stream has no hidden state).</summary>
    public double NextGaussian()
    {
        var u = 1.0 - NextDouble();
        return Math.Sqrt(-2.0 * Math.Log(u)) * Math.Cos(2.0 * Math.PI * NextDouble());
    }

    /// <summary>A standard Gumbel number of 64 random bits: the largest of log weights with such noise is a draw by weight.</summary>
    public static double Gumbel(ulong bits) => -Math.Log(-Math.Log(((bits >> 11) + 0.5) * (1.0 / (1UL << 53))));

    /// <summary>Puts the span into a uniformly random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> values)
    {
        for (var i = values.Length - 1; i > 0; i--)
        {
            var j = NextInt(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    private static void Hash(ulong seed, string purpose, ReadOnlySpan<byte> key, Span<byte> destination)
    {
        var purposeBytes = Encoding.UTF8.GetByteCount(purpose);
        Span<byte> message = stackalloc byte[2 * sizeof(ulong) + purposeBytes + key.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(message, seed);
        BinaryPrimitives.WriteUInt64LittleEndian(message[8..], (ulong)purposeBytes);
        Encoding.UTF8.GetBytes(purpose, message[16..]);
        key.CopyTo(message[(16 + purposeBytes)..]);
        SHA256.HashData(message, destination);
    }
}
