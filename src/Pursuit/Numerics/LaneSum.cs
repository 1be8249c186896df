using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Pursuit.Numerics;

/// <summary>Adds up the lanes of a sum in a fixed order: the upper half onto the lower, until one is left.</summary>
internal static unsafe class LaneSum
{
    /// <summary>The sum of 64 lanes.</summary>
    public static float Of64(float* lanes)
    {
        for (var half = 32; half >= 16; half /= 2)
        {
            for (var lane = 0; lane < half; lane++)
                lanes[lane] += lanes[lane + half];
        }

        return Of16(lanes);
    }

    /// <summary>The sum of 16 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of16(float* lanes)
    {
        var eight = Vector256.Load(lanes) + Vector256.Load(lanes + 8);
        var four = eight.GetLower() + eight.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }
}
