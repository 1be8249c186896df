using ILGPU;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>The elementwise part of feed-forward blocks; formulas at <see cref="Engine.Kernels.Activation"/>.</summary>
internal static class ActivationCode
{
    private const int Silu = 0;
    private const int Gelu = 1;
    private const float RootOfTwoByPi = 0.79788456080286536f;
    private const float Cubic = 0.044715f;

    public static void Forward(ArrayView<float> x, ArrayView<float> h, int rows, int width, int function, int gated)
    {
        for (var i = Grid.GlobalIndex.X; i < rows * width; i += Grid.DimX * Group.DimX)
        {
            var at = gated != 0 ? i / width * 2 * width + i % width : i;
            var value = Value(function, x[at]);
            h[i] = gated != 0 ? value * x[at + width] : value;
        }
    }

    public static void Backward(ArrayView<float> x, ArrayView<float> dHThenH, int rows, int width, int function, int gated)
    {
        for (var i = Grid.GlobalIndex.X; i < rows * width; i += Grid.DimX * Group.DimX)
        {
            var at = gated != 0 ? i / width * 2 * width + i % width : i;
            var (dh, input) = (dHThenH[i], x[at]);
            var value = Value(function, input);
            var factor = 1f;
            if (gated != 0)
            {
                factor = x[at + width];
                x[at + width] = dh * value;
            }

            dHThenH[i] = value * factor;
            x[at] = dh * factor * Slope(function, input);
        }
    }

    public static void SoftCap(ArrayView<float> values, float cap)
    {
        for (var i = Grid.GlobalIndex.X; i < values.IntLength; i += Grid.DimX * Group.DimX)
            values[i] = cap * DeviceMath.Tanh(values[i] / cap);
    }

    private static float Value(int function, float x)
    {
        if (function == Silu) return x * DeviceMath.Sigmoid(x);
        if (function == Gelu) return x * DeviceMath.NormalProbability(x);
        // (1 + tanh(u)) / 2 is the sigmoid of 2u, which loses nothing where tanh comes near -1.
        return x * DeviceMath.Sigmoid(2f * RootOfTwoByPi * (x + Cubic * x * x * x));
    }

    private static float Slope(int function, float x)
    {
        if (function == Silu)
        {
            var sigmoid = DeviceMath.Sigmoid(x);
            return sigmoid * (1f + x * (1f - sigmoid));
        }

        if (function == Gelu) return DeviceMath.NormalProbability(x) + x * (0.39894228040143268f * DeviceMath.Exp(-0.5f * x * x));
        var s = DeviceMath.Sigmoid(2f * RootOfTwoByPi * (x + Cubic * x * x * x));
        return s + x * s * (1f - s) * (2f * RootOfTwoByPi) * (1f + 3f * Cubic * x * x);
    }
}
