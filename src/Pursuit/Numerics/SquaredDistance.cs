using System.Runtime.Intrinsics;

namespace Pursuit.Numerics;

/// <summary>
/// sum_i (a_i - b_i)^2 of single-precision vectors in double precision: what equal and nearly equal rows need, where
/// ||a||^2 + ||b||^2 - 2 a.b has lost every digit.
/// </summary>
/// <remarks>
/// Element i is subtracted in double (exactly, but for numbers more than 2^29 apart in size) and its square added by fma to lane
/// i mod 16; then the upper half of the lanes is added onto the lower until one is left. So the bits depend on the two vectors
/// alone, and a and b may change places. NaN and infinity spread. No allocation.
/// </remarks>
internal static class SquaredDistance
{
    private const int Lanes = 16;

    /// <summary>The squared Euclidean distance.</summary>
    /// <param name="a">[n].</param>
    /// <param name="b">[n].</param>
    /// <exception cref="PursuitException">The lengths differ.</exception>
    public static double Of(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length)
            throw PursuitException.At("SquaredDistance", $"vectors of {a.Length} and {b.Length} numbers", "the same length");
        Vector512<double> s0 = default, s1 = default;
        var i = 0;
        for (; i + Lanes <= a.Length; i += Lanes)
            Add(Vector512.Create(a[i..]), Vector512.Create(b[i..]), ref s0, ref s1);
        if (i < a.Length)
        {
            Span<float> rest = stackalloc float[2 * Lanes];
            rest.Clear();
            a[i..].CopyTo(rest);
            b[i..].CopyTo(rest[Lanes..]);
            Add(Vector512.Create<float>(rest), Vector512.Create<float>(rest[Lanes..]), ref s0, ref s1);
        }

        var eight = s0 + s1;
        var four = eight.GetLower() + eight.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    private static void Add(Vector512<float> a, Vector512<float> b, ref Vector512<double> s0, ref Vector512<double> s1)
    {
        var (lowerA, upperA) = Vector512.Widen(a);
        var (lowerB, upperB) = Vector512.Widen(b);
        var lower = lowerA - lowerB;
        var upper = upperA - upperB;
        s0 = Vector512.FusedMultiplyAdd(lower, lower, s0);
        s1 = Vector512.FusedMultiplyAdd(upper, upper, s1);
    }
}
