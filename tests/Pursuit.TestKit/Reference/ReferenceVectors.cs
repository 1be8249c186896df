using Pursuit.Numerics;

namespace Pursuit.TestKit.Reference;

/// <summary>The plain twins of <see cref="DotProduct"/>, <see cref="Axpy"/>, <see cref="RowScan"/> and <see cref="ByteScan"/>.</summary>
internal static class ReferenceVectors
{
    /// <summary>sum_i a_i b_i in double precision, rounded once.</summary>
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return (float)sum;
    }

    /// <summary>The inner product in the order the fast kernels promise: lane i mod <paramref name="laneCount"/>, then halves.</summary>
    public static float DotInLanes(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int laneCount)
    {
        var lanes = new float[laneCount];
        for (var i = 0; i < a.Length; i++)
            lanes[i % laneCount] = MathF.FusedMultiplyAdd(a[i], b[i], lanes[i % laneCount]);
        for (var half = laneCount / 2; half > 0; half /= 2)
        {
            for (var lane = 0; lane < half; lane++)
                lanes[lane] += lanes[lane + half];
        }

        return lanes[0];
    }

    /// <summary>sum_p bytes_p round(right_p / scale) with scale = max |right| / 32,767: a whole number.</summary>
    public static long DotOfBytes(ReadOnlySpan<sbyte> bytes, ReadOnlySpan<float> right)
    {
        var largest = 0.0;
        foreach (var value in right) largest = Math.Max(largest, Math.Abs(value));
        var sum = 0L;
        for (var p = 0; p < bytes.Length && largest > 0; p++) sum += bytes[p] * (long)Math.Round(right[p] / (largest / short.MaxValue));
        return sum;
    }

    /// <summary>a . b / (||a|| ||b||) in double precision, 0 when either is zero.</summary>
    public static float Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double product = 0, squaresA = 0, squaresB = 0;
        for (var i = 0; i < a.Length; i++)
        {
            product += (double)a[i] * b[i];
            squaresA += (double)a[i] * a[i];
            squaresB += (double)b[i] * b[i];
        }

        return squaresA == 0 || squaresB == 0 ? 0 : (float)(product / Math.Sqrt(squaresA * squaresB));
    }

    /// <summary>sum_i (a_i - b_i)^2 in double precision, in the order the fast kernel promises: lane i mod 16, then halves.</summary>
    public static double SquaredDistance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var lanes = new double[16];
        for (var i = 0; i < a.Length; i++)
            lanes[i % 16] = Math.FusedMultiplyAdd((double)a[i] - b[i], (double)a[i] - b[i], lanes[i % 16]);
        for (var half = 8; half > 0; half /= 2)
        {
            for (var lane = 0; lane < half; lane++)
                lanes[lane] += lanes[lane + half];
        }

        return lanes[0];
    }

    /// <summary>y_i = fma(alpha, x_i, y_i).</summary>
    public static void Axpy(float alpha, ReadOnlySpan<float> x, Span<float> y)
    {
        for (var i = 0; i < x.Length; i++)
            y[i] = MathF.FusedMultiplyAdd(alpha, x[i], y[i]);
    }

    /// <summary>dots[i, j] = rows[i] . right[j] in the promised order.</summary>
    public static void Scan(ReadOnlySpan<float> rows, int rowCount, int dim, ReadOnlySpan<float> right, int rightCount, Span<float> dots)
    {
        for (var i = 0; i < rowCount; i++)
        {
            for (var j = 0; j < rightCount; j++)
                dots[i * rightCount + j] = DotInLanes(rows.Slice(i * dim, dim), right.Slice(j * dim, dim), 16);
        }
    }
}
