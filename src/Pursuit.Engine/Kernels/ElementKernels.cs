using System.Runtime.CompilerServices;

namespace Pursuit.Engine.Kernels;

/// <summary>Sums and updates of vectors and rows.</summary>
internal static unsafe class ElementKernels
{
    /// <summary>destination += alpha * source.</summary>
    public static void AddScaled<TLane>(float alpha, ReadOnlySpan<float> source, Span<float> destination)
        where TLane : struct, ILane<TLane>
    {
        fixed (float* s = source, d = destination)
        {
            var done = AddScaledBody<TLane>(alpha, s, d, 0, source.Length);
            AddScaledBody<Lane1>(alpha, s, d, done, source.Length);
        }
    }

    /// <summary>The sum of squares: float32 lanes within runs of 1,024 values, float64 between runs.</summary>
    public static double SumOfSquares<TLane>(ReadOnlySpan<float> values)
        where TLane : struct, ILane<TLane>
    {
        const int Run = 1024;
        var total = 0.0;
        fixed (float* x = values)
        {
            for (var start = 0; start < values.Length; start += Run)
            {
                var count = Math.Min(Run, values.Length - start);
                var sum = TLane.Broadcast(0);
                var i = 0;
                for (; i + TLane.Width <= count; i += TLane.Width)
                {
                    var v = TLane.Load(x + start + i);
                    sum = TLane.MultiplyAdd(v, v, sum);
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
    public static void SumRows<TLane>(ReadOnlySpan<float> source, int stride, int rows, int columns, Span<float> destination)
        where TLane : struct, ILane<TLane>
    {
        destination[..columns].Clear();
        for (var i = 0; i < rows; i++)
            AddScaled<TLane>(1, source.Slice(i * stride, columns), destination);
    }

    /// <summary>table[indices[i]] += source[i], in the order of i.</summary>
    public static void ScatterAddRows<TLane>(ReadOnlySpan<float> source, ReadOnlySpan<int> indices, int width, Span<float> table)
        where TLane : struct, ILane<TLane>
    {
        for (var i = 0; i < indices.Length; i++)
            AddScaled<TLane>(1, source.Slice(i * width, width), table.Slice(indices[i] * width, width));
    }

    /// <summary>See <see cref="IDecoderOperations.AdamW"/>.</summary>
    public static void AdamW<TLane>(in AdamWStep step, ReadOnlySpan<float> gradient, Span<float> weights, Span<float> firstMoment, Span<float> secondMoment)
        where TLane : struct, ILane<TLane>
    {
        fixed (float* g = gradient, w = weights, m = firstMoment, v = secondMoment)
        {
            var done = AdamWBody<TLane>(step, g, w, m, v, 0, weights.Length);
            AdamWBody<Lane1>(step, g, w, m, v, done, weights.Length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int AddScaledBody<TLane>(float alpha, float* s, float* d, int start, int end)
        where TLane : struct, ILane<TLane>
    {
        var factor = TLane.Broadcast(alpha);
        var i = start;
        for (; i + TLane.Width <= end; i += TLane.Width)
            TLane.MultiplyAdd(factor, TLane.Load(s + i), TLane.Load(d + i)).Store(d + i);
        return i;
    }

    private static int AdamWBody<TLane>(in AdamWStep step, float* g, float* w, float* m, float* v, int start, int end)
        where TLane : struct, ILane<TLane>
    {
        var correction1 = 1 - Math.Pow(step.Beta1, step.Step);
        var correction2 = 1 - Math.Pow(step.Beta2, step.Step);
        var (beta1, rest1) = (TLane.Broadcast(step.Beta1), TLane.Broadcast((float)(1 - (double)step.Beta1)));
        var (beta2, rest2) = (TLane.Broadcast(step.Beta2), TLane.Broadcast((float)(1 - (double)step.Beta2)));
        var scale = TLane.Broadcast(step.GradientScale);
        var decay = TLane.Broadcast((float)(1 - (double)step.LearningRate * step.WeightDecay));
        var stepSize = TLane.Broadcast((float)(-step.LearningRate / correction1));
        var rootFactor = TLane.Broadcast((float)(1 / Math.Sqrt(correction2)));
        var epsilon = TLane.Broadcast(step.Epsilon);
        var i = start;
        for (; i + TLane.Width <= end; i += TLane.Width)
        {
            var gradient = TLane.Load(g + i) * scale;
            var first = TLane.MultiplyAdd(beta1, TLane.Load(m + i), rest1 * gradient);
            var second = TLane.MultiplyAdd(beta2, TLane.Load(v + i), rest2 * gradient * gradient);
            first.Store(m + i);
            second.Store(v + i);
            var denominator = TLane.MultiplyAdd(TLane.SquareRoot(second), rootFactor, epsilon);
            TLane.MultiplyAdd(stepSize, first / denominator, TLane.Load(w + i) * decay).Store(w + i);
        }

        return i;
    }
}
