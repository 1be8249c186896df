namespace Pursuit.Engine.Kernels;

/// <summary>
/// What dropout drops: value i of a stream is SplitMix64 (Steele, Lea and Flood, 2014) at position i, so that any part
/// of a mask can be computed anywhere.
/// </summary>
public static class DropoutMask
{
    private const ulong Gamma = 0x9E3779B97F4A7C15UL;

    /// <summary>Whether value <paramref name="index"/> of a stream is kept.</summary>
    public static bool Keeps(ulong stream, long index, float probability) =>
        (Mix(stream + (ulong)(index + 1) * Gamma) >> 40) * (1f / (1 << 24)) >= probability;

    /// <summary>An independent stream for each number; mixed, because positions of streams a step apart would coincide.</summary>
    public static ulong Derive(ulong stream, int number) => Mix(Mix(stream) ^ (ulong)(uint)number);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
