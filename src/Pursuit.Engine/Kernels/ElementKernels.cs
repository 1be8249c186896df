using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>Sums and updates of vectors and rows.</summary>
internal static unsafe class ElementKernels
{
    /// <summary>destination += alpha * source.</summary>
    public static void AddScaled<TVector>(float alpha, ReadOnlySpan<float> source, Span<float> destination)
        where TVector : unmanaged, ISimd<TVector>
    {
        fixed (float* s = source, d = destination)
        {
            var done = AddScaledBody<TVector>(alpha, s, d, 0, source.Length);
            AddScaledBody<SimdPlain>(alpha, s, d, done, source.Length);
        }
    }

    /// <summary>The sum of squares: float32 lanes within runs of 1,024 values, float64 between runs.</summary>
    public static double SumOfSquares<TVector>(ReadOnlySpan<float> values)
        where TVector : unmanaged, ISimd<TVector>
    {
        const int Run = 1024;
        var total = 0.0;
        fixed (float* x = values)
        {
            for (var start = 0; start < values.Length; start += Run)
            {
                var count = Math.Min(Run, values.Length - start);
                var sum = TVector.Create(0);
                var i = 0;
                for (; i + TVector.Count <= count; i += TVector.Count)
                {
                    var v = TVector.Load(x + start + i);
                    sum = TVector.FusedMultiplyAdd(v, v, sum);
                }

                double run = sum.Sum();
                for (; i < count; i++)
                    run += (double)x[start + i] * x[start + i];
                total += run;
            }
        }

        return total;
    }

    /// <summary>destination = the sum of the rows, in row order.</summary>
    public static void SumRows<TVector>(ReadOnlySpan<float> source, int stride, int rows, int columns, Span<float> destination)
        where TVector : unmanaged, ISimd<TVector>
    {
        destination[..columns].Clear();
        for (var i = 0; i < rows; i++)
            AddScaled<TVector>(1, source.Slice(i * stride, columns), destination);
    }

    /// <summary>table[indices[i]] += source[i], in the order of i.</summary>
    public static void ScatterAddRows<TVector>(ReadOnlySpan<float> source, ReadOnlySpan<int> indices, int width, Span<float> table)
        where TVector : unmanaged, ISimd<TVector>
    {
        for (var i = 0; i < indices.Length; i++)
            AddScaled<TVector>(1, source.Slice(i * width, width), table.Slice(indices[i] * width, width));
    }

    /// <summary>See <see cref="IDecoderOperations.AdamW"/>.</summary>
    public static void AdamW<TVector>(
        in AdamWStep step, ReadOnlySpan<float> gradient, Span<float> weights, Span<float> firstMoment, Span<float> secondMoment)
        where TVector : unmanaged, ISimd<TVector>
    {
        fixed (float* g = gradient, w = weights, m = firstMoment, v = secondMoment)
        {
            var done = AdamWBody<TVector>(step, g, w, m, v, 0, weights.Length);
            AdamWBody<SimdPlain>(step, g, w, m, v, done, weights.Length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int AddScaledBody<TVector>(float alpha, float* s, float* d, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var factor = TVector.Create(alpha);
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
            TVector.FusedMultiplyAdd(factor, TVector.Load(s + i), TVector.Load(d + i)).Store(d + i);
        return i;
    }

    private static int AdamWBody<TVector>(in AdamWStep step, float* g, float* w, float* m, float* v, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var correction1 = 1 - Math.Pow(step.Beta1, step.Step);
        var correction2 = 1 - Math.Pow(step.Beta2, step.Step);
        var (beta1, rest1) = (TVector.Create(step.Beta1), TVector.Create((float)(1 - (double)step.Beta1)));
        var (beta2, rest2) = (TVector.Create(step.Beta2), TVector.Create((float)(1 - (double)step.Beta2)));
        var scale = TVector.Create(step.GradientScale);
        var decay = TVector.Create((float)(1 - (double)step.LearningRate * step.WeightDecay));
        var stepSize = TVector.Create((float)(-step.LearningRate / correction1));
        var rootFactor = TVector.Create((float)(1 / Math.Sqrt(correction2)));
        var epsilon = TVector.Create(step.Epsilon);
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
        {
            var gradient = TVector.Load(g + i) * scale;
            var first = TVector.FusedMultiplyAdd(beta1, TVector.Load(m + i), rest1 * gradient);
            var second = TVector.FusedMultiplyAdd(beta2, TVector.Load(v + i), rest2 * gradient * gradient);
            first.Store(m + i);
            second.Store(v + i);
            var denominator = TVector.FusedMultiplyAdd(TVector.SquareRoot(second), rootFactor, epsilon);
            TVector.FusedMultiplyAdd(stepSize, first / denominator, TVector.Load(w + i) * decay).Store(w + i);
        }

        return i;
    }
}
