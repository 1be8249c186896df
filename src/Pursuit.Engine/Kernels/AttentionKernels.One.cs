using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Pursuit.Numerics;

namespace Pursuit.Engine.Kernels;

internal static unsafe partial class AttentionKernels
{
    /// <summary>Rows between a key's prefetch and its use: about as long as memory takes.</summary>
    private const int RowsAhead = 24;

    /// <summary>
    /// Attention of a sequence's last query alone, as generation needs it for every token: keys and values are read where they
    /// lie. Copying and turning them, which pays for many queries, would cost several times the work itself.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LastQuery<TVector>(
        in AttentionShape shape,
        in SequenceRows sequence,
        float* queries,
        int strideQ,
        float* keys,
        float* values,
        int strideKv,
        float* scores,
        float* output,
        int strideO,
        float* logSums)
        where TVector : unmanaged, ISimd<TVector>
    {
        var size = shape.HeadSize;
        var first = shape.FirstKey(sequence.KeyCount - 1);
        var count = sequence.KeyCount - first;
        for (var head = 0; head < shape.QueryHeads; head++)
        {
            var query = queries + (nint)sequence.QueryStart * strideQ + head * size;
            var source = (nint)(sequence.KeyStart + first) * strideKv + head / shape.Group * size;
            for (var j = 0; j < count; j++)
            {
                // A cache of many texts comes from memory: keys are asked for a few rows before their turn, values a pass before it.
                Ask(keys + source + (nint)(j + RowsAhead) * strideKv, size);
                Ask(values + source + (nint)j * strideKv, size);
                scores[j] = Dot<TVector>(query, keys + source + (nint)j * strideKv, size);
            }

            if (shape.Softcap > 0)
                CapScores<TVector>(scores, Pad(count), shape.Scale, shape.Softcap);
            Fill(scores, count, Pad(count), float.NegativeInfinity);
            var sum = Exponentials<TVector>(scores, Pad(count), shape.ScaleLeft, out var maximum);
            logSums[(nint)sequence.QueryStart * shape.QueryHeads + head] = maximum + MathF.Log(sum);

            var target = output + (nint)sequence.QueryStart * strideO + head * size;
            var done = WeightedSum<TVector>(scores, count, values + source, strideKv, 1 / sum, target, 0, size);
            WeightedSum<SimdPlain>(scores, count, values + source, strideKv, 1 / sum, target, done, size);
        }
    }

    /// <summary>Asks for a row's cache lines; they need not exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ask(float* row, int size)
    {
        if (!Sse.IsSupported)
            return;
        for (var i = 0; i < size; i += Padding)
            Sse.Prefetch0(row + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot<TVector>(float* a, float* b, int count)
        where TVector : unmanaged, ISimd<TVector>
    {
        var lanes = TVector.Create(0);
        var i = 0;
        for (; i + TVector.Count <= count; i += TVector.Count)
            lanes = TVector.FusedMultiplyAdd(TVector.Load(a + i), TVector.Load(b + i), lanes);
        var sum = lanes.Sum();
        for (; i < count; i++)
            sum = MathF.FusedMultiplyAdd(a[i], b[i], sum);
        return sum;
    }

    /// <summary>destination[d] = factor sum of weights[j] rows[j, d], for whole lanes of d; returns where it stopped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WeightedSum<TVector>(
        float* weights, int count, float* rows, int stride, float factor, float* destination, int start, int end)
        where TVector : unmanaged, ISimd<TVector>
    {
        var d = start;
        for (; d + TVector.Count <= end; d += TVector.Count)
        {
            var sum = TVector.Create(0);
            for (var j = 0; j < count; j++)
                sum = TVector.FusedMultiplyAdd(TVector.Create(weights[j]), TVector.Load(rows + (nint)j * stride + d), sum);
            (sum * TVector.Create(factor)).Store(destination + d);
        }

        return d;
    }
}
