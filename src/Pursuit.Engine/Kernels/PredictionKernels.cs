using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>
/// Statistics of predictions over blocks of the vocabulary; formulas at <see cref="IDecoderOperations"/>. A NaN logit makes NaN sums.
/// </summary>
internal static unsafe class PredictionKernels
{
    /// <summary>Vectors whose sums stay in float32 before they go to float64.</summary>
    private const int Run = 16;

    /// <summary>Below it exp is 0 beside the row's largest; keeps -inf out of a product.</summary>
    private const float Lowest = -87.3f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Statistics<TVector>(in LogitBlock logits, Span<PredictionSums> sums)
        where TVector : unmanaged, ISimd<TVector>
    {
        var rows = logits.Rows;
        var columns = logits.Columns;
        var firstColumn = logits.FirstColumn;
        var targets = logits.Targets.AsIntegers();
        fixed (float* x = logits.Logits.AsSpan())
        {
            for (var i = 0; i < rows; i++)
            {
                var row = x + (nint)i * columns;
                var block = Largest<TVector>(row, columns);
                if (!float.IsNegativeInfinity(block.Maximum)) AddExponentials<TVector>(row, columns, ref block);
                sums[i].Add(block);
                var column = targets[i] - firstColumn;
                if ((uint)column < (uint)columns)
                    sums[i].Target = row[column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PredictionSums Largest<TVector>(float* values, int count)
        where TVector : unmanaged, ISimd<TVector>
    {
        var first = TVector.Create(float.NegativeInfinity);
        var second = first;
        var i = 0;
        for (; i + TVector.Count <= count; i += TVector.Count)
        {
            var value = TVector.Load(values + i);
            second = TVector.Max(second, TVector.AtMost(first, value));
            first = TVector.Max(first, value);
        }

        var lanes = stackalloc float[2 * TVector.Count];
        first.Store(lanes);
        second.Store(lanes + TVector.Count);
        var largest = PredictionSums.Start;
        for (var k = 0; k < 2 * TVector.Count; k++) Take(lanes[k], ref largest);
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
    private static void AddExponentials<TVector>(float* values, int count, ref PredictionSums block)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (shift, lowest) = (TVector.Create(block.Maximum), TVector.Create(Lowest));
        var i = 0;
        while (i + TVector.Count <= count)
        {
            var end = Math.Min(count - TVector.Count, i + (Run - 1) * TVector.Count);
            var (sum, square, weighted) = (TVector.Create(0), TVector.Create(0), TVector.Create(0));
            for (; i <= end; i += TVector.Count)
            {
                var below = TVector.AtLeast(lowest, TVector.Load(values + i) - shift);
                var power = SimdMath.Exp(below);
                sum += power;
                square = TVector.FusedMultiplyAdd(power, power, square);
                weighted = TVector.FusedMultiplyAdd(below, power, weighted);
            }

            block.Sum += sum.Sum();
            block.SquareSum += square.Sum();
            block.WeightedSum += weighted.Sum();
        }

        for (; i < count; i++)
        {
            var below = MathF.Max(Lowest, values[i] - block.Maximum);
            var power = SimdMath.Exp(new SimdPlain(below)).Sum();
            block.Sum += power;
            block.SquareSum += (double)power * power;
            block.WeightedSum += (double)below * power;
        }
    }
}
