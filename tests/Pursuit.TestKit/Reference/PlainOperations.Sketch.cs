using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

public sealed partial class PlainOperations
{
    /// <inheritdoc/>
    public void AddSketch(BufferSlice values, SketchKey key, int dimension, BufferSlice destination)
    {
        var v = values.AsSpan();
        var d = destination.AsSpan();
        for (var i = 0; i < v.Length; i++)
        {
            var (place, signs) = key.At(i / SketchKey.BlockSize, dimension);
            var lane = i % SketchKey.BlockSize;
            d[place + lane] += (signs >> lane & 1) == 1 ? -v[i] : v[i];
        }
    }

    /// <inheritdoc/>
    public void WrapSketch(int dimension, BufferSlice sketch)
    {
        var s = sketch.AsSpan();
        for (var i = 0; i < SketchKey.BlockSize - 1; i++)
            s[i % dimension] += s[dimension + i];
    }

    /// <inheritdoc/>
    public void Scale(BufferSlice factors, BufferSlice values)
    {
        var f = factors.AsSpan();
        var v = values.AsSpan();
        for (var i = 0; i < v.Length; i++)
            v[i] *= f[i];
    }

    /// <inheritdoc/>
    public void AdamDirection(in AdamDirection adam, BufferSlice firstMoment, BufferSlice secondMoment, BufferSlice gradient)
    {
        var g = gradient.AsSpan();
        for (var i = 0; i < g.Length; i++)
        {
            var first = adam.Beta1 * (double)firstMoment.AsSpan()[i] + (1.0 - adam.Beta1) * g[i];
            var second = adam.Beta2 * (double)secondMoment.AsSpan()[i] + (1.0 - adam.Beta2) * g[i] * g[i];
            g[i] = (float)(adam.EpsilonOutside ? first / (Math.Sqrt(second) + adam.Epsilon) : first / Math.Sqrt(second + adam.Epsilon));
        }
    }
}
