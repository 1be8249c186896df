using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

internal partial class PlainOperations
{
    /// <inheritdoc/>
    public void Norm(NormShape shape, in NormCall norm, MatrixSlice x, MatrixSlice y, BufferSlice inverse)
    {
        var (rows, groups, size) = shape;
        for (var t = 0; t < rows; t++)
        {
            for (var g = 0; g < groups; g++)
            {
                var input = x.Values.AsSpan().Slice(t * x.Stride + g * size, size);
                var centered = Centered(norm.Rule, input);
                var factor = 1 / Math.Sqrt(centered.Sum(c => c * c) / size + norm.Rule.Epsilon);
                inverse.AsSpan()[t * groups + g] = (float)factor;
                WriteNorm(norm, centered, factor, y.Values.AsSpan().Slice(t * y.Stride + g * size, size));
            }
        }
    }

    /// <inheritdoc/>
    public void NormAgain(int rows, int size, in NormCall norm, BufferSlice x, BufferSlice inverse, BufferSlice y)
    {
        for (var t = 0; t < rows; t++)
            WriteNorm(norm, Centered(norm.Rule, x.AsSpan().Slice(t * size, size)), inverse.AsSpan()[t], y.AsSpan().Slice(t * size, size));
    }

    /// <inheritdoc/>
    public void NormBackward(in NormGradient gradient)
    {
        var (rows, groups, size) = gradient.Shape;
        var (rule, accumulate) = (gradient.Norm.Rule, gradient.Accumulate);
        var w = gradient.Norm.Weight.AsSpan();
        var (weightGradient, biasGradient) = (new double[size], new double[size]);
        for (var t = 0; t < rows; t++)
        {
            for (var g = 0; g < groups; g++)
            {
                double factor = gradient.Inverse.AsSpan()[t * groups + g];
                var slopes = gradient.DY.Values.AsSpan().Slice(t * gradient.DY.Stride + g * size, size).ToArray();
                var centered = Centered(rule, gradient.X.Values.AsSpan().Slice(t * gradient.X.Stride + g * size, size));
                double projection = 0, mean = 0;
                for (var i = 0; i < size; i++)
                {
                    var inner = (double)slopes[i] * (rule.Offset + (double)w[i]);
                    projection += inner * centered[i] / size;
                    if (rule.Centers)
                        mean += inner / size;
                    weightGradient[i] += slopes[i] * centered[i] * factor;
                    biasGradient[i] += slopes[i];
                }

                for (var i = 0; i < size; i++)
                {
                    var inner = (double)slopes[i] * (rule.Offset + (double)w[i]);
                    ref var target = ref gradient.DX.Values.AsSpan()[t * gradient.DX.Stride + g * size + i];
                    target = (float)((accumulate ? target : 0.0)
                        + factor * (inner - mean) - centered[i] * factor * factor * factor * projection);
                }
            }
        }

        Store(weightGradient, gradient.DWeight);
        Store(biasGradient, gradient.DBias);

        static void Store(double[] sums, BufferSlice? destination)
        {
            if (destination is { } wanted)
                Array.ConvertAll(sums, s => (float)s).CopyTo(wanted.AsSpan());
        }
    }

    private static double[] Centered(NormRule rule, ReadOnlySpan<float> input)
    {
        var mean = 0.0;
        if (rule.Centers)
        {
            foreach (var value in input)
                mean += value / (double)input.Length;
        }

        var centered = new double[input.Length];
        for (var i = 0; i < centered.Length; i++)
            centered[i] = input[i] - mean;
        return centered;
    }

    private static void WriteNorm(in NormCall norm, double[] centered, double factor, Span<float> y)
    {
        for (var i = 0; i < centered.Length; i++)
        {
            var bias = norm.Bias is { } added ? added.AsSpan()[i] : 0.0;
            y[i] = (float)(centered[i] * factor * (norm.Rule.Offset + (double)norm.Weight.AsSpan()[i]) + bias);
        }
    }
}
