using System.Diagnostics;
using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>The elementwise part of feed-forward blocks, and soft caps; formulas at <see cref="IDecoderOperations"/>.</summary>
internal static unsafe class ActivationKernels
{
    public static void Forward<TVector>(in ActivationShape shape, ReadOnlySpan<float> x, Span<float> h)
        where TVector : unmanaged, ISimd<TVector>
    {
        switch (shape.Activation)
        {
            case Activation.Silu:
                Forward<TVector, Silu>(shape, x, h);
                break;
            case Activation.Gelu:
                Forward<TVector, Gelu>(shape, x, h);
                break;
            case Activation.GeluTanh:
                Forward<TVector, GeluTanh>(shape, x, h);
                break;
            default:
                throw new UnreachableException($"no kernel for {shape.Activation}");
        }
    }

    public static void Backward<TVector>(in ActivationShape shape, Span<float> x, Span<float> dHThenH)
        where TVector : unmanaged, ISimd<TVector>
    {
        switch (shape.Activation)
        {
            case Activation.Silu:
                Backward<TVector, Silu>(shape, x, dHThenH);
                break;
            case Activation.Gelu:
                Backward<TVector, Gelu>(shape, x, dHThenH);
                break;
            case Activation.GeluTanh:
                Backward<TVector, GeluTanh>(shape, x, dHThenH);
                break;
            default:
                throw new UnreachableException($"no kernel for {shape.Activation}");
        }
    }

    public static void SoftCap<TVector>(float cap, Span<float> values)
        where TVector : unmanaged, ISimd<TVector>
    {
        fixed (float* x = values)
        {
            var done = SoftCapBody<TVector>(cap, x, 0, values.Length);
            SoftCapBody<SimdPlain>(cap, x, done, values.Length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward<TVector, TFunction>(in ActivationShape shape, ReadOnlySpan<float> values, Span<float> result)
        where TVector : unmanaged, ISimd<TVector>
        where TFunction : struct, IActivation
    {
        var (rows, width, gated, inputs) = (shape.Rows, shape.Width, shape.Gated, shape.Inputs);
        fixed (float* x = values, h = result)
        {
            for (var t = 0; t < rows; t++)
            {
                var source = x + (nint)t * inputs;
                var up = gated ? source + width : null;
                var done = ForwardBody<TVector, TFunction>(source, up, h + (nint)t * width, 0, width);
                ForwardBody<SimdPlain, TFunction>(source, up, h + (nint)t * width, done, width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward<TVector, TFunction>(in ActivationShape shape, Span<float> values, Span<float> dHThenH)
        where TVector : unmanaged, ISimd<TVector>
        where TFunction : struct, IActivation
    {
        var (rows, width, gated, inputs) = (shape.Rows, shape.Width, shape.Gated, shape.Inputs);
        fixed (float* x = values, h = dHThenH)
        {
            for (var t = 0; t < rows; t++)
            {
                var source = x + (nint)t * inputs;
                var up = gated ? source + width : null;
                var done = BackwardBody<TVector, TFunction>(source, up, h + (nint)t * width, 0, width);
                BackwardBody<SimdPlain, TFunction>(source, up, h + (nint)t * width, done, width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ForwardBody<TVector, TFunction>(float* x, float* up, float* h, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
        where TFunction : struct, IActivation
    {
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
        {
            TFunction.Compute(TVector.Load(x + i), out var value, out _);
            if (up is not null)
                value *= TVector.Load(up + i);
            value.Store(h + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int BackwardBody<TVector, TFunction>(float* x, float* up, float* dHThenH, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
        where TFunction : struct, IActivation
    {
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
        {
            var dh = TVector.Load(dHThenH + i);
            TFunction.Compute(TVector.Load(x + i), out var value, out var slope);
            if (up is not null)
            {
                var u = TVector.Load(up + i);
                (value * u).Store(dHThenH + i);
                (dh * value).Store(up + i);
                (dh * u * slope).Store(x + i);
            }
            else
            {
                value.Store(dHThenH + i);
                (dh * slope).Store(x + i);
            }
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SoftCapBody<TVector>(float cap, float* x, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (bound, inverse) = (TVector.Create(cap), TVector.Create(1 / cap));
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
            (bound * SimdMath.Tanh(TVector.Load(x + i) * inverse)).Store(x + i);
        return i;
    }

    /// <summary>A function and its slope.</summary>
    private interface IActivation
    {
        static abstract void Compute<TVector>(TVector x, out TVector value, out TVector slope)
            where TVector : unmanaged, ISimd<TVector>;
    }

    private readonly struct Silu : IActivation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Compute<TVector>(TVector x, out TVector value, out TVector slope)
            where TVector : unmanaged, ISimd<TVector>
        {
            var sigmoid = SimdMath.Sigmoid(x);
            value = x * sigmoid;
            slope = TVector.FusedMultiplyAdd(value, TVector.Create(1f) - sigmoid, sigmoid);
        }
    }

    private readonly struct Gelu : IActivation
    {
        /// <summary>1 / sqrt(2 pi).</summary>
        private const float DensityAtZero = 0.3989422804f;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Compute<TVector>(TVector x, out TVector value, out TVector slope)
            where TVector : unmanaged, ISimd<TVector>
        {
            var probability = SimdMath.NormalProbability(x);
            value = x * probability;
            var density = TVector.Create(DensityAtZero) * SimdMath.Exp(TVector.Create(-0.5f) * x * x);
            slope = TVector.FusedMultiplyAdd(x, density, probability);
        }
    }

    private readonly struct GeluTanh : IActivation
    {
        /// <summary>2 sqrt(2/pi): (1 + tanh(u)) / 2 is the sigmoid of 2u.</summary>
        private const float Factor = 1.5957691216f;

        private const float Cubic = 0.044715f;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Compute<TVector>(TVector x, out TVector value, out TVector slope)
            where TVector : unmanaged, ISimd<TVector>
        {
            var one = TVector.Create(1f);
            var square = x * x;
            var factor = TVector.Create(Factor);
            var sigmoid = SimdMath.Sigmoid(factor * x * TVector.FusedMultiplyAdd(TVector.Create(Cubic), square, one));
            value = x * sigmoid;
            var inner = factor * TVector.FusedMultiplyAdd(TVector.Create(3 * Cubic), square, one);
            slope = TVector.FusedMultiplyAdd(value * (one - sigmoid), inner, sigmoid);
        }
    }
}
