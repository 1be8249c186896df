using System.Runtime.CompilerServices;

namespace Pursuit.Numerics;

/// <summary>Functions of vectors, lane by lane.</summary>
internal static class SimdMath
{
    private const float Log2E = 1.44269504088896341f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>
    /// exp(x) to about 1 unit in the last place (Cephes' expf: x = n ln 2 + r, a polynomial of degree 7 in r).
    /// x is clamped to [-87.3, 88.3]; NaN stays NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp<TVector>(TVector x)
        where TVector : unmanaged, ISimd<TVector>
    {
        x = TVector.AtMost(TVector.Create(88.3f), TVector.AtLeast(TVector.Create(-87.3f), x));
        var n = TVector.Round(x * TVector.Create(Log2E));
        var r = TVector.FusedMultiplyAdd(n, TVector.Create(-Ln2High), x);
        r = TVector.FusedMultiplyAdd(n, TVector.Create(-Ln2Low), r);
        var p = TVector.FusedMultiplyAdd(TVector.Create(1.9875691500e-4f), r, TVector.Create(1.3981999507e-3f));
        p = TVector.FusedMultiplyAdd(p, r, TVector.Create(8.3334519073e-3f));
        p = TVector.FusedMultiplyAdd(p, r, TVector.Create(4.1665795894e-2f));
        p = TVector.FusedMultiplyAdd(p, r, TVector.Create(1.6666665459e-1f));
        p = TVector.FusedMultiplyAdd(p, r, TVector.Create(5.0000001201e-1f));
        p = TVector.FusedMultiplyAdd(p, r * r, r + TVector.Create(1f));
        return p * TVector.PowerOfTwo(n);
    }

    /// <summary>1 / (1 + exp(-x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid<TVector>(TVector x)
        where TVector : unmanaged, ISimd<TVector> =>
        TVector.Create(1f) / (TVector.Create(1f) + Exp(TVector.Create(0f) - x));

    /// <summary>
    /// tanh(x) to a few units in the last place: an odd polynomial over an even one (Eigen's), and +-1 from where float32 can't tell.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh<TVector>(TVector x)
        where TVector : unmanaged, ISimd<TVector>
    {
        x = TVector.AtMost(TVector.Create(7.90531110763549805f), TVector.AtLeast(TVector.Create(-7.90531110763549805f), x));
        var square = x * x;
        var p = TVector.FusedMultiplyAdd(square, TVector.Create(-2.76076847742355e-16f), TVector.Create(2.00018790482477e-13f));
        p = TVector.FusedMultiplyAdd(square, p, TVector.Create(-8.60467152213735e-11f));
        p = TVector.FusedMultiplyAdd(square, p, TVector.Create(5.12229709037114e-08f));
        p = TVector.FusedMultiplyAdd(square, p, TVector.Create(1.48572235717979e-05f));
        p = TVector.FusedMultiplyAdd(square, p, TVector.Create(6.37261928875436e-04f));
        p = TVector.FusedMultiplyAdd(square, p, TVector.Create(4.89352455891786e-03f));
        var q = TVector.FusedMultiplyAdd(square, TVector.Create(1.19825839466702e-06f), TVector.Create(1.18534705686654e-04f));
        q = TVector.FusedMultiplyAdd(square, q, TVector.Create(2.26843463243900e-03f));
        q = TVector.FusedMultiplyAdd(square, q, TVector.Create(4.89352518554385e-03f));
        return x * p / q;
    }

    /// <summary>
    /// The normal distribution's Phi(x), to about 2e-7 of the smaller tail: Chebyshev's fit of erfc (Numerical Recipes, section 6.2).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector NormalProbability<TVector>(TVector x)
        where TVector : unmanaged, ISimd<TVector>
    {
        var (zero, one) = (TVector.Create(0f), TVector.Create(1f));
        var negative = TVector.AtMost(zero, x); // min(x, 0), NaN kept
        var z = TVector.Create(0.70710678118654752f) * (negative + negative - x); // -|x| / sqrt(2)
        var t = one / TVector.FusedMultiplyAdd(TVector.Create(-0.5f), z, one);
        var p = TVector.FusedMultiplyAdd(t, TVector.Create(0.17087277f), TVector.Create(-0.82215223f));
        p = TVector.FusedMultiplyAdd(t, p, TVector.Create(1.48851587f));
        p = TVector.FusedMultiplyAdd(t, p, TVector.Create(-1.13520398f));
        p = TVector.FusedMultiplyAdd(t, p, TVector.Create(0.27886807f));
        p = TVector.FusedMultiplyAdd(t, p, TVector.Create(-0.18628806f));
        p = TVector.FusedMultiplyAdd(t, p, TVector.Create(0.09678418f));
        p = TVector.FusedMultiplyAdd(t, p, TVector.Create(0.37409196f));
        p = TVector.FusedMultiplyAdd(t, p, TVector.Create(1.00002368f));
        p = TVector.FusedMultiplyAdd(t, p, TVector.Create(-1.26551223f));
        var tail = TVector.Create(0.5f) * t * Exp(TVector.FusedMultiplyAdd(zero - z, z, p));
        return TVector.IfNegative(x, tail, one - tail);
    }
}
