using System.Diagnostics;
using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

/// <summary>
/// Attention of one sequence and one key head at a time: keys and values are copied once into scratch (padded to
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
    public static void Forward<TVector>(in AttentionCall call)
        where TVector : unmanaged, ISimd<TVector>
    {
        var shape = call.Shape;
        var (strideQ, strideKv, strideO) = (call.Queries.Stride, call.Keys.Stride, call.Output.Stride);
        Debug.Assert(call.Values.Stride == strideKv, "keys and values have one stride");
        var size = shape.HeadSize;
        var padded = Pad(size);
        var sums = stackalloc float[RowsAtOnce];
        fixed (float* queries = call.Queries.Values.AsSpan(), keys = call.Keys.Values.AsSpan(), values = call.Values.Values.AsSpan(),
            output = call.Output.Values.AsSpan(), logSums = call.LogSumExp.AsSpan(), space = call.Scratch.AsSpan())
        {
            foreach (var sequence in call.Sequences.AsSequences())
            {
                if (sequence.QueryCount == 1)
                {
                    LastQuery<TVector>(shape, sequence, queries, strideQ, keys, values, strideKv, space, output, strideO, logSums);
                    continue;
                }

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
                            var end = shape.EndKey(position + count - 1, sequence.KeyCount);
                            var query = queries + (nint)(sequence.QueryStart + row) * strideQ + head * size;
                            TileKernels.Multiply<TVector>(
                                count,
                                Pad(end - first),
                                size,
                                query,
                                strideQ,
                                1,
                                keysT + first,
                                strideKeys,
                                false,
                                scores + first,
                                strideKeys);
                            for (var i = 0; i < count; i++)
                            {
                                var visible = shape.FirstKey(position + i);
                                var after = shape.EndKey(position + i, sequence.KeyCount);
                                var line = scores + i * strideKeys;
                                // Whole vectors: what the mask hides adds exp(-87) to a sum of at least 1, that is nothing, and is cleared.
                                if (shape.Softcap > 0)
                                    CapScores<TVector>(line + first, Pad(after) - first, shape.Scale, shape.Softcap);
                                Fill(line, first, visible, float.NegativeInfinity);
                                Fill(line, after, Pad(after), float.NegativeInfinity);
                                sums[i] = Exponentials<TVector>(line + first, Pad(after) - first, shape.ScaleLeft, out var maximum);
                                Fill(line, first, visible, 0);
                                Fill(line, after, end, 0);
                                logSums[(nint)(sequence.QueryStart + row + i) * shape.QueryHeads + head] = maximum + MathF.Log(sums[i]);
                            }

                            TileKernels.Multiply<TVector>(
                                count,
                                padded,
                                end - first,
                                scores + first,
                                strideKeys,
                                1,
                                valueRows + first * padded,
                                padded,
                                false,
                                result,
                                padded);
                            for (var i = 0; i < count; i++)
                            {
                                var target = output + (nint)(sequence.QueryStart + row + i) * strideO + head * size;
                                var factor = 1 / sums[i];
                                var done = ScaleInto<TVector>(result + i * padded, factor, target, 0, size);
                                ScaleInto<SimdPlain>(result + i * padded, factor, target, done, size);
                            }
                        }
                    }
                }
            }
        }
    }

    private static int Pad(int count) => (count + Padding - 1) / Padding * Padding;

    /// <summary>values[i] = exp(scale values[i] - maximum) for whole vectors; returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Exponentials<TVector>(float* values, int count, float scale, out float maximum)
        where TVector : unmanaged, ISimd<TVector>
    {
        maximum = scale * SoftmaxKernels.Largest<TVector>(values, count);
        var (shift, factor) = (TVector.Create(-maximum), TVector.Create(scale));
        var lanes = TVector.Create(0);
        for (var i = 0; i < count; i += TVector.Count)
        {
            var e = SimdMath.Exp(TVector.FusedMultiplyAdd(TVector.Load(values + i), factor, shift));
            e.Store(values + i);
            lanes += e;
        }

        return lanes.Sum();
    }

    /// <summary>values[i] = cap tanh(scale values[i] / cap) for whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CapScores<TVector>(float* values, int count, float scale, float cap)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (factor, bound) = (TVector.Create(scale / cap), TVector.Create(cap));
        for (var i = 0; i < count; i += TVector.Count)
            (bound * SimdMath.Tanh(TVector.Load(values + i) * factor)).Store(values + i);
    }

    /// <summary>destination = factor source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ScaleInto<TVector>(float* source, float factor, float* destination, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var lanes = TVector.Create(factor);
        var i = start;
        for (; i + TVector.Count <= end; i += TVector.Count)
            (TVector.Load(source + i) * lanes).Store(destination + i);
        return i;
    }

    /// <summary>Turns rows into columns, 16 rows at a time, so that whole lines are written; unused columns become zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* source, int stride, int rows, int columns, float* destination, int strideDestination)
    {
        var row = 0;
        for (; row + Padding <= rows; row += Padding)
        {
            var block = source + (nint)row * stride;
            for (var d = 0; d < columns; d++)
            {
                var from = block + d;
                var to = destination + d * strideDestination + row;
                for (var j = 0; j < Padding; j += 4)
                {
                    to[j] = *from;
                    to[j + 1] = from[stride];
                    to[j + 2] = from[2 * stride];
                    to[j + 3] = from[3 * stride];
                    from += 4 * stride;
                }
            }
        }

        for (var d = 0; d < columns; d++)
        {
            var to = destination + d * strideDestination;
            for (var j = row; j < rows; j++)
                to[j] = source[(nint)j * stride + d];
            Fill(to, rows, strideDestination, 0);
        }
    }

    private static void CopyRows(float* source, int stride, int rows, int columns, float* destination, int strideDestination)
    {
        for (var j = 0; j < rows; j++)
        {
            new ReadOnlySpan<float>(source + (nint)j * stride, columns).CopyTo(
                new Span<float>(destination + j * strideDestination, columns));
            Fill(destination + j * strideDestination, columns, strideDestination, 0);
        }
    }

    private static void Fill(float* values, int start, int end, float value)
    {
        if (end > start)
            new Span<float>(values + start, end - start).Fill(value);
    }
}
