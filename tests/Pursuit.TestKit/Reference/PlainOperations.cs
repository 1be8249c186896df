using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

/// <summary>
/// The plain twin of every operation: loops as the formulas stand, sums in float64. Tests compare the fast paths with
/// it; it is never used for work.
/// </summary>
internal partial class PlainOperations : HostOperations, IDecoderOperations
{
    /// <inheritdoc/>
    public string Name => "plain";

    /// <inheritdoc/>
    public void AddScaled(float alpha, BufferSlice source, BufferSlice destination)
    {
        var s = source.AsSpan();
        var d = destination.AsSpan();
        for (var i = 0; i < s.Length; i++)
            d[i] += alpha * s[i];
    }

    /// <inheritdoc/>
    public IDecoderOperations CreateWorker() => this;

    /// <inheritdoc/>
    public double SumOfSquares(ReadOnlySpan<BufferSlice> values)
    {
        var sum = 0.0;
        foreach (var slice in values)
        {
            foreach (var x in slice.AsSpan())
                sum += (double)x * x;
        }

        return sum;
    }

    /// <inheritdoc/>
    public void Multiply(in Product product)
    {
        var (left, right) = (Floats(product.A.Values), Floats(product.B.Values));
        var result = product.C.Values.AsSpan();
        for (var i = 0; i < product.Rows; i++)
        {
            for (var j = 0; j < product.Columns; j++)
            {
                var sum = 0.0;
                for (var l = 0; l < product.Terms; l++)
                {
                    var x = product.TransposeA ? left[l * product.A.Stride + i] : left[i * product.A.Stride + l];
                    var y = product.TransposeB ? right[j * product.B.Stride + l] : right[l * product.B.Stride + j];
                    sum += (double)x * y;
                }

                ref var target = ref result[i * product.C.Stride + j];
                target = (float)(product.Alpha * sum + (product.Beta == 0 ? 0 : (double)product.Beta * target));
            }
        }
    }

    /// <inheritdoc/>
    public void MultiplySegments(in SegmentProducts products)
    {
        for (var i = 0; i < products.Segments.Count; i++)
        {
            var first = products.Segments.Offsets.AsIntegers()[products.Segments.First + i];
            var end = products.Segments.Offsets.AsIntegers()[products.Segments.First + i + 1];
            var (rows, columns) = (products.Rows, products.Columns);
            var result = new MatrixSlice(products.C.Part(i * rows * columns, rows * columns), columns);
            var (a, b) = (products.A.From(first * products.A.Stride), products.B.From(first * products.B.Stride));
            Multiply(new(rows, columns, end - first, a, b, result)
            {
                TransposeA = true,
                Alpha = products.Alpha,
            });
        }
    }

    /// <inheritdoc/>
    public void AddRows(BufferSlice source, int rows, int columns, MatrixSlice destination)
    {
        var s = source.AsSpan();
        var d = destination.Values.AsSpan();
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
                d[i * destination.Stride + j] += s[i * columns + j];
        }
    }

    /// <inheritdoc/>
    public void SumRows(MatrixSlice source, int rows, int columns, BufferSlice destination)
    {
        var s = source.Values.AsSpan();
        var d = destination.AsSpan();
        for (var j = 0; j < columns; j++)
        {
            var sum = 0.0;
            for (var i = 0; i < rows; i++)
                sum += s[i * source.Stride + j];
            d[j] = (float)sum;
        }
    }

    /// <inheritdoc/>
    public void ScatterAddRows(BufferSlice source, BufferSlice indices, int width, BufferSlice table)
    {
        var s = source.AsSpan();
        var t = table.AsSpan();
        var rows = indices.AsIntegers();
        for (var i = 0; i < rows.Length; i++)
        {
            for (var j = 0; j < width; j++)
                t[rows[i] * width + j] += s[i * width + j];
        }
    }

    /// <inheritdoc/>
    public override void ScaleRows(BufferSlice factors, BufferSlice source, int width, BufferSlice destination)
    {
        for (var i = 0; i < factors.Length * width; i++)
            destination.AsSpan()[i] = source.AsSpan()[i] * factors.AsSpan()[i / width];
    }

    /// <inheritdoc/>
    public override void DotRows(BufferSlice x, BufferSlice y, int width, BufferSlice destination)
    {
        for (var i = 0; i < destination.Length; i++)
            destination.AsSpan()[i] = (float)Dot(x.AsSpan().Slice(i * width, width), y.AsSpan().Slice(i * width, width));
    }

    /// <inheritdoc/>
    public void SoftmaxStatistics(in LogitBlock block, BufferSlice maximum, BufferSlice sum, BufferSlice targetLogit)
    {
        var x = block.Logits.AsSpan();
        var max = maximum.AsSpan();
        var total = sum.AsSpan();
        var picked = targetLogit.AsSpan();
        for (var i = 0; i < block.Rows; i++)
        {
            var row = x.Slice(i * block.Columns, block.Columns);
            var blockMaximum = max[i];
            foreach (var value in row)
                blockMaximum = Math.Max(blockMaximum, value);
            var added = total[i] == 0 ? 0.0 : total[i] * Math.Exp((double)max[i] - blockMaximum);
            foreach (var value in row)
                added += Math.Exp((double)value - blockMaximum);
            max[i] = blockMaximum;
            total[i] = (float)added;
            var column = block.Targets.AsIntegers()[i] - block.FirstColumn;
            if (column >= 0 && column < block.Columns)
                picked[i] = row[column];
        }
    }

    /// <inheritdoc/>
    public void SoftmaxGradient(in LogitBlock block, BufferSlice weights, BufferSlice maximum, BufferSlice sum)
    {
        var x = block.Logits.AsSpan();
        var max = maximum.AsSpan();
        var total = sum.AsSpan();
        for (var i = 0; i < block.Rows; i++)
        {
            for (var j = 0; j < block.Columns; j++)
            {
                ref var value = ref x[i * block.Columns + j];
                var probability = Math.Exp((double)value - max[i]) / total[i];
                var slope = block.Rule.Scale * (block.Rule.Softcap > 0 ? 1 - Math.Pow((double)value / block.Rule.Softcap, 2) : 1);
                var isTarget = block.FirstColumn + j == block.Targets.AsIntegers()[i];
                value = (float)(weights.AsSpan()[i] * slope * (probability - (isTarget ? 1 : 0)));
            }
        }
    }

    /// <inheritdoc/>
    public void Dropout(in DropoutRows rows, BufferSlice source, bool accumulate, BufferSlice destination)
    {
        var from = source.AsSpan();
        var to = destination.AsSpan();
        var offsets = rows.Segments.Offsets.AsIntegers();
        for (var segment = rows.Segments.First; segment < rows.Segments.First + rows.Segments.Count; segment++)
        {
            var stream = DropoutMask.Derive(rows.Stream, rows.FirstNumber + segment);
            var first = offsets[segment] * rows.Width;
            for (var i = first; i < offsets[segment + 1] * rows.Width; i++)
            {
                var value = DropoutMask.Keeps(stream, (uint)(i - first), rows.Probability) ? from[i] / (1 - (double)rows.Probability) : 0;
                to[i] = (float)(accumulate ? to[i] + value : value);
            }
        }
    }

    /// <inheritdoc/>
    public void AdamW(in AdamWStep step, BufferSlice gradient, BufferSlice weights, BufferSlice firstMoment, BufferSlice secondMoment)
    {
        var grad = gradient.AsSpan();
        var w = weights.AsSpan();
        var m = firstMoment.AsSpan();
        var v = secondMoment.AsSpan();
        var correction1 = 1 - Math.Pow(step.Beta1, step.Step);
        var correction2 = 1 - Math.Pow(step.Beta2, step.Step);
        for (var i = 0; i < w.Length; i++)
        {
            var g = (double)grad[i] * step.GradientScale;
            m[i] = (float)((double)step.Beta1 * m[i] + (1 - (double)step.Beta1) * g);
            v[i] = (float)((double)step.Beta2 * v[i] + (1 - (double)step.Beta2) * g * g);
            var decayed = w[i] * (1 - (double)step.LearningRate * step.WeightDecay);
            w[i] = (float)(decayed - step.LearningRate * (m[i] / correction1) / (Math.Sqrt(v[i] / correction2) + step.Epsilon));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // There is nothing of its own to free.
    }

    private static float[] Floats(BufferSlice values)
    {
        if (values.Buffer.Type == ElementType.Float32) return values.AsSpan().ToArray();
        var wide = new float[values.Length];
        for (var i = 0; i < wide.Length; i++) wide[i] = ReferenceFloatConversion.BFloat16ToSingle(values.AsBFloat16()[i]);
        return wide;
    }
}
