using System.Diagnostics;
using System.Runtime.Intrinsics;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>The decoder's operations on the processor, compiled for one vector width; each is single-threaded and keeps no state.</summary>
internal static class CpuOperations
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

    /// <summary>These: they hold no state, so any number of workers may share them.</summary>
    public IDecoderOperations CreateWorker() => this;

    public void AddScaled(float alpha, BufferSlice source, BufferSlice destination) =>
        ElementKernels.AddScaled<TVector>(alpha, source.AsSpan(), destination.AsSpan()[..source.Length]);

    public double SumOfSquares(ReadOnlySpan<BufferSlice> values)
    {
        var total = 0.0;
        foreach (var slice in values)
            total += ElementKernels.SumOfSquares<TVector>(slice.AsSpan());
        return total;
    }

    public void Multiply(in Product p)
    {
        var a = p.A.Values.AsSpan();
        var c = p.C.Values.AsSpan();
        if (p.B.Values.Buffer.Type == ElementType.BFloat16)
            Gemm.Multiply(
                p.TransposeA,
                p.TransposeB,
                p.Rows,
                p.Columns,
                p.Terms,
                p.Alpha,
                a,
                p.A.Stride,
                p.B.Values.AsBFloat16(),
                p.B.Stride,
                p.Beta,
                c,
                p.C.Stride);
        else
            Gemm.Multiply(
                p.TransposeA,
                p.TransposeB,
                p.Rows,
                p.Columns,
                p.Terms,
                p.Alpha,
                a,
                p.A.Stride,
                p.B.Values.AsSpan(),
                p.B.Stride,
                p.Beta,
                c,
                p.C.Stride);
    }

    public void MultiplySegments(in SegmentProducts p)
    {
        var offsets = p.Segments.Offsets.AsIntegers();
        var a = p.A.Values.AsSpan();
        var b = p.B.Values.AsSpan();
        var c = p.C.AsSpan();
        var length = p.Rows * p.Columns;
        for (var i = 0; i < p.Segments.Count; i++)
        {
            var first = offsets[p.Segments.First + i];
            var terms = offsets[p.Segments.First + i + 1] - first;
            var (strideA, strideB, target) = (p.A.Stride, p.B.Stride, i * length);
            Gemm.Multiply(
                true,
                false,
                p.Rows,
                p.Columns,
                terms,
                p.Alpha,
                a[(first * strideA)..],
                strideA,
                b[(first * strideB)..],
                strideB,
                0,
                c.Slice(target, length),
                p.Columns);
        }
    }

    public void AddRows(BufferSlice source, int rows, int columns, MatrixSlice destination)
    {
        var from = source.AsSpan();
        var to = destination.Values.AsSpan();
        for (var i = 0; i < rows; i++)
            ElementKernels.AddScaled<TVector>(1, from.Slice(i * columns, columns), to.Slice(i * destination.Stride, columns));
    }

    public void SumRows(MatrixSlice source, int rows, int columns, BufferSlice destination) =>
        ElementKernels.SumRows<TVector>(source.Values.AsSpan(), source.Stride, rows, columns, destination.AsSpan());

    public void ScatterAddRows(BufferSlice source, BufferSlice indices, int width, BufferSlice table) =>
        ElementKernels.ScatterAddRows<TVector>(source.AsSpan(), indices.AsIntegers(), width, table.AsSpan());

    public void Norm(NormShape shape, in NormCall norm, MatrixSlice x, MatrixSlice y, BufferSlice inverse) =>
        NormKernels.Forward<TVector>(shape, norm, x, y, inverse.AsSpan());

    public void NormAgain(int rows, int size, in NormCall norm, BufferSlice x, BufferSlice inverse, BufferSlice y) =>
        NormKernels.Again<TVector>(rows, size, norm, x.AsSpan(), inverse.AsSpan(), y.AsSpan());

    public void NormBackward(in NormGradient gradient) => NormKernels.Backward<TVector>(gradient);

    public void Rope(MatrixSlice values, RopeShape shape, BufferSlice table, BufferSlice tableRows, bool backward) =>
        RopeKernels.Rotate<TVector>(values, shape, table.AsSpan(), tableRows.AsIntegers(), backward);

    public int AttentionScratch(in AttentionShape shape, int longest) => AttentionKernels.Scratch(shape, longest);

    public void Attention(in AttentionCall call) => AttentionKernels.Forward<TVector>(call);

    public void AttentionBackward(in AttentionGradient gradient) => AttentionKernels.Backward<TVector>(gradient);

    public void Activate(in ActivationShape shape, BufferSlice x, BufferSlice h) =>
        ActivationKernels.Forward<TVector>(shape, x.AsSpan(), h.AsSpan());

    public void ActivateBackward(in ActivationShape shape, BufferSlice x, BufferSlice dHThenH) =>
        ActivationKernels.Backward<TVector>(shape, x.AsSpan(), dHThenH.AsSpan());

    public void SoftCap(float cap, BufferSlice values) => ActivationKernels.SoftCap<TVector>(cap, values.AsSpan());

    public void SoftmaxStatistics(in LogitBlock block, BufferSlice maximum, BufferSlice sum, BufferSlice targetLogit) =>
        SoftmaxKernels.Statistics<TVector>(block, maximum.AsSpan(), sum.AsSpan(), targetLogit.AsSpan());

    public void PredictionStatistics(in LogitBlock block, BufferSlice sums) =>
        PredictionKernels.Statistics<TVector>(block, sums.AsPredictionSums());

    public void SoftmaxGradient(in LogitBlock block, BufferSlice weights, BufferSlice maximum, BufferSlice sum) =>
        SoftmaxKernels.Gradient<TVector>(block, weights.AsSpan(), maximum.AsSpan(), sum.AsSpan());

    public void Dropout(in DropoutRows rows, BufferSlice source, bool accumulate, BufferSlice destination)
    {
        var offsets = rows.Segments.Offsets.AsIntegers();
        var from = source.AsSpan();
        var to = destination.AsSpan();
        for (var i = rows.Segments.First; i < rows.Segments.First + rows.Segments.Count; i++)
        {
            var (start, count) = (offsets[i] * rows.Width, (offsets[i + 1] - offsets[i]) * rows.Width);
            DropoutKernels.Drop<TVector>(
                from.Slice(start, count), rows.Probability, DropoutMask.Derive(
                    rows.Stream, rows.FirstNumber + i), accumulate, to.Slice(start, count));
        }
    }

    public void AdamW(in AdamWStep step, BufferSlice gradient, BufferSlice weights, BufferSlice firstMoment, BufferSlice secondMoment) =>
        ElementKernels.AdamW<TVector>(step, gradient.AsSpan(), weights.AsSpan(), firstMoment.AsSpan(), secondMoment.AsSpan());

    public void AddSketches(BufferSlice values, int rows, SketchKey key, int dimension, MatrixSlice destination)
    {
        var from = values.AsSpan();
        var to = destination.Values.AsSpan();
        var length = from.Length / rows;
        for (var i = 0; i < rows; i++)
            SketchKernels.Add(from.Slice(i * length, length), key, dimension, to[(i * destination.Stride)..]);
    }

    public void WrapSketches(int dimension, int rows, MatrixSlice sketches)
    {
        for (var i = 0; i < rows; i++)
            SketchKernels.Wrap(dimension, sketches.Values.AsSpan()[(i * sketches.Stride)..]);
    }

    public void Scale(BufferSlice factors, int rows, BufferSlice values)
    {
        var by = factors.AsSpan();
        var all = values.AsSpan();
        for (var i = 0; i < rows; i++)
            SketchKernels.Scale(by, all.Slice(i * by.Length, by.Length));
    }

    public void AdamDirection(in AdamDirection adam, BufferSlice firstMoment, BufferSlice secondMoment, int rows, BufferSlice gradients)
    {
        var first = firstMoment.AsSpan();
        var second = secondMoment.AsSpan();
        var all = gradients.AsSpan();
        for (var i = 0; i < rows; i++)
            SketchKernels.AdamDirection(adam, first, second, all.Slice(i * first.Length, first.Length));
    }

    public void Dispose()
    {
        // There is nothing of its own to free.
    }
}
