using System.Runtime.CompilerServices;

namespace Pursuit.Engine.Kernels;

/// <summary>Statistics of predictions over blocks of the vocabulary; formulas at <see cref="IDecoderOperations"/>. A NaN logit makes NaN sums.</summary>
internal static unsafe class PredictionKernels
{
    /// <summary>Vectors whose sums stay in float32 before they go to float64.</summary>
    private const int Run = 16;

    /// <summary>Below it exp is 0 beside the row's largest; keeps -inf out of a product.</summary>
    private const float Lowest = -87.3f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Statistics<TLane>(ReadOnlySpan<float> logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, Span<PredictionSums> sums)
        where TLane : struct, ILane<TLane>
    {
        fixed (float* x = logits)
        {
            for (var i = 0; i < rows; i++)
            {
                var row = x + (nint)i * columns;
                var block = Largest<TLane>(row, columns);
                if (!float.IsNegativeInfinity(block.Maximum)) AddExponentials<TLane>(row, columns, ref block);
                sums[i].Add(block);
                var column = targets[i] - firstColumn;
                if ((uint)column < (uint)columns)
                    sums[i].Target = row[column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PredictionSums Largest<TLane>(float* values, int count)
        where TLane : struct, ILane<TLane>
    {
        var first = TLane.Broadcast(float.NegativeInfinity);
        var second = first;
        var i = 0;
        for (; i + TLane.Width <= count; i += TLane.Width)
        {
            var value = TLane.Load(values + i);
            second = TLane.Max(second, TLane.AtMost(first, value));
            first = TLane.Max(first, value);
        }

        var lanes = stackalloc float[2 * TLane.Width];
        first.Store(lanes);
        second.Store(lanes + TLane.Width);
        var largest = PredictionSums.Start;
        for (var k = 0; k < 2 * TLane.Width; k++) Take(lanes[k], ref largest);
        for (; i < count; i++) Take(values[i], ref largest);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(float value, ref PredictionSums largest)
    {
        largest.Second = MathF.Max(largest.Second, MathF.Min(largest.Maximum, value));
        largest.Maximum = MathF.Max(largest.Maximum, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddExponentials<TLane>(float* values, int count, ref PredictionSums block)
        where TLane : struct, ILane<TLane>
    {
        var (shift, lowest) = (TLane.Broadcast(block.Maximum), TLane.Broadcast(Lowest));
        var i = 0;
        while (i + TLane.Width <= count)
        {
            var end = Math.Min(count - TLane.Width, i + (Run - 1) * TLane.Width);
            var (sum, square, weighted) = (TLane.Broadcast(0), TLane.Broadcast(0), TLane.Broadcast(0));
            for (; i <= end; i += TLane.Width)
            {
                var below = TLane.AtLeast(lowest, TLane.Load(values + i) - shift);
                var power = LaneMath.Exp(below);
                sum += power;
                square = TLane.MultiplyAdd(power, power, square);
                weighted = TLane.MultiplyAdd(below, power, weighted);
            }

            block.Sum += sum.Sum();
            block.SquareSum += square.Sum();
            block.WeightedSum += weighted.Sum();
        }

        for (; i < count; i++)
        {
            var below = MathF.Max(Lowest, values[i] - block.Maximum);
            var power = LaneMath.Exp(new Lane1(below)).Sum();
            block.Sum += power;
            block.SquareSum += (double)power * power;
            block.WeightedSum += (double)below * power;
        }
    }
}
