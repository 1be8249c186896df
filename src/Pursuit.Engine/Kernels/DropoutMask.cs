namespace Pursuit.Engine.Kernels;

/// <summary>
/// What dropout drops: each place of a stream has its own 32 random bits, a keyed hash of the place (the mixing steps
/// of Wellons' lowbias32), so that any part of a mask can be computed anywhere, in any vector width, with the same result.
/// </summary>
internal static class DropoutMask
{
    internal const uint Multiplier1 = 0x7FEB352D;
    internal const uint Multiplier2 = 0x846CA68B;

    /// <summary>An independent stream for each number (the mixing steps of SplitMix64; Steele, Lea and Flood, 2014).</summary>
    public static ulong Derive(ulong stream, int number) => Mix(Mix(stream) ^ (uint)number);

    /// <summary>Whether the value at a place of a stream is kept.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="place">The place.</param>
    /// <param name="probability">Probability of dropping, in [0, 1).</param>
    public static bool Keeps(ulong stream, uint place, float probability)
    {
        var x = place + (uint)stream;
        x = (x ^ (x >> 16)) * Multiplier1;
        x = (x ^ (x >> 15) ^ (uint)(stream >> 32)) * Multiplier2;
        return (x ^ (x >> 16)) >= Threshold(probability);
    }

    /// <summary>The smallest hash that is kept.</summary>
    internal static uint Threshold(float probability) => (uint)(probability * (double)(1UL << 32));

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
