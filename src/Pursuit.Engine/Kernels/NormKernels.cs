using System.Runtime.CompilerServices;

namespace Pursuit.Engine.Kernels;

/// <summary>Root mean square norms, forward and backward; formulas at <see cref="IDecoderOperations"/>.</summary>
internal static unsafe class NormKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<TLane>(ReadOnlySpan<float> x, int strideX, ReadOnlySpan<float> weight, float epsilon, int rows, int groups, int size, Span<float> y, int strideY, Span<float> inverse)
        where TLane : struct, ILane<TLane>
    {
        fixed (float* input = x, w = weight, output = y, r = inverse)
        {
            for (var t = 0; t < rows; t++)
            {
                for (var g = 0; g < groups; g++)
                {
                    var source = input + (nint)t * strideX + g * size;
                    var factor = (float)(1 / Math.Sqrt((double)Dot<TLane>(source, source, size) / size + epsilon));
                    r[t * groups + g] = factor;
                    Scale<TLane>(source, w, factor, size, output + (nint)t * strideY + g * size);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Again<TLane>(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> inverse, int rows, int size, Span<float> y)
        where TLane : struct, ILane<TLane>
    {
        fixed (float* input = x, w = weight, output = y)
        {
            for (var t = 0; t < rows; t++)
                Scale<TLane>(input + (nint)t * size, w, inverse[t], size, output + (nint)t * size);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<TLane>(ReadOnlySpan<float> x, int strideX, ReadOnlySpan<float> weight, ReadOnlySpan<float> inverse, ReadOnlySpan<float> dy, int strideDy, int rows, int groups, int size, bool accumulate, Span<float> dx, int strideDx, Span<float> dWeight)
        where TLane : struct, ILane<TLane>
    {
        dWeight.Clear();
        fixed (float* input = x, w = weight, gradient = dy, result = dx, weightGradient = dWeight)
        {
            for (var t = 0; t < rows; t++)
            {
                for (var g = 0; g < groups; g++)
                {
                    var source = input + (nint)t * strideX + g * size;
                    var slope = gradient + (nint)t * strideDy + g * size;
                    var target = result + (nint)t * strideDx + g * size;
                    var r = inverse[t * groups + g];
                    var projection = Dot3<TLane>(slope, w, source, size);
                    var along = -r * r * r * (projection / size);
                    if (!dWeight.IsEmpty)
                    {
                        var counted = WeightBody<TLane>(slope, source, r, weightGradient, 0, size);
                        WeightBody<Lane1>(slope, source, r, weightGradient, counted, size);
                    }

                    var done = InputBody<TLane>(slope, w, source, r, along, accumulate, target, 0, size);
                    InputBody<Lane1>(slope, w, source, r, along, accumulate, target, done, size);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale<TLane>(float* x, float* w, float factor, int size, float* y)
        where TLane : struct, ILane<TLane>
    {
        var r = TLane.Broadcast(factor);
        var i = 0;
        for (; i + TLane.Width <= size; i += TLane.Width)
            (TLane.Load(x + i) * r * TLane.Load(w + i)).Store(y + i);
        for (; i < size; i++)
            y[i] = x[i] * factor * w[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Dot<TLane>(float* x, float* y, int size)
        where TLane : struct, ILane<TLane>
    {
        var sum0 = TLane.Broadcast(0);
        var sum1 = TLane.Broadcast(0);
        var i = 0;
        for (; i + 2 * TLane.Width <= size; i += 2 * TLane.Width)
        {
            sum0 = TLane.MultiplyAdd(TLane.Load(x + i), TLane.Load(y + i), sum0);
            sum1 = TLane.MultiplyAdd(TLane.Load(x + i + TLane.Width), TLane.Load(y + i + TLane.Width), sum1);
        }

        var sum = (sum0 + sum1).Sum();
        for (; i < size; i++)
            sum += x[i] * y[i];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot3<TLane>(float* x, float* y, float* z, int size)
        where TLane : struct, ILane<TLane>
    {
        var sum0 = TLane.Broadcast(0);
        var sum1 = TLane.Broadcast(0);
        var i = 0;
        for (; i + 2 * TLane.Width <= size; i += 2 * TLane.Width)
        {
            sum0 = TLane.MultiplyAdd(TLane.Load(x + i) * TLane.Load(y + i), TLane.Load(z + i), sum0);
            sum1 = TLane.MultiplyAdd(TLane.Load(x + i + TLane.Width) * TLane.Load(y + i + TLane.Width), TLane.Load(z + i + TLane.Width), sum1);
        }

        var sum = (sum0 + sum1).Sum();
        for (; i < size; i++)
            sum += x[i] * y[i] * z[i];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WeightBody<TLane>(float* slope, float* source, float r, float* weightGradient, int start, int size)
        where TLane : struct, ILane<TLane>
    {
        var factor = TLane.Broadcast(r);
        var i = start;
        for (; i + TLane.Width <= size; i += TLane.Width)
            TLane.MultiplyAdd(TLane.Load(slope + i) * factor, TLane.Load(source + i), TLane.Load(weightGradient + i)).Store(weightGradient + i);
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int InputBody<TLane>(float* slope, float* w, float* source, float r, float along, bool accumulate, float* target, int start, int size)
        where TLane : struct, ILane<TLane>
    {
        var factor = TLane.Broadcast(r);
        var direction = TLane.Broadcast(along);
        var i = start;
        for (; i + TLane.Width <= size; i += TLane.Width)
        {
            var value = TLane.MultiplyAdd(TLane.Load(slope + i) * TLane.Load(w + i), factor, TLane.Load(source + i) * direction);
            if (accumulate)
                value += TLane.Load(target + i);
            value.Store(target + i);
        }

        return i;
    }
}
