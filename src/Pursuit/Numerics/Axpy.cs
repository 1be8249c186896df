namespace Pursuit.Numerics;

/// <summary>y += alpha x, element by element with one rounding: the same bits on every machine. No allocation.</summary>
public static class Axpy
{
    /// <summary>y_i = fma(alpha, x_i, y_i).</summary>
    /// <param name="alpha">Factor.</param>
    /// <param name="x">[n].</param>
    /// <param name="y">[n], updated.</param>
    /// <exception cref="PursuitException">The lengths differ.</exception>
    public static void Add(float alpha, ReadOnlySpan<float> x, Span<float> y) => Add(Simd.Best, alpha, x, y);

    /// <summary>y_i = fma(alpha, x_i, y_i) for bf16 x.</summary>
    /// <param name="alpha">Factor.</param>
    /// <param name="x">bf16 [n].</param>
    /// <param name="y">[n], updated.</param>
    /// <exception cref="PursuitException">The lengths differ.</exception>
    public static void Add(float alpha, ReadOnlySpan<ushort> x, Span<float> y) => Add(Simd.Best, alpha, x, y);

    internal static unsafe void Add(SimdPath path, float alpha, ReadOnlySpan<float> x, Span<float> y)
    {
        CheckLengths(x.Length, y.Length);
        fixed (float* px = x, py = y)
            Add<float, SingleSource>(path, alpha, px, py, x.Length);
    }

    internal static unsafe void Add(SimdPath path, float alpha, ReadOnlySpan<ushort> x, Span<float> y)
    {
        CheckLengths(x.Length, y.Length);
        fixed (ushort* px = x)
        fixed (float* py = y)
            Add<ushort, BFloat16Source>(path, alpha, px, py, x.Length);
    }

    private static unsafe void Add<TElement, TSource>(SimdPath path, float alpha, TElement* x, float* y, nint count)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
    {
        var done = path switch
        {
            SimdPath.Vector512 => Add<TElement, TSource, Simd512>(alpha, x, y, 0, count),
            SimdPath.Vector256 => Add<TElement, TSource, Simd256>(alpha, x, y, 0, count),
            _ => 0,
        };
        Add<TElement, TSource, SimdPlain>(alpha, x, y, done, count);
    }

    private static unsafe nint Add<TElement, TSource, TVector>(float alpha, TElement* x, float* y, nint done, nint count)
        where TElement : unmanaged
        where TSource : IVectorSource<TElement>
        where TVector : unmanaged, ISimd<TVector>
    {
        var factor = TVector.Create(alpha);
        for (; done + TVector.Count <= count; done += TVector.Count)
            TVector.Store(TVector.FusedMultiplyAdd(factor, TSource.Load<TVector>(x + done), TVector.Load(y + done)), y + done);
        return done;
    }

    private static void CheckLengths(int x, int y)
    {
        if (x != y)
            throw PursuitException.At("Axpy", $"vectors of {x} and {y} numbers", "the same number");
    }
}
