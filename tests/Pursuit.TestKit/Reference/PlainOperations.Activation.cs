using System.Diagnostics;
using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

internal partial class PlainOperations
{
    /// <inheritdoc/>
    public void Activate(in ActivationShape shape, BufferSlice x, BufferSlice h)
    {
        for (var i = 0; i < shape.Rows; i++)
        {
            for (var j = 0; j < shape.Width; j++)
            {
                var up = shape.Gated ? x.AsSpan()[i * shape.Inputs + shape.Width + j] : 1.0;
                h.AsSpan()[i * shape.Width + j] = (float)(Function(shape.Activation, x.AsSpan()[i * shape.Inputs + j]).Value * up);
            }
        }
    }

    /// <inheritdoc/>
    public void ActivateBackward(in ActivationShape shape, BufferSlice x, BufferSlice dHThenH)
    {
        for (var i = 0; i < shape.Rows; i++)
        {
            for (var j = 0; j < shape.Width; j++)
            {
                ref var input = ref x.AsSpan()[i * shape.Inputs + j];
                ref var result = ref dHThenH.AsSpan()[i * shape.Width + j];
                double dh = result, factor = 1;
                var (value, slope) = Function(shape.Activation, input);
                if (shape.Gated)
                {
                    ref var up = ref x.AsSpan()[i * shape.Inputs + shape.Width + j];
                    factor = up;
                    up = (float)(dh * value);
                }

                result = (float)(value * factor);
                input = (float)(dh * factor * slope);
            }
        }
    }

    /// <inheritdoc/>
    public void SoftCap(float cap, BufferSlice values)
    {
        foreach (ref var value in values.AsSpan())
            value = (float)(cap * Math.Tanh((double)value / cap));
    }

    private static (double Value, double Slope) Function(Activation activation, double x)
    {
        switch (activation)
        {
            case Activation.Silu:
                var sigmoid = 1 / (1 + Math.Exp(-x));
                return (x * sigmoid, sigmoid * (1 + x * (1 - sigmoid)));
            case Activation.Gelu:
                var probability = NormalProbability(x);
                return (x * probability, probability + x * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI));
            case Activation.GeluTanh:
                var root = Math.Sqrt(2 / Math.PI);
                var tanh = Math.Tanh(root * (x + 0.044715 * x * x * x));
                return (x / 2 * (1 + tanh), (1 + tanh) / 2 + x / 2 * (1 - tanh * tanh) * root * (1 + 3 * 0.044715 * x * x));
            default:
                throw new UnreachableException($"{activation} has no twin");
        }
    }

    /// <summary>
    /// Phi(x) = 1/2 + density(x) (x + x^3/3 + x^5/15 + ...), or beyond 3 the continued fraction of the tail (Abramowitz and Stegun, 26.2).
    /// </summary>
    private static double NormalProbability(double x)
    {
        var density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        if (Math.Abs(x) < 3)
        {
            var (sum, term) = (x, x);
            for (var k = 3; k < 120; k += 2)
                sum += term *= x * x / k;
            return 0.5 + density * sum;
        }

        var fraction = 0.0;
        for (var k = 200; k >= 1; k--)
            fraction = k / (Math.Abs(x) + fraction);
        var tail = density / (Math.Abs(x) + fraction);
        return x < 0 ? tail : 1 - tail;
    }
}
