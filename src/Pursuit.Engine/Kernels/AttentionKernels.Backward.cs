using System.Diagnostics;
using System.Runtime.CompilerServices;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

internal static unsafe partial class AttentionKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<TVector>(in AttentionGradient gradient)
        where TVector : unmanaged, ISimd<TVector>
    {
        var call = gradient.Forward;
        var shape = call.Shape;
        var (stride, strideO, strideD) = (call.Queries.Stride, call.Output.Stride, gradient.DQueries.Stride);
        Debug.Assert(call.Keys.Stride == stride && call.Values.Stride == stride, "queries, keys and values have one stride");
        Debug.Assert(
            gradient.DOutput.Stride == strideO && gradient.DKeys.Stride == strideD && gradient.DValues.Stride == strideD,
            "so do gradients");
        Debug.Assert(!shape.SeesBehind, "encoders are not trained");
        var size = shape.HeadSize;
        var padded = Pad(size);
        fixed (float* queries = call.Queries.Values.AsSpan(), keys = call.Keys.Values.AsSpan(), values = call.Values.Values.AsSpan(),
            output = call.Output.Values.AsSpan(), dOutput = gradient.DOutput.Values.AsSpan(), logSums = call.LogSumExp.AsSpan(),
            space = call.Scratch.AsSpan(), dQueries = gradient.DQueries.Values.AsSpan(), dKeys = gradient.DKeys.Values.AsSpan(),
            dValues = gradient.DValues.Values.AsSpan())
        {
            foreach (var sequence in call.Sequences.AsSequences())
            {
                var count = sequence.KeyCount;
                var s = new Space(space, count, size);
                for (var shared = 0; shared < shape.KeyValueHeads; shared++)
                {
                    var source = (nint)sequence.KeyStart * stride + shared * size;
                    Transpose(keys + source, stride, count, size, s.KeysT, s.StrideKeys);
                    Transpose(values + source, stride, count, size, s.ValuesT, s.StrideKeys);
                    CopyRows(keys + source, stride, count, size, s.Keys, padded);
                    Fill(s.DKeys, 0, count * padded, 0);
                    Fill(s.DValues, 0, count * padded, 0);
                    for (var head = shared * shape.Group; head < (shared + 1) * shape.Group; head++)
                    {
                        for (var row = 0; row < count; row += BackwardRows)
                        {
                            var rows = Math.Min(BackwardRows, count - row);
                            var at = (nint)(sequence.QueryStart + row);
                            CopyRows(queries + at * stride + head * size, stride, rows, size, s.Queries, padded);
                            CopyRows(dOutput + at * strideO + head * size, strideO, rows, size, s.DOutput, padded);
                            ScoreGradients<TVector>(
                                shape, s, row, rows, output + at * strideO + head * size, strideO, logSums + at * shape.QueryHeads + head);
                            var first = shape.FirstKey(row) / Padding * Padding;
                            var width = row + rows - first;
                            TileKernels.Multiply<TVector>(
                                width,
                                padded,
                                rows,
                                s.Probabilities + first,
                                1,
                                s.StrideKeys,
                                s.DOutput,
                                padded,
                                true,
                                s.DValues + first * padded,
                                padded);
                            TileKernels.Multiply<TVector>(
                                width,
                                padded,
                                rows,
                                s.DScores + first,
                                1,
                                s.StrideKeys,
                                s.Queries,
                                padded,
                                true,
                                s.DKeys + first * padded,
                                padded);
                            UnpadRows(s.DQueries, padded, rows, size, dQueries + at * strideD + head * size, strideD);
                        }
                    }

                    var target = (nint)sequence.KeyStart * strideD + shared * size;
                    UnpadRows(s.DKeys, padded, count, size, dKeys + target, strideD);
                    UnpadRows(s.DValues, padded, count, size, dValues + target, strideD);
                }
            }
        }
    }

    /// <summary>
    /// Probabilities, dScores and dQ of one block of query rows; both matrices are zero outside the mask within the block's keys.
    /// </summary>
    private static void ScoreGradients<TVector>(
        in AttentionShape shape, in Space s, int row, int rows, float* output, int strideO, float* logSums)
        where TVector : unmanaged, ISimd<TVector>
    {
        var padded = s.StrideHead;
        var blockFirst = shape.FirstKey(row) / Padding * Padding;
        var blockEnd = row + rows;
        for (var start = 0; start < rows; start += RowsAtOnce)
        {
            var count = Math.Min(RowsAtOnce, rows - start);
            var first = shape.FirstKey(row + start) / Padding * Padding;
            var end = row + start + count;
            var probabilities = s.Probabilities + start * s.StrideKeys;
            var dScores = s.DScores + start * s.StrideKeys;
            TileKernels.Multiply<TVector>(
                count,
                Pad(end - first),
                shape.HeadSize,
                s.Queries + start * padded,
                padded,
                1,
                s.KeysT + first,
                s.StrideKeys,
                false,
                probabilities + first,
                s.StrideKeys);
            TileKernels.Multiply<TVector>(
                count,
                Pad(end - first),
                shape.HeadSize,
                s.DOutput + start * padded,
                padded,
                1,
                s.ValuesT + first,
                s.StrideKeys,
                false,
                dScores + first,
                s.StrideKeys);
            for (var i = 0; i < count; i++)
            {
                var position = row + start + i;
                var (visible, after) = (shape.FirstKey(position), position + 1);
                var p = probabilities + i * s.StrideKeys;
                var dS = dScores + i * s.StrideKeys;
                var delta = NormKernels.Dot<TVector>(
                    s.DOutput + (start + i) * padded, output + (nint)(start + i) * strideO, shape.HeadSize);
                var logSum = logSums[(nint)(start + i) * shape.QueryHeads];
                if (shape.Softcap > 0)
                    CappedGradientRow<TVector>(p, dS, shape, logSum, delta, first, Pad(after));
                else
                    GradientRow<TVector>(p, dS, shape.Scale, logSum, delta, first, Pad(after));
                Fill(p, blockFirst, visible, 0);
                Fill(dS, blockFirst, visible, 0);
                Fill(p, after, blockEnd, 0);
                Fill(dS, after, blockEnd, 0);
            }

            TileKernels.Multiply<TVector>(
                count,
                padded,
                end - first,
                dScores + first,
                s.StrideKeys,
                1,
                s.Keys + first * padded,
                padded,
                false,
                s.DQueries + start * padded,
                padded);
        }
    }

    /// <summary>
    /// p = exp(scale p - logSum); dS = scale p (dS - delta); for whole vectors, what the mask hides is cleared afterwards.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GradientRow<TVector>(float* p, float* dS, float scale, float logSum, float delta, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (factor, shift, mean) = (TVector.Create(scale), TVector.Create(-logSum), TVector.Create(delta));
        for (var j = start; j < end; j += TVector.Count)
        {
            var probability = SimdMath.Exp(TVector.FusedMultiplyAdd(TVector.Load(p + j), factor, shift));
            probability.Store(p + j);
            (factor * probability * (TVector.Load(dS + j) - mean)).Store(dS + j);
        }
    }

    /// <summary>
    /// <see cref="GradientRow"/> of capped scores: with t = tanh(scale p / cap), p = exp(cap t - logSum), dS also by 1 - t^2.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CappedGradientRow<TVector>(
        float* p, float* dS, in AttentionShape shape, float logSum, float delta, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (factor, shift, mean) = (TVector.Create(shape.Scale), TVector.Create(-logSum), TVector.Create(delta));
        var (cap, inner, one) = (TVector.Create(shape.Softcap), TVector.Create(shape.Scale / shape.Softcap), TVector.Create(1f));
        for (var j = start; j < end; j += TVector.Count)
        {
            var tanh = SimdMath.Tanh(TVector.Load(p + j) * inner);
            var probability = SimdMath.Exp(TVector.FusedMultiplyAdd(tanh, cap, shift));
            probability.Store(p + j);
            (factor * (one - tanh * tanh) * probability * (TVector.Load(dS + j) - mean)).Store(dS + j);
        }
    }

    private static void UnpadRows(float* source, int strideSource, int rows, int columns, float* destination, int stride)
    {
        for (var i = 0; i < rows; i++)
            new ReadOnlySpan<float>(source + i * strideSource, columns).CopyTo(new Span<float>(destination + (nint)i * stride, columns));
    }

    /// <summary>Where everything lies in the backward pass's scratch.</summary>
    private readonly struct Space
    {
        public Space(float* space, int keys, int size)
        {
            StrideKeys = Pad(keys);
            StrideHead = Pad(size);
            KeysT = space;
            ValuesT = KeysT + size * StrideKeys;
            Keys = ValuesT + size * StrideKeys;
            DKeys = Keys + keys * StrideHead;
            DValues = DKeys + keys * StrideHead;
            Probabilities = DValues + keys * StrideHead;
            DScores = Probabilities + BackwardRows * StrideKeys;
            Queries = DScores + BackwardRows * StrideKeys;
            DOutput = Queries + BackwardRows * StrideHead;
            DQueries = DOutput + BackwardRows * StrideHead;
        }

        public int StrideKeys { get; }

        public int StrideHead { get; }

        public float* KeysT { get; }

        public float* ValuesT { get; }

        public float* Keys { get; }

        public float* DKeys { get; }

        public float* DValues { get; }

        public float* Probabilities { get; }

        public float* DScores { get; }

        public float* Queries { get; }

        public float* DOutput { get; }

        public float* DQueries { get; }
    }
}
