using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

internal sealed partial class PlainOperations
{
    /// <inheritdoc/>
    public void RmsNorm(NormShape shape, MatrixSlice x, BufferSlice weight, float epsilon, MatrixSlice y, BufferSlice inverse)
    {
        var (rows, groups, size) = shape;
        var (strideX, strideY) = (x.Stride, y.Stride);
        var input = x.Values.AsSpan();
        var w = weight.AsSpan();
        var output = y.Values.AsSpan();
        var r = inverse.AsSpan();
        for (var t = 0; t < rows; t++)
        {
            for (var g = 0; g < groups; g++)
            {
                var squares = 0.0;
                for (var i = 0; i < size; i++)
                    squares += (double)input[t * strideX + g * size + i] * input[t * strideX + g * size + i];
                var factor = 1 / Math.Sqrt(squares / size + epsilon);
                r[t * groups + g] = (float)factor;
                for (var i = 0; i < size; i++)
                    output[t * strideY + g * size + i] = (float)(input[t * strideX + g * size + i] * factor * w[i]);
            }
        }
    }

    /// <inheritdoc/>
    public void RmsNormAgain(int rows, int size, BufferSlice x, BufferSlice weight, BufferSlice inverse, BufferSlice y)
    {
        var input = x.AsSpan();
        var w = weight.AsSpan();
        var output = y.AsSpan();
        var r = inverse.AsSpan();
        for (var t = 0; t < rows; t++)
        {
            for (var i = 0; i < size; i++)
                output[t * size + i] = (float)((double)input[t * size + i] * r[t] * w[i]);
        }
    }

    /// <inheritdoc/>
    public void RmsNormBackward(in NormGradient gradient)
    {
        var (rows, groups, size) = gradient.Shape;
        var (strideX, strideDy, strideDx, accumulate) = (gradient.X.Stride, gradient.DY.Stride, gradient.DX.Stride, gradient.Accumulate);
        var input = gradient.X.Values.AsSpan();
        var w = gradient.Weight.AsSpan();
        var r = gradient.Inverse.AsSpan();
        var slopes = gradient.DY.Values.AsSpan();
        var result = gradient.DX.Values.AsSpan();
        var weightGradient = new double[size];
        for (var t = 0; t < rows; t++)
        {
            for (var g = 0; g < groups; g++)
            {
                double factor = r[t * groups + g];
                var projection = 0.0;
                for (var i = 0; i < size; i++)
                {
                    double value = input[t * strideX + g * size + i], slope = slopes[t * strideDy + g * size + i];
                    projection += slope * w[i] * value / size;
                    weightGradient[i] += slope * value * factor;
                }

                for (var i = 0; i < size; i++)
                {
                    double value = input[t * strideX + g * size + i], slope = slopes[t * strideDy + g * size + i];
                    ref var target = ref result[t * strideDx + g * size + i];
                    target = (float)((accumulate ? target : 0.0) + factor * slope * w[i] - value * factor * factor * factor * projection);
                }
            }
        }

        if (gradient.DWeight is { } destination)
        {
            for (var i = 0; i < size; i++)
                destination.AsSpan()[i] = (float)weightGradient[i];
        }
    }
}
