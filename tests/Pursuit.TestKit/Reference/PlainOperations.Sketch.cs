using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

internal partial class PlainOperations
{
    /// <inheritdoc/>
    public void AddSketches(BufferSlice values, int rows, SketchKey key, int dimension, MatrixSlice destination)
    {
        var v = values.AsSpan();
        var d = destination.Values.AsSpan();
        var length = v.Length / rows;
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < length; i++)
            {
                var (place, signs) = key.At(i / SketchKey.BlockSize, dimension);
                var lane = i % SketchKey.BlockSize;
                var value = v[row * length + i];
                d[row * destination.Stride + place + lane] += (signs >> lane & 1) == 1 ? -value : value;
            }
        }
    }

    /// <inheritdoc/>
    public void WrapSketches(int dimension, int rows, MatrixSlice sketches)
    {
        for (var row = 0; row < rows; row++)
        {
            var s = sketches.Values.AsSpan()[(row * sketches.Stride)..];
            for (var i = 0; i < SketchKey.BlockSize - 1; i++)
                s[i % dimension] += s[dimension + i];
        }
    }

    /// <inheritdoc/>
    public void Scale(BufferSlice factors, int rows, BufferSlice values)
    {
        var f = factors.AsSpan();
        var v = values.AsSpan();
        for (var i = 0; i < rows * f.Length; i++)
            v[i] *= f[i % f.Length];
    }

    /// <inheritdoc/>
    public void AdamDirection(in AdamDirection adam, BufferSlice firstMoment, BufferSlice secondMoment, int rows, BufferSlice gradients)
    {
        var g = gradients.AsSpan();
        var (n, b1, b2) = (firstMoment.Length, adam.Beta1, adam.Beta2);
        for (var i = 0; i < rows * n; i++)
        {
            var first = b1 * (double)firstMoment.AsSpan()[i % n] + (1.0 - b1) * g[i];
            var second = b2 * (double)secondMoment.AsSpan()[i % n] + (1.0 - b2) * g[i] * g[i];
            g[i] = (float)(adam.EpsilonOutside ? first / (Math.Sqrt(second) + adam.Epsilon) : first / Math.Sqrt(second + adam.Epsilon));
        }
    }
}
