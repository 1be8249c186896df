using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>Softmax over blocks of the vocabulary; formulas at <see cref="IDecoderOperations"/>. A NaN logit makes a NaN sum.</summary>
internal static unsafe class SoftmaxKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Statistics<TVector>(in LogitBlock block, Span<float> maximum, Span<float> sum, Span<float> targetLogit)
        where TVector : unmanaged, ISimd<TVector>
    {
        var rows = block.Rows;
        var columns = block.Columns;
        var firstColumn = block.FirstColumn;
        var targets = block.Targets.AsIntegers();
        fixed (float* x = block.Logits.AsSpan())
        {
            for (var i = 0; i < rows; i++)
            {
                var row = x + (nint)i * columns;
                var before = maximum[i];
                var largest = MathF.Max(before, Largest<TVector>(row, columns));
                var added = SumOfExponentials<TVector>(row, columns, largest);
                if (sum[i] != 0)
                    added += sum[i] * MathF.Exp(before - largest);
                maximum[i] = largest;
                sum[i] = added;
                var column = targets[i] - firstColumn;
                if ((uint)column < (uint)columns)
                    targetLogit[i] = row[column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient<TVector>(
        in LogitBlock block, ReadOnlySpan<float> weights, ReadOnlySpan<float> maximum, ReadOnlySpan<float> sum)
        where TVector : unmanaged, ISimd<TVector>
    {
        var rows = block.Rows;
        var columns = block.Columns;
        var firstColumn = block.FirstColumn;
        var targets = block.Targets.AsIntegers();
        var (scale, cap) = block.Rule;
        fixed (float* x = block.Logits.AsSpan())
        {
            for (var i = 0; i < rows; i++)
            {
                var row = x + (nint)i * columns;
                var weight = weights[i] * scale;
                var factor = weight / sum[i];
                var column = targets[i] - firstColumn;
                var isHere = (uint)column < (uint)columns;
                if (cap > 0)
                {
                    if (isHere)
                        weight *= 1 - row[column] / cap * (row[column] / cap);
                    var capped = CappedExponentials<TVector>(row, maximum[i], factor, cap, 0, columns);
                    CappedExponentials<SimdPlain>(row, maximum[i], factor, cap, capped, columns);
                }
                else
                {
                    var done = ScaledExponentials<TVector>(row, maximum[i], factor, 0, columns);
                    ScaledExponentials<SimdPlain>(row, maximum[i], factor, done, columns);
                }

                if (isHere)
                    row[column] -= weight;
            }
        }
    }

    /// <summary>The largest of the values; NaN if one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest<TVector>(float* values, int count)
        where TVector : unmanaged, ISimd<TVector>
    {
        var lanes = TVector.Create(float.NegativeInfinity);
        var i = 0;
        for (; i + TVector.Count <= count; i += TVector.Count)
            lanes = TVector.Max(lanes, TVector.Load(values + i));
        var largest = lanes.Largest();
        for (; i < count; i++)
            largest = MathF.Max(largest, values[i]);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfExponentials<TVector>(float* values, int count, float maximum)
        where TVector : unmanaged, ISimd<TVector>
    {
        var shift = TVector.Create(maximum);
        var lanes0 = TVector.Create(0);
        var lanes1 = TVector.Create(0);
        var i = 0;
        for (; i + 2 * TVector.Count <= count; i += 2 * TVector.Count)
        {
            lanes0 += SimdMath.Exp(TVector.Load(values + i) - shift);
            lanes1 += SimdMath.Exp(TVector.Load(values + i + TVector.Count) - shift);
        }

        var sum = (lanes0 + lanes1).Sum();
        for (; i < count; i++)
            sum += SimdMath.Exp(new SimdPlain(values[i] - maximum)).Sum();
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ScaledExponentials<TVector>(float* values, float maximum, float factor, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var shift = TVector.Create(maximum);
        var scale = TVector.Create(factor);
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
            (SimdMath.Exp(TVector.Load(values + i) - shift) * scale).Store(values + i);
        return i;
    }

    /// <summary>As <see cref="ScaledExponentials"/>, each also by 1 - (value / cap)^2, the slope of the cap that made the value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CappedExponentials<TVector>(float* values, float maximum, float factor, float cap, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (shift, scale, inverse, one) =
            (TVector.Create(maximum), TVector.Create(factor), TVector.Create(1 / cap), TVector.Create(1f));
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
        {
            var value = TVector.Load(values + i);
            var tanh = value * inverse;
            (SimdMath.Exp(value - shift) * scale * (one - tanh * tanh)).Store(values + i);
        }

        return i;
    }
}
