using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

/// <summary>
/// The plain twin of every operation: loops as the formulas stand, sums in float64. Tests compare the fast paths with
/// it; it is never used for work.
/// </summary>
public sealed partial class PlainOperations : HostOperations, IDecoderOperations
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
    public double SumOfSquares(BufferSlice values)
    {
        var sum = 0.0;
        foreach (var x in values.AsSpan())
            sum += (double)x * x;
        return sum;
    }

    /// <inheritdoc/>
    public void Multiply(bool transposeA, bool transposeB, int m, int n, int k, float alpha, BufferSlice a, int strideA, BufferSlice b, int strideB, float beta, BufferSlice c, int strideC)
    {
        var left = a.AsSpan();
        var right = b.AsSpan();
        var result = c.AsSpan();
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
            {
                var sum = 0.0;
                for (var l = 0; l < k; l++)
                {
                    var x = transposeA ? left[l * strideA + i] : left[i * strideA + l];
                    var y = transposeB ? right[j * strideB + l] : right[l * strideB + j];
                    sum += (double)x * y;
                }

                ref var target = ref result[i * strideC + j];
                target = (float)(alpha * sum + (beta == 0 ? 0 : (double)beta * target));
            }
        }
    }

    /// <inheritdoc/>
    public void SumRows(BufferSlice source, int stride, int rows, int columns, BufferSlice destination)
    {
        var s = source.AsSpan();
        var d = destination.AsSpan();
        for (var j = 0; j < columns; j++)
        {
            var sum = 0.0;
            for (var i = 0; i < rows; i++)
                sum += s[i * stride + j];
            d[j] = (float)sum;
        }
    }

    /// <inheritdoc/>
    public void ScatterAddRows(BufferSlice source, ReadOnlySpan<int> indices, int width, BufferSlice table)
    {
        var s = source.AsSpan();
        var t = table.AsSpan();
        for (var i = 0; i < indices.Length; i++)
        {
            for (var j = 0; j < width; j++)
                t[indices[i] * width + j] += s[i * width + j];
        }
    }

    /// <inheritdoc/>
    public void SiluGate(BufferSlice gateUp, int rows, int width, BufferSlice h)
    {
        var x = gateUp.AsSpan();
        var y = h.AsSpan();
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < width; j++)
            {
                double gate = x[i * 2 * width + j], up = x[i * 2 * width + width + j];
                y[i * width + j] = (float)(gate / (1 + Math.Exp(-gate)) * up);
            }
        }
    }

    /// <inheritdoc/>
    public void SiluGateBackward(BufferSlice gateUp, int rows, int width, BufferSlice dHThenH)
    {
        var x = gateUp.AsSpan();
        var y = dHThenH.AsSpan();
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < width; j++)
            {
                ref var gate = ref x[i * 2 * width + j];
                ref var up = ref x[i * 2 * width + width + j];
                ref var value = ref y[i * width + j];
                double g = gate, u = up, dh = value;
                var sigmoid = 1 / (1 + Math.Exp(-g));
                value = (float)(g * sigmoid * u);
                up = (float)(dh * g * sigmoid);
                gate = (float)(dh * u * sigmoid * (1 + g * (1 - sigmoid)));
            }
        }
    }

    /// <inheritdoc/>
    public void SoftmaxStatistics(BufferSlice logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, BufferSlice maximum, BufferSlice sum, BufferSlice targetLogit)
    {
        var x = logits.AsSpan();
        var max = maximum.AsSpan();
        var total = sum.AsSpan();
        var picked = targetLogit.AsSpan();
        for (var i = 0; i < rows; i++)
        {
            var row = x.Slice(i * columns, columns);
            var blockMaximum = max[i];
            foreach (var value in row)
                blockMaximum = Math.Max(blockMaximum, value);
            var added = total[i] == 0 ? 0.0 : total[i] * Math.Exp((double)max[i] - blockMaximum);
            foreach (var value in row)
                added += Math.Exp((double)value - blockMaximum);
            max[i] = blockMaximum;
            total[i] = (float)added;
            var column = targets[i] - firstColumn;
            if (column >= 0 && column < columns)
                picked[i] = row[column];
        }
    }

    /// <inheritdoc/>
    public void SoftmaxGradient(BufferSlice logits, int rows, int columns, int firstColumn, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights, BufferSlice maximum, BufferSlice sum)
    {
        var x = logits.AsSpan();
        var max = maximum.AsSpan();
        var total = sum.AsSpan();
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                var probability = Math.Exp((double)x[i * columns + j] - max[i]) / total[i];
                x[i * columns + j] = (float)(weights[i] * (probability - (firstColumn + j == targets[i] ? 1 : 0)));
            }
        }
    }

    /// <inheritdoc/>
    public void Dropout(BufferSlice source, float probability, ulong stream, bool accumulate, BufferSlice destination)
    {
        var from = source.AsSpan();
        var to = destination.AsSpan();
        for (var i = 0; i < from.Length; i++)
        {
            var value = DropoutMask.Keeps(stream, (uint)i, probability) ? from[i] / (1 - (double)probability) : 0;
            to[i] = (float)(accumulate ? to[i] + value : value);
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
}
