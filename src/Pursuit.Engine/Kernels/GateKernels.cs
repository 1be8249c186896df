using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>The gated MLP's elementwise part and the rotation of positions; formulas at <see cref="IDecoderOperations"/>.</summary>
internal static unsafe class GateKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Silu<TVector>(ReadOnlySpan<float> gateUp, int rows, int width, Span<float> h)
        where TVector : unmanaged, ISimd<TVector>
    {
        fixed (float* x = gateUp, y = h)
        {
            for (var t = 0; t < rows; t++)
            {
                var gate = x + (nint)t * 2 * width;
                var done = SiluBody<TVector>(gate, gate + width, y + (nint)t * width, 0, width);
                SiluBody<SimdPlain>(gate, gate + width, y + (nint)t * width, done, width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SiluBackward<TVector>(Span<float> gateUp, int rows, int width, Span<float> dHThenH)
        where TVector : unmanaged, ISimd<TVector>
    {
        fixed (float* x = gateUp, y = dHThenH)
        {
            for (var t = 0; t < rows; t++)
            {
                var gate = x + (nint)t * 2 * width;
                var done = SiluBackwardBody<TVector>(gate, gate + width, y + (nint)t * width, 0, width);
                SiluBackwardBody<SimdPlain>(gate, gate + width, y + (nint)t * width, done, width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rope<TVector>(
        MatrixSlice values, int heads, int size, ReadOnlySpan<float> table, ReadOnlySpan<int> positions, bool backward)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (stride, sign) = (values.Stride, backward ? -1f : 1f);
        fixed (float* x = values.Values.AsSpan(), angles = table)
        {
            for (var t = 0; t < positions.Length; t++)
            {
                var row = angles + (nint)positions[t] * size;
                for (var head = 0; head < heads; head++)
                {
                    var first = x + (nint)t * stride + head * size;
                    var done = RopeBody<TVector>(first, row, sign, 0, size / 2);
                    // Half a head is often 24 or 40 values: the rest of whole Simd512 is worth a Simd256.
                    if (TVector.Count > Simd256.Count)
                        done = RopeBody<Simd256>(first, row, sign, done, size / 2);
                    RopeBody<SimdPlain>(first, row, sign, done, size / 2);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SiluBody<TVector>(float* gate, float* up, float* h, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
        {
            var g = TVector.Load(gate + i);
            (g * SimdMath.Sigmoid(g) * TVector.Load(up + i)).Store(h + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SiluBackwardBody<TVector>(float* gate, float* up, float* dHThenH, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var one = TVector.Create(1f);
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
        {
            var g = TVector.Load(gate + i);
            var u = TVector.Load(up + i);
            var dh = TVector.Load(dHThenH + i);
            var sigmoid = SimdMath.Sigmoid(g);
            var silu = g * sigmoid;
            (silu * u).Store(dHThenH + i);
            (dh * silu).Store(up + i);
            (dh * u * TVector.FusedMultiplyAdd(silu, one - sigmoid, sigmoid)).Store(gate + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RopeBody<TVector>(float* first, float* angles, float sign, int start, int half)
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
