using System.Runtime.CompilerServices;

namespace Pursuit.Engine.Kernels;

/// <summary>
/// Causal attention of one sequence and one key head at a time: keys and values are copied once into scratch (padded to
/// whole vectors; keys also transposed), then blocks of query rows run against the keys their mask lets through.
/// </summary>
internal static unsafe partial class AttentionKernels
{
    /// <summary>Query rows that share one range of keys; the waste at the diagonal is half of this per row.</summary>
    private const int RowsAtOnce = 8;

    /// <summary>Query rows of one block of the backward pass: the depth of the sums into dK and dV.</summary>
    private const int BackwardRows = 32;

    private const int Padding = 16;

    /// <summary>Values of scratch for the longest sequence, backward included.</summary>
    public static int Scratch(in AttentionShape shape, int longest)
    {
        var (keys, size) = (Pad(longest), Pad(shape.HeadSize));
        // kT, vT; k, v, dK, dV; p, dS; q, dO, dQ; and one vector's worth to align the start.
        return checked(2 * shape.HeadSize * keys + 4 * keys * size + 2 * BackwardRows * keys + 3 * BackwardRows * size + Padding);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<TLane>(in AttentionShape shape, ReadOnlySpan<SequenceRows> sequences, ReadOnlySpan<float> q, int strideQ, ReadOnlySpan<float> k, ReadOnlySpan<float> v, int strideKv, Span<float> scratch, Span<float> o, int strideO, Span<float> logSumExp)
        where TLane : struct, ILane<TLane>
    {
        var size = shape.HeadSize;
        var padded = Pad(size);
        var sums = stackalloc float[RowsAtOnce];
        fixed (float* queries = q, keys = k, values = v, output = o, logSums = logSumExp, space = scratch)
        {
            foreach (var sequence in sequences)
            {
                var strideKeys = Pad(sequence.KeyCount);
                var keysT = space;
                var valueRows = keysT + size * strideKeys;
                var scores = valueRows + sequence.KeyCount * padded;
                var result = scores + RowsAtOnce * strideKeys;
                for (var shared = 0; shared < shape.KeyValueHeads; shared++)
                {
                    var source = (nint)sequence.KeyStart * strideKv + shared * size;
                    Transpose(keys + source, strideKv, sequence.KeyCount, size, keysT, strideKeys);
                    CopyRows(values + source, strideKv, sequence.KeyCount, size, valueRows, padded);
                    for (var head = shared * shape.Group; head < (shared + 1) * shape.Group; head++)
                    {
                        for (var row = 0; row < sequence.QueryCount; row += RowsAtOnce)
                        {
                            var count = Math.Min(RowsAtOnce, sequence.QueryCount - row);
                            var position = sequence.KeyCount - sequence.QueryCount + row;
                            var first = shape.FirstKey(position) / Padding * Padding;
                            var end = position + count;
                            var query = queries + (nint)(sequence.QueryStart + row) * strideQ + head * size;
                            TileKernels.Multiply<TLane>(count, Pad(end - first), size, query, strideQ, 1, keysT + first, strideKeys, false, scores + first, strideKeys);
                            for (var i = 0; i < count; i++)
                            {
                                var visible = shape.FirstKey(position + i);
                                var line = scores + i * strideKeys;
                                Clear(line, first, visible);
                                sums[i] = Exponentials<TLane>(line + visible, position + i + 1 - visible, shape.Scale, out var maximum);
                                Clear(line, position + i + 1, end);
                                logSums[(nint)(sequence.QueryStart + row + i) * shape.QueryHeads + head] = maximum + MathF.Log(sums[i]);
                            }

                            TileKernels.Multiply<TLane>(count, padded, end - first, scores + first, strideKeys, 1, valueRows + first * padded, padded, false, result, padded);
                            for (var i = 0; i < count; i++)
                            {
                                var target = output + (nint)(sequence.QueryStart + row + i) * strideO + head * size;
                                var factor = 1 / sums[i];
                                for (var d = 0; d < size; d++)
                                    target[d] = result[i * padded + d] * factor;
                            }
                        }
                    }
                }
            }
        }
    }

    private static int Pad(int count) => (count + Padding - 1) / Padding * Padding;

    /// <summary>values[i] = exp(scale values[i] - maximum); returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Exponentials<TLane>(float* values, int count, float scale, out float maximum)
        where TLane : struct, ILane<TLane>
    {
        maximum = scale * SoftmaxKernels.Largest<TLane>(values, count);
        var (shift, factor) = (TLane.Broadcast(-maximum), TLane.Broadcast(scale));
        var lanes = TLane.Broadcast(0);
        var i = 0;
        for (; i + TLane.Width <= count; i += TLane.Width)
        {
            var e = LaneMath.Exp(TLane.MultiplyAdd(TLane.Load(values + i), factor, shift));
            e.Store(values + i);
            lanes += e;
        }

        var sum = lanes.Sum();
        for (; i < count; i++)
        {
            var e = LaneMath.Exp(Lane1.MultiplyAdd(new Lane1(values[i]), new Lane1(scale), new Lane1(-maximum)));
            e.Store(values + i);
            sum += e.Sum();
        }

        return sum;
    }

    private static void Transpose(float* source, int stride, int rows, int columns, float* destination, int strideDestination)
    {
        for (var j = 0; j < rows; j++)
        {
            var row = source + (nint)j * stride;
            for (var d = 0; d < columns; d++)
                destination[d * strideDestination + j] = row[d];
        }

        // The last vector's unused columns are read by whole vectors; zeros keep stray NaN out of the arithmetic's slow paths.
        for (var d = 0; d < columns; d++)
            Clear(destination + d * strideDestination, rows, strideDestination);
    }

    private static void CopyRows(float* source, int stride, int rows, int columns, float* destination, int strideDestination)
    {
        for (var j = 0; j < rows; j++)
        {
            new ReadOnlySpan<float>(source + (nint)j * stride, columns).CopyTo(new Span<float>(destination + j * strideDestination, columns));
            Clear(destination + j * strideDestination, columns, strideDestination);
        }
    }

    private static void Clear(float* values, int start, int end)
    {
        if (end > start)
            new Span<float>(values + start, end - start).Clear();
    }
}
