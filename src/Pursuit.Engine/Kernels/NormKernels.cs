using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>Root mean square norms, forward and backward; formulas at <see cref="IDecoderOperations"/>.</summary>
internal static unsafe class NormKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<TVector>(
        NormShape shape, MatrixSlice x, ReadOnlySpan<float> weight, float epsilon, MatrixSlice y, Span<float> inverse)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (rows, groups, size) = shape;
        var (strideX, strideY) = (x.Stride, y.Stride);
        fixed (float* input = x.Values.AsSpan(), w = weight, output = y.Values.AsSpan(), r = inverse)
        {
            for (var t = 0; t < rows; t++)
            {
                for (var g = 0; g < groups; g++)
                {
                    var source = input + (nint)t * strideX + g * size;
                    var factor = (float)(1 / Math.Sqrt((double)Dot<TVector>(source, source, size) / size + epsilon));
                    r[t * groups + g] = factor;
                    Scale<TVector>(source, w, factor, size, output + (nint)t * strideY + g * size);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Again<TVector>(
        int rows, int size, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> inverse, Span<float> y)
        where TVector : unmanaged, ISimd<TVector>
    {
        fixed (float* input = x, w = weight, output = y)
        {
            for (var t = 0; t < rows; t++)
                Scale<TVector>(input + (nint)t * size, w, inverse[t], size, output + (nint)t * size);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<TVector>(in NormGradient norm)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (rows, groups, size) = norm.Shape;
        var (strideX, strideDy, strideDx, accumulate) = (norm.X.Stride, norm.DY.Stride, norm.DX.Stride, norm.Accumulate);
        var inverse = norm.Inverse.AsSpan();
        var dWeight = norm.DWeight is { } wanted ? wanted.AsSpan()[..size] : default;
        dWeight.Clear();
        fixed (float* input = norm.X.Values.AsSpan(), w = norm.Weight.AsSpan(), gradient = norm.DY.Values.AsSpan(),
            result = norm.DX.Values.AsSpan(), weightGradient = dWeight)
        {
            for (var t = 0; t < rows; t++)
            {
                for (var g = 0; g < groups; g++)
                {
                    var source = input + (nint)t * strideX + g * size;
                    var slope = gradient + (nint)t * strideDy + g * size;
                    var target = result + (nint)t * strideDx + g * size;
                    var r = inverse[t * groups + g];
                    var projection = Dot3<TVector>(slope, w, source, size);
                    var along = -r * r * r * (projection / size);
                    if (!dWeight.IsEmpty)
                    {
                        var counted = WeightBody<TVector>(slope, source, r, weightGradient, 0, size);
                        WeightBody<SimdPlain>(slope, source, r, weightGradient, counted, size);
                    }

                    var done = InputBody<TVector>(slope, w, source, r, along, accumulate, target, 0, size);
                    InputBody<SimdPlain>(slope, w, source, r, along, accumulate, target, done, size);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale<TVector>(float* x, float* w, float factor, int size, float* y)
        where TVector : unmanaged, ISimd<TVector>
    {
        var r = TVector.Create(factor);
        var i = 0;
        for (; i + TVector.Count <= size; i += TVector.Count)
            (TVector.Load(x + i) * r * TVector.Load(w + i)).Store(y + i);
        for (; i < size; i++)
            y[i] = x[i] * factor * w[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Dot<TVector>(float* x, float* y, int size)
        where TVector : unmanaged, ISimd<TVector>
    {
        var sum0 = TVector.Create(0);
        var sum1 = TVector.Create(0);
        var i = 0;
        for (; i + 2 * TVector.Count <= size; i += 2 * TVector.Count)
        {
            sum0 = TVector.FusedMultiplyAdd(TVector.Load(x + i), TVector.Load(y + i), sum0);
            sum1 = TVector.FusedMultiplyAdd(TVector.Load(x + i + TVector.Count), TVector.Load(y + i + TVector.Count), sum1);
        }

        var sum = (sum0 + sum1).Sum();
        for (; i < size; i++)
            sum += x[i] * y[i];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot3<TVector>(float* x, float* y, float* z, int size)
        where TVector : unmanaged, ISimd<TVector>
    {
        var sum0 = TVector.Create(0);
        var sum1 = TVector.Create(0);
        var i = 0;
        for (; i + 2 * TVector.Count <= size; i += 2 * TVector.Count)
        {
            sum0 = TVector.FusedMultiplyAdd(TVector.Load(x + i) * TVector.Load(y + i), TVector.Load(z + i), sum0);
            sum1 = TVector.FusedMultiplyAdd(
                TVector.Load(x + i + TVector.Count) * TVector.Load(y + i + TVector.Count), TVector.Load(z + i + TVector.Count), sum1);
        }

        var sum = (sum0 + sum1).Sum();
        for (; i < size; i++)
            sum += x[i] * y[i] * z[i];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WeightBody<TVector>(float* slope, float* source, float r, float* weightGradient, int start, int size)
        where TVector : unmanaged, ISimd<TVector>
    {
        var factor = TVector.Create(r);
        var i = start;
        for (; i + TVector.Count <= size; i += TVector.Count)
            TVector.FusedMultiplyAdd(
                TVector.Load(slope + i) * factor, TVector.Load(source + i), TVector.Load(weightGradient + i)).Store(weightGradient + i);
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int InputBody<TVector>(
        float* slope, float* w, float* source, float r, float along, bool accumulate, float* target, int start, int size)
        where TVector : unmanaged, ISimd<TVector>
    {
        var factor = TVector.Create(r);
        var direction = TVector.Create(along);
        var i = start;
        for (; i + TVector.Count <= size; i += TVector.Count)
        {
            var value = TVector.FusedMultiplyAdd(
                TVector.Load(slope + i) * TVector.Load(w + i), factor, TVector.Load(source + i) * direction);
            if (accumulate)
                value += TVector.Load(target + i);
            value.Store(target + i);
        }

        return i;
    }
}
