using System.Runtime.Intrinsics;

namespace Pursuit.Numerics;

/// <summary>The few kernels in double precision that small dense solvers need, in an order that doesn't depend on the machine.</summary>
internal static class DoubleKernels
{
    /// <summary>a . b, element i on lane i mod 16, lanes added upper half onto lower.</summary>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        Vector512<double> s0 = default, s1 = default;
        var i = 0;
        for (; i + 16 <= a.Length; i += 16)
        {
            s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[i..]), Vector512.Create(b[i..]), s0);
            s1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[(i + 8)..]), Vector512.Create(b[(i + 8)..]), s1);
        }

        var eight = s0 + s1;
        var four = eight.GetLower() + eight.GetUpper();
        var sum = (four[0] + four[2]) + (four[1] + four[3]);
        for (; i < a.Length; i++)
            sum = Math.FusedMultiplyAdd(a[i], b[i], sum);
        return sum;
    }

    /// <summary>y += alpha x, one rounding per element.</summary>
    public static void Axpy(double alpha, ReadOnlySpan<double> x, Span<double> y)
    {
        var i = 0;
        var factor = Vector512.Create(alpha);
        for (; i + 8 <= x.Length; i += 8)
            Vector512.FusedMultiplyAdd(factor, Vector512.Create(x[i..]), Vector512.Create<double>(y[i..])).CopyTo(y[i..]);
        for (; i < x.Length; i++)
            y[i] = Math.FusedMultiplyAdd(alpha, x[i], y[i]);
    }
}
