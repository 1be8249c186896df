using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>Norms, forward and backward; formulas at <see cref="NormRule"/> and <see cref="NormGradient"/>.</summary>
internal static unsafe class NormKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<TVector>(NormShape shape, in NormCall norm, MatrixSlice x, MatrixSlice y, Span<float> inverse)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (rows, groups, size) = shape;
        var (strideX, strideY, rule) = (x.Stride, y.Stride, norm.Rule);
        var bias = norm.Bias is { } added ? added.AsSpan() : default;
        fixed (float* input = x.Values.AsSpan(), w = norm.Weight.AsSpan(), b = bias, output = y.Values.AsSpan(), r = inverse)
        {
            for (var t = 0; t < rows; t++)
            {
                for (var g = 0; g < groups; g++)
                {
                    var source = input + (nint)t * strideX + g * size;
                    var mean = rule.Centers ? Mean<TVector>(source, size) : 0;
                    var squares = rule.Centers ? CenteredDot<TVector>(source, mean, size) : Dot<TVector>(source, source, size);
                    var factor = (float)(1 / Math.Sqrt((double)squares / size + rule.Epsilon));
                    r[t * groups + g] = factor;
                    Scale<TVector>(source, mean, w, rule.Offset, b, factor, size, output + (nint)t * strideY + g * size);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Again<TVector>(
        int rows, int size, in NormCall norm, ReadOnlySpan<float> x, ReadOnlySpan<float> inverse, Span<float> y)
        where TVector : unmanaged, ISimd<TVector>
    {
        var rule = norm.Rule;
        var bias = norm.Bias is { } added ? added.AsSpan() : default;
        fixed (float* input = x, w = norm.Weight.AsSpan(), b = bias, output = y)
        {
            for (var t = 0; t < rows; t++)
            {
                var source = input + (nint)t * size;
                var mean = rule.Centers ? Mean<TVector>(source, size) : 0;
                Scale<TVector>(source, mean, w, rule.Offset, b, inverse[t], size, output + (nint)t * size);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<TVector>(in NormGradient norm)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (rows, groups, size) = norm.Shape;
        var (strideX, strideDy, strideDx, accumulate) = (norm.X.Stride, norm.DY.Stride, norm.DX.Stride, norm.Accumulate);
        var rule = norm.Norm.Rule;
        var inverse = norm.Inverse.AsSpan();
        var dWeight = norm.DWeight is { } wanted ? wanted.AsSpan()[..size] : default;
        var dBias = norm.DBias is { } wantedBias ? wantedBias.AsSpan()[..size] : default;
        dWeight.Clear();
        dBias.Clear();
        fixed (float* input = norm.X.Values.AsSpan(), w = norm.Norm.Weight.AsSpan(), gradient = norm.DY.Values.AsSpan(),
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
                    var mean = rule.Centers ? Mean<TVector>(source, size) : 0;
                    var projection = Projection<TVector>(slope, w, rule.Offset, source, mean, size);
                    var along = -r * r * r * (projection / size);
                    var shift = rule.Centers ? r * (OffsetDot<TVector>(slope, w, rule.Offset, size) / size) : 0;
                    if (!dWeight.IsEmpty)
                    {
                        var counted = WeightBody<TVector>(slope, source, mean, r, weightGradient, 0, size);
                        WeightBody<SimdPlain>(slope, source, mean, r, weightGradient, counted, size);
                    }

                    if (!dBias.IsEmpty)
                        ElementKernels.AddScaled<TVector>(1, new ReadOnlySpan<float>(slope, size), dBias);
                    var line = new InputLine(slope, w, source, target, rule.Offset, mean, r, along, shift, accumulate);
                    var done = InputBody<TVector>(line, 0, size);
                    InputBody<SimdPlain>(line, done, size);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale<TVector>(float* x, float mean, float* w, float offset, float* b, float factor, int size, float* y)
        where TVector : unmanaged, ISimd<TVector>
    {
        var done = ScaleBody<TVector>(x, mean, w, offset, b, factor, y, 0, size);
        ScaleBody<SimdPlain>(x, mean, w, offset, b, factor, y, done, size);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ScaleBody<TVector>(
        float* x, float mean, float* w, float offset, float* b, float factor, float* y, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (r, m, o) = (TVector.Create(factor), TVector.Create(mean), TVector.Create(offset));
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
        {
            var value = (TVector.Load(x + i) - m) * r * (TVector.Load(w + i) + o);
            if (b is not null)
                value += TVector.Load(b + i);
            value.Store(y + i);
        }

        return i;
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
    private static float Mean<TVector>(float* x, int size)
        where TVector : unmanaged, ISimd<TVector>
    {
        var lanes = TVector.Create(0);
        var i = 0;
        for (; i + TVector.Count <= size; i += TVector.Count)
            lanes += TVector.Load(x + i);
        var sum = lanes.Sum();
        for (; i < size; i++)
            sum += x[i];
        return sum / size;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float CenteredDot<TVector>(float* x, float mean, int size)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (lanes, m) = (TVector.Create(0), TVector.Create(mean));
        var i = 0;
        for (; i + TVector.Count <= size; i += TVector.Count)
        {
            var value = TVector.Load(x + i) - m;
            lanes = TVector.FusedMultiplyAdd(value, value, lanes);
        }

        var sum = lanes.Sum();
        for (; i < size; i++)
            sum += (x[i] - mean) * (x[i] - mean);
        return sum;
    }

    /// <summary>Sum of slope (offset + w).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float OffsetDot<TVector>(float* slope, float* w, float offset, int size)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (lanes, o) = (TVector.Create(0), TVector.Create(offset));
        var i = 0;
        for (; i + TVector.Count <= size; i += TVector.Count)
            lanes = TVector.FusedMultiplyAdd(TVector.Load(slope + i), TVector.Load(w + i) + o, lanes);
        var sum = lanes.Sum();
        for (; i < size; i++)
            sum += slope[i] * (w[i] + offset);
        return sum;
    }

    /// <summary>Sum of slope (offset + w) (x - mean).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Projection<TVector>(float* slope, float* w, float offset, float* x, float mean, int size)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (sum0, sum1, m, o) = (TVector.Create(0), TVector.Create(0), TVector.Create(mean), TVector.Create(offset));
        var i = 0;
        for (; i + 2 * TVector.Count <= size; i += 2 * TVector.Count)
        {
            var j = i + TVector.Count;
            sum0 = TVector.FusedMultiplyAdd(TVector.Load(slope + i) * (TVector.Load(w + i) + o), TVector.Load(x + i) - m, sum0);
            sum1 = TVector.FusedMultiplyAdd(TVector.Load(slope + j) * (TVector.Load(w + j) + o), TVector.Load(x + j) - m, sum1);
        }

        var sum = (sum0 + sum1).Sum();
        for (; i < size; i++)
            sum += slope[i] * (w[i] + offset) * (x[i] - mean);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WeightBody<TVector>(float* slope, float* source, float mean, float r, float* weightGradient, int start, int size)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (factor, m) = (TVector.Create(r), TVector.Create(mean));
        var i = start;
        for (; i + TVector.Count <= size; i += TVector.Count)
            TVector.FusedMultiplyAdd(
                TVector.Load(slope + i) * factor, TVector.Load(source + i) - m, TVector.Load(weightGradient + i)).Store(weightGradient + i);
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int InputBody<TVector>(in InputLine line, int start, int size)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (factor, direction, shift) = (TVector.Create(line.R), TVector.Create(line.Along), TVector.Create(line.Shift));
        var (m, o) = (TVector.Create(line.Mean), TVector.Create(line.Offset));
        var accumulate = line.Accumulate;
        float* slope = line.Slope, w = line.W, source = line.Source, target = line.Target;
        var i = start;
        for (; i + TVector.Count <= size; i += TVector.Count)
        {
            var value = TVector.FusedMultiplyAdd(
                TVector.Load(slope + i) * (TVector.Load(w + i) + o), factor, (TVector.Load(source + i) - m) * direction - shift);
            if (accumulate)
                value += TVector.Load(target + i);
            value.Store(target + i);
        }

        return i;
    }

    /// <summary>One vector of the backward pass: dx = r slope (offset + w) + along (x - mean) - shift.</summary>
    private readonly struct InputLine(
        float* slope, float* w, float* source, float* target, float offset, float mean, float r, float along, float shift, bool accumulate)
    {
        public readonly float* Slope = slope;
        public readonly float* W = w;
        public readonly float* Source = source;
        public readonly float* Target = target;
        public readonly float Offset = offset;
        public readonly float Mean = mean;
        public readonly float R = r;
        public readonly float Along = along;
        public readonly float Shift = shift;
        public readonly bool Accumulate = accumulate;
    }
}
