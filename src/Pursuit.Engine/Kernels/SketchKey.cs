using System.Runtime.CompilerServices;

namespace Pursuit.Engine.Kernels;

/// <summary>
/// Where a count-sketch puts the values of one tensor, and with which signs: a pure function of seed, tensor name and place,
/// so that every checkpoint, device and shard projects alike.
/// </summary>
/// <remarks>
/// Values go in blocks of 16: a block's place is uniform over the sketch (it wraps around) and each value's sign is its own.
/// Two values of different blocks then meet with probability 1/dimension, two of one block never, so that inner products keep
/// their mean and have at most the variance of a plain count-sketch (Charikar, Chen and Farach-Colton, 2002; Weinberger et al., 2009).
/// </remarks>
/// <param name="Value">The tensor's key.</param>
internal readonly record struct SketchKey(ulong Value)
{
    /// <summary>Values that share a place: one AVX-512 vector.</summary>
    public const int BlockSize = 16;

    /// <summary>The key of a tensor.</summary>
    /// <param name="seed">The projection's seed.</param>
    /// <param name="name">The tensor's name.</param>
    public static SketchKey ForTensor(ulong seed, string name) =>
        new(new SeededRandom(seed, "projection/sketch/" + name).NextUInt64());

    /// <summary>The place and signs of a block.</summary>
    /// <param name="block">The block's number in its tensor.</param>
    /// <param name="dimension">Numbers of the sketch.</param>
    /// <returns>The first value's place in [0, dimension), and a bit per value that says whether its sign turns.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (int Place, uint Signs) At(int block, int dimension)
    {
        // The finalizer of SplitMix64 (Steele, Lea and Flood, 2014) over a counter.
        var z = Value + ((ulong)(uint)block + 1) * 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        z ^= z >> 31;
        return ((int)(((z >> 32) * (ulong)(uint)dimension) >> 32), (uint)z & 0xFFFF);
    }
}
