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
}
