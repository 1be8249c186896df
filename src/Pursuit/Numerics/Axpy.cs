namespace Pursuit.Numerics;

/// <summary>y += alpha x, element by element with one rounding: the same bits on every machine. No allocation.</summary>
internal static class Axpy
{
    /// <summary>y_i = fma(alpha, x_i, y_i).</summary>
    /// <param name="alpha">Factor.</param>
    /// <param name="x">[n].</param>
    /// <param name="y">[n], updated.</param>
    /// <exception cref="PursuitException">The lengths differ.</exception>
    public static void Add(float alpha, ReadOnlySpan<float> x, Span<float> y) => Add(Simd.Best, alpha, x, y);

    internal static unsafe void Add(SimdPath path, float alpha, ReadOnlySpan<float> x, Span<float> y)
    {
        if (x.Length != y.Length)
            throw PursuitException.At("Axpy", $"vectors of {x.Length} and {y.Length} numbers", "the same number");
        fixed (float* px = x, py = y)
        {
            var done = path switch
            {
                SimdPath.Vector512 => Add<Simd512>(alpha, px, py, 0, x.Length),
                SimdPath.Vector256 => Add<Simd256>(alpha, px, py, 0, x.Length),
                _ => 0,
            };
            Add<SimdPlain>(alpha, px, py, done, x.Length);
        }
    }

    private static unsafe nint Add<TVector>(float alpha, float* x, float* y, nint done, nint count)
        where TVector : unmanaged, ISimd<TVector>
    {
        var factor = TVector.Create(alpha);
        for (; done + TVector.Count <= count; done += TVector.Count)
            TVector.FusedMultiplyAdd(factor, TVector.Load(x + done), TVector.Load(y + done)).Store(y + done);
        return done;
    }
}
