using System.Runtime.CompilerServices;

namespace Pursuit.Engine.Kernels;

/// <summary>Softmax over blocks of the vocabulary; formulas at <see cref="IDecoderOperations"/>. A NaN logit makes a NaN sum.</summary>
internal static unsafe class SoftmaxKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Statistics<TLane>(ReadOnlySpan<float> logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, Span<float> maximum, Span<float> sum, Span<float> targetLogit)
        where TLane : struct, ILane<TLane>
    {
        fixed (float* x = logits)
        {
            for (var i = 0; i < rows; i++)
            {
                var row = x + (nint)i * columns;
                var before = maximum[i];
                var largest = MathF.Max(before, Largest<TLane>(row, columns));
                var added = SumOfExponentials<TLane>(row, columns, largest);
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
    public static void Gradient<TLane>(Span<float> logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights, ReadOnlySpan<float> maximum, ReadOnlySpan<float> sum)
        where TLane : struct, ILane<TLane>
    {
        fixed (float* x = logits)
        {
            for (var i = 0; i < rows; i++)
            {
                var row = x + (nint)i * columns;
                var factor = weights[i] / sum[i];
                var done = ScaledExponentials<TLane>(row, maximum[i], factor, 0, columns);
                ScaledExponentials<Lane1>(row, maximum[i], factor, done, columns);
                var column = targets[i] - firstColumn;
                if ((uint)column < (uint)columns)
                    row[column] -= weights[i];
            }
        }
    }

    /// <summary>The largest of the values; NaN if one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest<TLane>(float* values, int count)
        where TLane : struct, ILane<TLane>
    {
        var lanes = TLane.Broadcast(float.NegativeInfinity);
        var i = 0;
        for (; i + TLane.Width <= count; i += TLane.Width)
            lanes = TLane.Max(lanes, TLane.Load(values + i));
        var largest = lanes.Largest();
        for (; i < count; i++)
            largest = MathF.Max(largest, values[i]);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfExponentials<TLane>(float* values, int count, float maximum)
        where TLane : struct, ILane<TLane>
    {
        var shift = TLane.Broadcast(maximum);
        var lanes0 = TLane.Broadcast(0);
        var lanes1 = TLane.Broadcast(0);
        var i = 0;
        for (; i + 2 * TLane.Width <= count; i += 2 * TLane.Width)
        {
            lanes0 += LaneMath.Exp(TLane.Load(values + i) - shift);
            lanes1 += LaneMath.Exp(TLane.Load(values + i + TLane.Width) - shift);
        }

        var sum = (lanes0 + lanes1).Sum();
        for (; i < count; i++)
            sum += LaneMath.Exp(new Lane1(values[i] - maximum)).Sum();
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ScaledExponentials<TLane>(float* values, float maximum, float factor, int start, int end)
        where TLane : struct, ILane<TLane>
    {
        var shift = TLane.Broadcast(maximum);
        var scale = TLane.Broadcast(factor);
        var i = start;
        for (; i + TLane.Width <= end; i += TLane.Width)
            (LaneMath.Exp(TLane.Load(values + i) - shift) * scale).Store(values + i);
        return i;
    }
}
