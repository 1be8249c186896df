using System.Runtime.CompilerServices;

namespace Pursuit.Engine.Kernels;

/// <summary>The gated MLP's elementwise part and the rotation of positions; formulas at <see cref="IDecoderOperations"/>.</summary>
internal static unsafe class GateKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Silu<TLane>(ReadOnlySpan<float> gateUp, int rows, int width, Span<float> h)
        where TLane : struct, ILane<TLane>
    {
        fixed (float* x = gateUp, y = h)
        {
            for (var t = 0; t < rows; t++)
            {
                var gate = x + (nint)t * 2 * width;
                var done = SiluBody<TLane>(gate, gate + width, y + (nint)t * width, 0, width);
                SiluBody<Lane1>(gate, gate + width, y + (nint)t * width, done, width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SiluBackward<TLane>(Span<float> gateUp, int rows, int width, Span<float> dHThenH)
        where TLane : struct, ILane<TLane>
    {
        fixed (float* x = gateUp, y = dHThenH)
        {
            for (var t = 0; t < rows; t++)
            {
                var gate = x + (nint)t * 2 * width;
                var done = SiluBackwardBody<TLane>(gate, gate + width, y + (nint)t * width, 0, width);
                SiluBackwardBody<Lane1>(gate, gate + width, y + (nint)t * width, done, width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rope<TLane>(Span<float> values, int stride, int heads, int size, ReadOnlySpan<float> table, ReadOnlySpan<int> positions, bool backward)
        where TLane : struct, ILane<TLane>
    {
        var sign = backward ? -1f : 1f;
        fixed (float* x = values, angles = table)
        {
            for (var t = 0; t < positions.Length; t++)
            {
                var row = angles + (nint)positions[t] * size;
                for (var head = 0; head < heads; head++)
                {
                    var first = x + (nint)t * stride + head * size;
                    var done = RopeBody<TLane>(first, row, sign, 0, size / 2);
                    // Half a head is often 24 or 40 values: the rest of whole Lane16 is worth a Lane8.
                    if (TLane.Width > Lane8.Width)
                        done = RopeBody<Lane8>(first, row, sign, done, size / 2);
                    RopeBody<Lane1>(first, row, sign, done, size / 2);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SiluBody<TLane>(float* gate, float* up, float* h, int start, int end)
        where TLane : struct, ILane<TLane>
    {
        var i = start;
        for (; i + TLane.Width <= end; i += TLane.Width)
        {
            var g = TLane.Load(gate + i);
            (g * LaneMath.Sigmoid(g) * TLane.Load(up + i)).Store(h + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SiluBackwardBody<TLane>(float* gate, float* up, float* dHThenH, int start, int end)
        where TLane : struct, ILane<TLane>
    {
        var one = TLane.Broadcast(1f);
        var i = start;
        for (; i + TLane.Width <= end; i += TLane.Width)
        {
            var g = TLane.Load(gate + i);
            var u = TLane.Load(up + i);
            var dh = TLane.Load(dHThenH + i);
            var sigmoid = LaneMath.Sigmoid(g);
            var silu = g * sigmoid;
            (silu * u).Store(dHThenH + i);
            (dh * silu).Store(up + i);
            (dh * u * TLane.MultiplyAdd(silu, one - sigmoid, sigmoid)).Store(gate + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RopeBody<TLane>(float* first, float* angles, float sign, int start, int half)
        where TLane : struct, ILane<TLane>
    {
        var direction = TLane.Broadcast(sign);
        var second = first + half;
        var i = start;
        for (; i + TLane.Width <= half; i += TLane.Width)
        {
            var (a, b) = (TLane.Load(first + i), TLane.Load(second + i));
            var (cos, sin) = (TLane.Load(angles + i), TLane.Load(angles + half + i) * direction);
            (a * cos - b * sin).Store(first + i);
            TLane.MultiplyAdd(a, sin, b * cos).Store(second + i);
        }

        return i;
    }
}
