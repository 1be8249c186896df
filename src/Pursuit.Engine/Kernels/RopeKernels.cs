using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>The rotation of positions; formula at <see cref="IDecoderOperations.Rope"/>.</summary>
internal static unsafe class RopeKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate<TVector>(
        MatrixSlice values, RopeShape shape, ReadOnlySpan<float> table, ReadOnlySpan<int> tableRows, bool backward)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (stride, sign) = (values.Stride, backward ? -1f : 1f);
        var (heads, size, rotated) = shape;
        fixed (float* x = values.Values.AsSpan(), angles = table)
        {
            for (var t = 0; t < tableRows.Length; t++)
            {
                var row = angles + (nint)tableRows[t] * rotated;
                for (var head = 0; head < heads; head++)
                {
                    var first = x + (nint)t * stride + head * size;
                    var done = Pairs<TVector>(first, row, sign, 0, rotated / 2);
                    // Half a head is often 24 or 40 values: the rest of whole Simd512 is worth a Simd256.
                    if (TVector.Count > Simd256.Count)
                        done = Pairs<Simd256>(first, row, sign, done, rotated / 2);
                    Pairs<SimdPlain>(first, row, sign, done, rotated / 2);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Pairs<TVector>(float* first, float* angles, float sign, int start, int half)
        where TVector : unmanaged, ISimd<TVector>
    {
        var direction = TVector.Create(sign);
        var second = first + half;
        var i = start;
        for (; i + TVector.Count <= half; i += TVector.Count)
        {
            var (a, b) = (TVector.Load(first + i), TVector.Load(second + i));
            var (cos, sin) = (TVector.Load(angles + i), TVector.Load(angles + half + i) * direction);
            (a * cos - b * sin).Store(first + i);
            TVector.FusedMultiplyAdd(a, sin, b * cos).Store(second + i);
        }

        return i;
    }
}
