using ILGPU;

namespace Pursuit.Cuda.DeviceCode;

/// <summary>
/// Attention, a group of threads for every query (or key) of a head: the threads take as many keys at once as they are, first one
/// score each, then some of the head's values each over all these keys. Every sum has one order, whatever else is in the batch.
/// </summary>
internal static class AttentionCode
{
    /// <summary>Rotates pairs of values by the angles of their row.</summary>
    public static void Rotate(ArrayView<float> x, ArrayView<float> table, ArrayView<int> tableRows, RotationSizes n)
    {
        var half = n.Rotated / 2;
        for (var i = Grid.GlobalIndex.X; i < tableRows.IntLength * n.Heads * half; i += Grid.DimX * Group.DimX)
        {
            var (t, head, pair) = (i / (n.Heads * half), i / half % n.Heads, i % half);
            var (first, angles) = (t * n.Stride + head * n.Size + pair, tableRows[t] * n.Rotated + pair);
            var (a, b) = (x[first], x[first + half]);
            var (cos, sin) = (table[angles], table[angles + half] * n.Sign);
            x[first] = a * cos - b * sin;
            x[first + half] = b * cos + a * sin;
        }
    }

    public static void Forward(
        ArrayView<int> sequences,
        ArrayView<float> q,
        ArrayView<float> k,
        ArrayView<float> v,
        ArrayView<float> o,
        ArrayView<float> logSums,
        AttentionSizes n)
    {
        var shared = SharedMemory.Allocate<float>(Lanes.Most);
        var weights = SharedMemory.Allocate<float>(Lanes.Most);
        var tile = SharedMemory.Allocate<float>(Lanes.TileLength);
        var lane = Group.IdxX;
        for (var g = Grid.IdxX; g < sequences.IntLength / SequencePlace.Integers * n.Longest * n.QueryHeads; g += Grid.DimX)
        {
            var sequence = SequencePlace.Load(sequences, g / n.QueryHeads / n.Longest);
            var (i, head) = (g / n.QueryHeads % n.Longest, g % n.QueryHeads);
            if (i < sequence.QueryCount)
            {
                var position = sequence.KeyCount - sequence.QueryCount + i;
                var query = (sequence.QueryStart + i) * n.StrideQ + head * n.Size;
                var target = (sequence.QueryStart + i) * n.StrideO + head * n.Size;
                var keys = sequence.KeyStart * n.StrideKV + head / n.Group * n.Size;
                var (maximum, sum) = (0f, 0f);
                var (start, end) = (FirstKey(n, position), n.SeesBehind != 0 ? sequence.KeyCount : position + 1);
                for (var chunk = start; chunk < end; chunk += Group.DimX)
                {
                    var here = chunk + lane < end;
                    var count = end - chunk < Group.DimX ? end - chunk : Group.DimX;
                    var product = Lanes.Dot(q, query, k, keys + chunk * n.StrideKV, n.StrideKV, count, n.Size, tile);
                    var score = here ? Score(n, product) : float.NegativeInfinity;
                    var largest = Lanes.Largest(score, shared);
                    if (chunk > start) largest = DeviceMath.Larger(maximum, largest);
                    var weight = here ? DeviceMath.Exp(score - largest) : 0f;
                    var kept = chunk > start ? DeviceMath.Exp(maximum - largest) : 0f;
                    sum = sum * kept + Lanes.Sum(weight, shared);
                    maximum = largest;
                    weights[lane] = weight;
                    Group.Barrier();
                    for (var d = lane; d < n.Size; d += Group.DimX)
                    {
                        var value = chunk > start ? o[target + d] * kept : 0f;
                        for (var t = 0; t < count; t++) value += weights[t] * v[keys + (chunk + t) * n.StrideKV + d];
                        o[target + d] = value;
                    }

                    Group.Barrier();
                }

                for (var d = lane; d < n.Size; d += Group.DimX) o[target + d] /= sum;
                if (lane == 0) logSums[(sequence.QueryStart + i) * n.QueryHeads + head] = maximum + DeviceMath.Log(sum);
            }
        }
    }

    /// <summary>delta[row, head] = the inner product of dO and o.</summary>
    public static void Deltas(ArrayView<float> o, ArrayView<float> dO, ArrayView<float> deltas, AttentionSizes n)
    {
        for (var i = Grid.GlobalIndex.X; i < deltas.IntLength; i += Grid.DimX * Group.DimX)
        {
            var at = i / n.QueryHeads * n.StrideO + i % n.QueryHeads * n.Size;
            deltas[i] = Dot(dO, at, o, at, n.Size);
        }
    }

    /// <summary>dQ, query by query.</summary>
    public static void Queries(
        ArrayView<int> sequences, AttentionViews a, ArrayView<float> deltas, ArrayView<float> dQ, AttentionSizes n)
    {
        var slopes = SharedMemory.Allocate<float>(Lanes.Most);
        var tile = SharedMemory.Allocate<float>(Lanes.TileLength);
        var lane = Group.IdxX;
        for (var g = Grid.IdxX; g < sequences.IntLength / SequencePlace.Integers * n.Longest * n.QueryHeads; g += Grid.DimX)
        {
            var sequence = SequencePlace.Load(sequences, g / n.QueryHeads / n.Longest);
            var (i, head) = (g / n.QueryHeads % n.Longest, g % n.QueryHeads);
            if (i < sequence.QueryCount)
            {
                var row = sequence.QueryStart + i;
                var (query, result) = (row * n.StrideQ + head * n.Size, row * n.StrideO + head * n.Size);
                var (target, keys) = (row * n.StrideD + head * n.Size, sequence.KeyStart * n.StrideKV + head / n.Group * n.Size);
                var (logSum, delta, start) = (a.LogSums[row * n.QueryHeads + head], deltas[row * n.QueryHeads + head], FirstKey(n, i));
                for (var chunk = start; chunk <= i; chunk += Group.DimX)
                {
                    var count = i - chunk + 1 < Group.DimX ? i - chunk + 1 : Group.DimX;
                    var key = keys + chunk * n.StrideKV;
                    var product = Lanes.Dot(a.Queries, query, a.Keys, key, n.StrideKV, count, n.Size, tile);
                    var met = Lanes.Dot(a.DOutput, result, a.Values, key, n.StrideKV, count, n.Size, tile);
                    var probability = 0f;
                    slopes[lane] = chunk + lane <= i ? Slope(n, product, met, logSum, delta, ref probability) : 0f;
                    Group.Barrier();
                    for (var d = lane; d < n.Size; d += Group.DimX)
                    {
                        var value = chunk > start ? dQ[target + d] : 0f;
                        for (var t = 0; t < count; t++) value += slopes[t] * a.Keys[keys + (chunk + t) * n.StrideKV + d];
                        dQ[target + d] = value;
                    }

                    Group.Barrier();
                }
            }
        }
    }

    /// <summary>dK and dV, key by key: over the queries that see it, head after head of those that share it.</summary>
    public static void Keys(
        ArrayView<int> sequences, AttentionViews a, ArrayView<float> deltas, ArrayView<float> dK, ArrayView<float> dV, AttentionSizes n)
    {
        var slopes = SharedMemory.Allocate<float>(Lanes.Most);
        var weights = SharedMemory.Allocate<float>(Lanes.Most);
        var tile = SharedMemory.Allocate<float>(Lanes.TileLength);
        var lane = Group.IdxX;
        var heads = n.QueryHeads / n.Group;
        for (var g = Grid.IdxX; g < sequences.IntLength / SequencePlace.Integers * n.Longest * heads; g += Grid.DimX)
        {
            var sequence = SequencePlace.Load(sequences, g / heads / n.Longest);
            var (j, shared) = (g / heads % n.Longest, g % heads);
            if (j < sequence.QueryCount)
            {
                var key = (sequence.KeyStart + j) * n.StrideKV + shared * n.Size;
                var target = (sequence.KeyStart + j) * n.StrideD + shared * n.Size;
                // The last query that sees the key; written so that a window without an end doesn't overflow.
                var last = sequence.QueryCount - j <= n.Window ? sequence.QueryCount - 1 : j + n.Window - 1;
                for (var d = lane; d < n.Size; d += Group.DimX)
                {
                    dK[target + d] = 0f;
                    dV[target + d] = 0f;
                }

                for (var head = shared * n.Group; head < (shared + 1) * n.Group; head++)
                {
                    for (var chunk = j; chunk <= last; chunk += Group.DimX)
                    {
                        var count = last - chunk + 1 < Group.DimX ? last - chunk + 1 : Group.DimX;
                        var first = sequence.QueryStart + chunk;
                        var (query, output) = (first * n.StrideQ + head * n.Size, first * n.StrideO + head * n.Size);
                        var product = Lanes.Dot(a.Keys, key, a.Queries, query, n.StrideQ, count, n.Size, tile);
                        var met = Lanes.Dot(a.Values, key, a.DOutput, output, n.StrideO, count, n.Size, tile);
                        slopes[lane] = 0f;
                        weights[lane] = 0f;
                        if (lane < count)
                        {
                            var probability = 0f;
                            var at = (first + lane) * n.QueryHeads + head;
                            slopes[lane] = Slope(n, product, met, a.LogSums[at], deltas[at], ref probability);
                            weights[lane] = probability;
                        }

                        Group.Barrier();
                        for (var d = lane; d < n.Size; d += Group.DimX)
                        {
                            var (keyValue, value) = (dK[target + d], dV[target + d]);
                            for (var t = 0; t < count; t++)
                            {
                                keyValue += slopes[t] * a.Queries[(first + t) * n.StrideQ + head * n.Size + d];
                                value += weights[t] * a.DOutput[(first + t) * n.StrideO + head * n.Size + d];
                            }

                            dK[target + d] = keyValue;
                            dV[target + d] = value;
                        }

                        Group.Barrier();
                    }
                }
            }
        }
    }

    private static int FirstKey(AttentionSizes n, int position) => position < n.Window ? 0 : position - n.Window + 1;

    private static float Score(AttentionSizes n, float product) =>
        n.Softcap > 0f ? n.Softcap * DeviceMath.Tanh(product * n.Scale / n.Softcap) : product * n.Scale;

    /// <summary>A score's probability and its gradient's factor of key and query.</summary>
    /// <param name="n">Sizes.</param>
    /// <param name="product">The inner product of query and key.</param>
    /// <param name="met">That of the output's gradient and the value.</param>
    /// <param name="logSum">The query's.</param>
    /// <param name="delta">The query's.</param>
    /// <param name="probability">The probability.</param>
    private static float Slope(AttentionSizes n, float product, float met, float logSum, float delta, ref float probability)
    {
        var score = Score(n, product);
        probability = DeviceMath.Exp(score - logSum);
        var slope = n.Softcap > 0f ? 1f - score / n.Softcap * (score / n.Softcap) : 1f;
        return n.Scale * slope * probability * (met - delta);
    }

    private static float Dot(ArrayView<float> x, int xAt, ArrayView<float> y, int yAt, int count)
    {
        var sum = 0f;
        for (var i = 0; i < count; i++) sum += x[xAt + i] * y[yAt + i];
        return sum;
    }
}

/// <summary>A sequence's rows: <see cref="Engine.Kernels.SequenceRows"/> field by field.</summary>
internal struct SequencePlace
{
    /// <summary>Integers of a sequence.</summary>
    public const int Integers = 4;

    public int QueryStart;
    public int QueryCount;
    public int KeyStart;
    public int KeyCount;

    public static SequencePlace Load(ArrayView<int> sequences, int sequence) => new()
    {
        QueryStart = sequences[sequence * Integers],
        QueryCount = sequences[sequence * Integers + 1],
        KeyStart = sequences[sequence * Integers + 2],
        KeyCount = sequences[sequence * Integers + 3],
    };
}

/// <summary>What the backward kernels of an attention read.</summary>
internal struct AttentionViews
{
    public ArrayView<float> Queries;
    public ArrayView<float> Keys;
    public ArrayView<float> Values;
    public ArrayView<float> DOutput;
    public ArrayView<float> LogSums;
}

/// <summary>An attention's shape and strides, as its kernels take them.</summary>
internal struct AttentionSizes
{
    public int QueryHeads;
    public int Group;
    public int Size;
    public int Window;
    public int Longest;
    public int StrideQ;
    public int StrideKV;
    public int StrideO;
    public int StrideD;
    public float Scale;
    public float Softcap;
    public int SeesBehind;
}

/// <summary>What a rotation of positions goes over.</summary>
internal struct RotationSizes
{
    public int Stride;
    public int Heads;
    public int Size;
    public int Rotated;
    public float Sign;
}
