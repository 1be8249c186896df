using System.Diagnostics;
using System.Runtime.Intrinsics;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>The decoder's operations on the processor, compiled for one vector width; each is single-threaded and keeps no state.</summary>
public static class CpuOperations
{
    /// <summary>For the widest vectors this machine has.</summary>
    public static IDecoderOperations Best { get; } =
        Vector512.IsHardwareAccelerated ? ForWidth(16) : Vector256.IsHardwareAccelerated ? ForWidth(8) : ForWidth(1);

    /// <summary>For a chosen width; tests run them all.</summary>
    /// <param name="values">Values per vector: 16, 8 or 1.</param>
    public static IDecoderOperations ForWidth(int values) => values switch
    {
        16 => new CpuOperations<Simd512>(),
        8 => new CpuOperations<Simd256>(),
        1 => new CpuOperations<SimdPlain>(),
        _ => throw new UnreachableException($"no vectors of {values} values"),
    };
}

/// <summary>Binds the kernels of one width to slices.</summary>
internal sealed class CpuOperations<TVector> : HostOperations, IDecoderOperations
    where TVector : unmanaged, ISimd<TVector>
{
    public string Name { get; } = $"cpu-{TVector.Count * 32}";

    public void AddScaled(float alpha, BufferSlice source, BufferSlice destination) =>
        ElementKernels.AddScaled<TVector>(alpha, source.AsSpan(), destination.AsSpan()[..source.Length]);

    public double SumOfSquares(BufferSlice values) => ElementKernels.SumOfSquares<TVector>(values.AsSpan());

    public void Multiply(bool transposeA, bool transposeB, int m, int n, int k, float alpha, BufferSlice a, int strideA, BufferSlice b, int strideB, float beta, BufferSlice c, int strideC) =>
        Gemm.Multiply(transposeA, transposeB, m, n, k, alpha, a.AsSpan(), strideA, b.AsSpan(), strideB, beta, c.AsSpan(), strideC);

    public void SumRows(BufferSlice source, int stride, int rows, int columns, BufferSlice destination) =>
        ElementKernels.SumRows<TVector>(source.AsSpan(), stride, rows, columns, destination.AsSpan());

    public void ScatterAddRows(BufferSlice source, ReadOnlySpan<int> indices, int width, BufferSlice table) =>
        ElementKernels.ScatterAddRows<TVector>(source.AsSpan(), indices, width, table.AsSpan());

    public void RmsNorm(BufferSlice x, int strideX, BufferSlice weight, float epsilon, int rows, int groups, int size, BufferSlice y, int strideY, BufferSlice inverse) =>
        NormKernels.Forward<TVector>(x.AsSpan(), strideX, weight.AsSpan(), epsilon, rows, groups, size, y.AsSpan(), strideY, inverse.AsSpan());

    public void RmsNormAgain(BufferSlice x, BufferSlice weight, BufferSlice inverse, int rows, int size, BufferSlice y) =>
        NormKernels.Again<TVector>(x.AsSpan(), weight.AsSpan(), inverse.AsSpan(), rows, size, y.AsSpan());

    public void RmsNormBackward(BufferSlice x, int strideX, BufferSlice weight, BufferSlice inverse, BufferSlice dy, int strideDy, int rows, int groups, int size, bool accumulate, BufferSlice dx, int strideDx, BufferSlice? dWeight) =>
        NormKernels.Backward<TVector>(x.AsSpan(), strideX, weight.AsSpan(), inverse.AsSpan(), dy.AsSpan(), strideDy, rows, groups, size, accumulate, dx.AsSpan(), strideDx, dWeight is { } destination ? destination.AsSpan()[..size] : default);

    public void Rope(BufferSlice values, int stride, int heads, int size, BufferSlice table, ReadOnlySpan<int> positions, bool backward) =>
        GateKernels.Rope<TVector>(values.AsSpan(), stride, heads, size, table.AsSpan(), positions, backward);

    public int AttentionScratch(in AttentionShape shape, int longest) => AttentionKernels.Scratch(shape, longest);

    public void Attention(in AttentionShape shape, ReadOnlySpan<SequenceRows> sequences, BufferSlice q, int strideQ, BufferSlice k, BufferSlice v, int strideKv, BufferSlice scratch, BufferSlice o, int strideO, BufferSlice logSumExp) =>
        AttentionKernels.Forward<TVector>(shape, sequences, q.AsSpan(), strideQ, k.AsSpan(), v.AsSpan(), strideKv, scratch.AsSpan(), o.AsSpan(), strideO, logSumExp.AsSpan());

    public void AttentionBackward(in AttentionShape shape, ReadOnlySpan<SequenceRows> sequences, BufferSlice q, BufferSlice k, BufferSlice v, int stride, BufferSlice o, BufferSlice dO, int strideO, BufferSlice logSumExp, BufferSlice scratch, BufferSlice dQ, BufferSlice dK, BufferSlice dV, int strideD) =>
        AttentionKernels.Backward<TVector>(shape, sequences, q.AsSpan(), k.AsSpan(), v.AsSpan(), stride, o.AsSpan(), dO.AsSpan(), strideO, logSumExp.AsSpan(), scratch.AsSpan(), dQ.AsSpan(), dK.AsSpan(), dV.AsSpan(), strideD);

    public void SiluGate(BufferSlice gateUp, int rows, int width, BufferSlice h) =>
        GateKernels.Silu<TVector>(gateUp.AsSpan(), rows, width, h.AsSpan());

    public void SiluGateBackward(BufferSlice gateUp, int rows, int width, BufferSlice dHThenH) =>
        GateKernels.SiluBackward<TVector>(gateUp.AsSpan(), rows, width, dHThenH.AsSpan());

    public void SoftmaxStatistics(BufferSlice logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, BufferSlice maximum, BufferSlice sum, BufferSlice targetLogit) =>
        SoftmaxKernels.Statistics<TVector>(logits.AsSpan(), rows, columns, firstColumn, targets, maximum.AsSpan(), sum.AsSpan(), targetLogit.AsSpan());

    public void PredictionStatistics(BufferSlice logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, Span<PredictionSums> sums) =>
        PredictionKernels.Statistics<TVector>(logits.AsSpan(), rows, columns, firstColumn, targets, sums);

    public void SoftmaxGradient(BufferSlice logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights, BufferSlice maximum, BufferSlice sum) =>
        SoftmaxKernels.Gradient<TVector>(logits.AsSpan(), rows, columns, firstColumn, targets, weights, maximum.AsSpan(), sum.AsSpan());

    public void Dropout(BufferSlice source, float probability, ulong stream, bool accumulate, BufferSlice destination) =>
        DropoutKernels.Drop<TVector>(source.AsSpan(), probability, stream, accumulate, destination.AsSpan());

    public void AdamW(in AdamWStep step, BufferSlice gradient, BufferSlice weights, BufferSlice firstMoment, BufferSlice secondMoment) =>
        ElementKernels.AdamW<TVector>(step, gradient.AsSpan(), weights.AsSpan(), firstMoment.AsSpan(), secondMoment.AsSpan());

    public void AddSketch(BufferSlice values, SketchKey key, int dimension, BufferSlice destination) =>
        SketchKernels.Add(values.AsSpan(), key, dimension, destination.AsSpan());

    public void WrapSketch(int dimension, BufferSlice sketch) => SketchKernels.Wrap(dimension, sketch.AsSpan());

    public void Scale(BufferSlice factors, BufferSlice values) => SketchKernels.Scale(factors.AsSpan(), values.AsSpan());

    public void AdamDirection(in AdamDirection adam, BufferSlice firstMoment, BufferSlice secondMoment, BufferSlice gradient) =>
        SketchKernels.AdamDirection(adam, firstMoment.AsSpan(), secondMoment.AsSpan(), gradient.AsSpan());
}
