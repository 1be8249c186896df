using System.Numerics;

namespace Pursuit.Data.Deduplication;

/// <summary>
/// Signatures of sets: number k is the least value of hash function k over the set, so that two sets' signatures agree in a number with the
/// probability of their Jaccard similarity (Broder, 1997).
/// </summary>
/// <remarks>
/// Function k takes x to the high 32 bits of a x + b modulo 2^64 with an odd a: the multiply-shift family, which is universal
/// (Dietzfelbinger et al., "A reliable randomized algorithm for the closest-pair problem", 1997). The x are mixed hashes already.
/// </remarks>
internal sealed class MinHash
{
    private readonly ulong[] _factors;
    private readonly ulong[] _addends;

    /// <summary>Draws the functions.</summary>
    /// <param name="length">Numbers of a signature.</param>
    /// <param name="seed">Their seed.</param>
    public MinHash(int length, ulong seed)
    {
        Length = length;
        var padded = (length + Vector<ulong>.Count - 1) / Vector<ulong>.Count * Vector<ulong>.Count;
        (_factors, _addends) = (new ulong[padded], new ulong[padded]);
        var random = new SeededRandom(seed, "dedup/minhash");
        for (var k = 0; k < length; k++) (_factors[k], _addends[k]) = (random.NextUInt64() | 1, random.NextUInt64());
    }

    /// <summary>Numbers of a signature.</summary>
    public int Length { get; }

    /// <summary>Hash function k, for tests.</summary>
    public uint Hash(int k, ulong x) => (uint)((_factors[k] * x + _addends[k]) >> 32);

    /// <summary>Computes a signature.</summary>
    /// <param name="set">The set; not empty.</param>
    /// <param name="signature">Gets it, [<see cref="Length"/>].</param>
    public void Sign(ReadOnlySpan<ulong> set, Span<uint> signature)
    {
        Span<ulong> lanes = stackalloc ulong[Vector<ulong>.Count];
        for (var k = 0; k < Length; k += lanes.Length)
        {
            var (factor, addend) = (new Vector<ulong>(_factors, k), new Vector<ulong>(_addends, k));
            var least = Vector<ulong>.AllBitsSet;
            foreach (var x in set) least = Vector.Min(least, factor * new Vector<ulong>(x) + addend);
            least.CopyTo(lanes);
            for (var lane = 0; lane < Math.Min(lanes.Length, Length - k); lane++) signature[k + lane] = (uint)(lanes[lane] >> 32);
        }
    }

    /// <summary>The share of numbers in which two signatures agree: an unbiased estimate of their sets' Jaccard similarity.</summary>
    public static double Estimate(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b)
    {
        var equal = 0;
        for (var k = 0; k < a.Length; k++) equal += a[k] == b[k] ? 1 : 0;
        return (double)equal / a.Length;
    }
}
