using Pursuit.Engine.Kernels;

namespace Pursuit.TestKit.Reference;

internal partial class PlainOperations
{
    /// <inheritdoc/>
    public int AttentionScratch(in AttentionShape shape, int longest) => 0;

    /// <inheritdoc/>
    public void Attention(in AttentionCall call)
    {
        var shape = call.Shape;
        var (strideQ, strideKv, strideO) = (call.Queries.Stride, call.Keys.Stride, call.Output.Stride);
        var queries = call.Queries.Values.AsSpan();
        var keys = call.Keys.Values.AsSpan();
        var values = call.Values.Values.AsSpan();
        var output = call.Output.Values.AsSpan();
        var logSums = call.LogSumExp.AsSpan();
        var size = shape.HeadSize;
        foreach (var sequence in call.Sequences.AsSequences())
        {
            for (var i = 0; i < sequence.QueryCount; i++)
            {
                for (var head = 0; head < shape.QueryHeads; head++)
                {
                    var position = sequence.KeyCount - sequence.QueryCount + i;
                    var (first, end) = (shape.FirstKey(position), shape.EndKey(position, sequence.KeyCount));
                    var row = sequence.QueryStart + i;
                    var query = queries.Slice(row * strideQ + head * size, size);
                    var shared = head / shape.Group * size;
                    var scores = new double[end - first];
                    for (var j = first; j < end; j++)
                    {
                        var product = Dot(query, keys.Slice((sequence.KeyStart + j) * strideKv + shared, size));
                        scores[j - first] = Capped(shape, shape.Scale * product);
                    }

                    var maximum = scores.Max();
                    var sum = scores.Sum(s => Math.Exp(s - maximum));
                    logSums[row * shape.QueryHeads + head] = (float)(maximum + Math.Log(sum));
                    for (var d = 0; d < size; d++)
                    {
                        var value = 0.0;
                        for (var j = first; j < end; j++)
                            value += Math.Exp(scores[j - first] - maximum) / sum * values[(sequence.KeyStart + j) * strideKv + shared + d];
                        output[row * strideO + head * size + d] = (float)value;
                    }
                }
            }
        }
    }

    /// <inheritdoc/>
    public void AttentionBackward(in AttentionGradient gradient)
    {
        var call = gradient.Forward;
        var shape = call.Shape;
        var (stride, strideO, strideD) = (call.Queries.Stride, call.Output.Stride, gradient.DQueries.Stride);
        var queries = call.Queries.Values.AsSpan();
        var keys = call.Keys.Values.AsSpan();
        var values = call.Values.Values.AsSpan();
        var output = call.Output.Values.AsSpan();
        var dOutput = gradient.DOutput.Values.AsSpan();
        var logSums = call.LogSumExp.AsSpan();
        var dQueries = gradient.DQueries.Values.AsSpan();
        var dKeys = gradient.DKeys.Values.AsSpan();
        var dValues = gradient.DValues.Values.AsSpan();
        var size = shape.HeadSize;
        foreach (var sequence in call.Sequences.AsSequences())
        {
            var count = sequence.QueryCount;
            for (var shared = 0; shared < shape.KeyValueHeads; shared++)
            {
                var keyGradients = new double[count, size];
                var valueGradients = new double[count, size];
                for (var head = shared * shape.Group; head < (shared + 1) * shape.Group; head++)
                {
                    for (var i = 0; i < count; i++)
                    {
                        var row = sequence.QueryStart + i;
                        var query = queries.Slice(row * stride + head * size, size);
                        var dOut = dOutput.Slice(row * strideO + head * size, size);
                        var delta = Dot(dOut, output.Slice(row * strideO + head * size, size));
                        var queryGradient = new double[size];
                        for (var j = shape.FirstKey(i); j <= i; j++)
                        {
                            var at = (sequence.KeyStart + j) * stride + shared * size;
                            var key = keys.Slice(at, size);
                            var score = Capped(shape, shape.Scale * Dot(query, key));
                            var slope = shape.Softcap > 0 ? 1 - Math.Pow(score / shape.Softcap, 2) : 1;
                            var probability = Math.Exp(score - logSums[row * shape.QueryHeads + head]);
                            var dScore = shape.Scale * slope * probability * (Dot(dOut, values.Slice(at, size)) - delta);
                            for (var d = 0; d < size; d++)
                            {
                                queryGradient[d] += dScore * key[d];
                                keyGradients[j, d] += dScore * query[d];
                                valueGradients[j, d] += probability * dOut[d];
                            }
                        }

                        for (var d = 0; d < size; d++)
                            dQueries[row * strideD + head * size + d] = (float)queryGradient[d];
                    }
                }

                for (var j = 0; j < count; j++)
                {
                    for (var d = 0; d < size; d++)
                    {
                        dKeys[(sequence.KeyStart + j) * strideD + shared * size + d] = (float)keyGradients[j, d];
                        dValues[(sequence.KeyStart + j) * strideD + shared * size + d] = (float)valueGradients[j, d];
                    }
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Rope(MatrixSlice values, RopeShape shape, BufferSlice table, BufferSlice tableRows, bool backward)
    {
        var x = values.Values.AsSpan();
        var angles = table.AsSpan();
        var places = tableRows.AsIntegers();
        var (heads, size, rotated) = shape;
        var half = rotated / 2;
        for (var t = 0; t < places.Length; t++)
        {
            for (var head = 0; head < heads; head++)
            {
                for (var i = 0; i < half; i++)
                {
                    ref var first = ref x[t * values.Stride + head * size + i];
                    ref var second = ref x[t * values.Stride + head * size + half + i];
                    double cos = angles[places[t] * rotated + i];
                    double sin = angles[places[t] * rotated + half + i] * (backward ? -1 : 1);
                    double a = first, b = second;
                    first = (float)(a * cos - b * sin);
                    second = (float)(b * cos + a * sin);
                }
            }
        }
    }

    private static double Capped(in AttentionShape shape, double score) =>
        shape.Softcap > 0 ? shape.Softcap * Math.Tanh(score / shape.Softcap) : score;

    private static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
            sum += (double)x[i] * y[i];
        return sum;
    }
}
