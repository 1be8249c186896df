using System.Runtime.CompilerServices;

namespace Pursuit.Numerics;

/// <summary>Inner products of vectors and what follows from them.</summary>
/// <remarks>
/// Element i goes to lane i mod 64 by a fused multiply-add in ascending order; then the upper half of the lanes is added
/// onto the lower until one is left. So the bits are the same on every machine and path. NaN and infinity spread as
/// that order says. No allocation. For one vector against many rows use <see cref="RowScan"/>.
/// </remarks>
internal static class DotProduct
{
    private const int Lanes = 64;

    /// <summary>sum_i a_i b_i.</summary>
    /// <param name="a">[n].</param>
    /// <param name="b">[n].</param>
    /// <exception cref="PursuitException">The lengths differ.</exception>
    public static float Of(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => Of(Simd.Best, a, b);

    /// <summary>sum_i a_i^2, the squared Euclidean norm.</summary>
    public static float SquaredNorm(ReadOnlySpan<float> a) => Of(Simd.Best, a, a);

    /// <summary>
    /// a . b / (||a|| ||b||), clamped to [-1, 1]; 0 when either is all zeros, never NaN for finite input whose squared
    /// norms neither overflow nor vanish.
    /// </summary>
    /// <param name="a">[n].</param>
    /// <param name="b">[n].</param>
    /// <exception cref="PursuitException">The lengths differ.</exception>
    public static float Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => Cosine(Simd.Best, a, b);

    internal static float Cosine(SimdPath path, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var product = Of(path, a, b);
        // In double, so that the product of two squared norms can't overflow.
        var norms = Math.Sqrt((double)Of(path, a, a) * Of(path, b, b));
        return norms == 0 ? 0 : (float)Math.Clamp(product / norms, -1.0, 1.0);
    }

    internal static unsafe float Of(SimdPath path, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length)
            throw PursuitException.At("DotProduct", $"vectors of {a.Length} and {b.Length} numbers", "the same number");
        fixed (float* pa = a, pb = b)
            return Of(path, pa, pb, a.Length);
    }

    private static unsafe float Of(SimdPath path, float* a, float* b, nint length)
    {
        var lanes = stackalloc float[Lanes];
        var whole = length / Lanes * Lanes;
        switch (path)
        {
            case SimdPath.Vector512:
                Accumulate<Simd512>(a, b, whole, lanes);
                break;
            case SimdPath.Vector256:
                Accumulate<Simd256>(a, b, whole, lanes);
                break;
            default:
                Accumulate<SimdPlain>(a, b, whole, lanes);
                break;
        }

        for (var i = whole; i < length; i++)
        {
            var lane = lanes + (i - whole);
            *lane = MathF.FusedMultiplyAdd(a[i], b[i], *lane);
        }

        return LaneSum.Of64(lanes);
    }

    /// <summary>Sums four vectors of lanes at a time; a narrow path passes over the data once per four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Accumulate<TVector>(float* a, float* b, nint length, float* lanes)
        where TVector : unmanaged, ISimd<TVector>
    {
        for (var first = 0; first < Lanes; first += 4 * TVector.Count)
        {
            TVector s0 = default, s1 = default, s2 = default, s3 = default;
            for (nint i = first; i < length; i += Lanes)
            {
                s0 = TVector.FusedMultiplyAdd(TVector.Load(a + i), TVector.Load(b + i), s0);
                s1 = TVector.FusedMultiplyAdd(TVector.Load(a + i + TVector.Count), TVector.Load(b + i + TVector.Count), s1);
                s2 = TVector.FusedMultiplyAdd(TVector.Load(a + i + 2 * TVector.Count), TVector.Load(b + i + 2 * TVector.Count), s2);
                s3 = TVector.FusedMultiplyAdd(TVector.Load(a + i + 3 * TVector.Count), TVector.Load(b + i + 3 * TVector.Count), s3);
            }

            s0.Store(lanes + first);
            s1.Store(lanes + first + TVector.Count);
            s2.Store(lanes + first + 2 * TVector.Count);
            s3.Store(lanes + first + 3 * TVector.Count);
        }
    }
}
