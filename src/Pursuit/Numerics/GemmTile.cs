using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Pursuit.Numerics;

/// <summary>
/// One row of the register tile: a few vectors side by side. A struct of up to three vectors stays in registers,
/// so the micro-kernels of <see cref="GemmKernels"/> are written once for every width.
/// </summary>
internal unsafe interface IGemmTile<TSelf>
    where TSelf : unmanaged, IGemmTile<TSelf>
{
    /// <summary>Floats in the row.</summary>
    static abstract int Width { get; }

    /// <summary>Reads <see cref="Width"/> floats.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>sum + *a * b, lane by lane, one rounding.</summary>
    static abstract TSelf MultiplyAdd(float* a, TSelf b, TSelf sum);

    /// <summary>Asks for the cache lines of <see cref="Width"/> floats; they need not exist.</summary>
    static abstract void Prefetch(float* c);

    /// <summary>c = alpha * sum.</summary>
    static abstract void Store(TSelf sum, float alpha, float* c);

    /// <summary>c = alpha * sum + beta * c.</summary>
    static abstract void Store(TSelf sum, float alpha, float beta, float* c);
}

/// <summary>One vector.</summary>
internal unsafe struct GemmTile1<TVector> : IGemmTile<GemmTile1<TVector>>
    where TVector : unmanaged, ISimd<TVector>
{
    private TVector _v0;

    /// <inheritdoc/>
    public static int Width => TVector.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GemmTile1<TVector> Load(float* source) => new() { _v0 = TVector.Load(source) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GemmTile1<TVector> MultiplyAdd(float* a, GemmTile1<TVector> b, GemmTile1<TVector> sum) =>
        new() { _v0 = TVector.FusedMultiplyAdd(TVector.Create(*a), b._v0, sum._v0) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* c) => GemmStore.Prefetch(c);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(GemmTile1<TVector> sum, float alpha, float* c) => GemmStore.Vector(sum._v0, alpha, c);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(GemmTile1<TVector> sum, float alpha, float beta, float* c) => GemmStore.Vector(sum._v0, alpha, beta, c);
}

/// <summary>Two vectors.</summary>
internal unsafe struct GemmTile2<TVector> : IGemmTile<GemmTile2<TVector>>
    where TVector : unmanaged, ISimd<TVector>
{
    private TVector _v0;
    private TVector _v1;

    /// <inheritdoc/>
    public static int Width => 2 * TVector.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GemmTile2<TVector> Load(float* source) =>
        new() { _v0 = TVector.Load(source), _v1 = TVector.Load(source + TVector.Count) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GemmTile2<TVector> MultiplyAdd(float* a, GemmTile2<TVector> b, GemmTile2<TVector> sum)
    {
        var x = TVector.Create(*a);
        return new() { _v0 = TVector.FusedMultiplyAdd(x, b._v0, sum._v0), _v1 = TVector.FusedMultiplyAdd(x, b._v1, sum._v1) };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* c)
    {
        GemmStore.Prefetch(c);
        GemmStore.Prefetch(c + TVector.Count);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(GemmTile2<TVector> sum, float alpha, float* c)
    {
        GemmStore.Vector(sum._v0, alpha, c);
        GemmStore.Vector(sum._v1, alpha, c + TVector.Count);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(GemmTile2<TVector> sum, float alpha, float beta, float* c)
    {
        GemmStore.Vector(sum._v0, alpha, beta, c);
        GemmStore.Vector(sum._v1, alpha, beta, c + TVector.Count);
    }
}

/// <summary>Three vectors.</summary>
internal unsafe struct GemmTile3<TVector> : IGemmTile<GemmTile3<TVector>>
    where TVector : unmanaged, ISimd<TVector>
{
    private TVector _v0;
    private TVector _v1;
    private TVector _v2;

    /// <inheritdoc/>
    public static int Width => 3 * TVector.Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GemmTile3<TVector> Load(float* source) =>
        new() { _v0 = TVector.Load(source), _v1 = TVector.Load(source + TVector.Count), _v2 = TVector.Load(source + 2 * TVector.Count) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GemmTile3<TVector> MultiplyAdd(float* a, GemmTile3<TVector> b, GemmTile3<TVector> sum)
    {
        var x = TVector.Create(*a);
        return new()
        {
            _v0 = TVector.FusedMultiplyAdd(x, b._v0, sum._v0),
            _v1 = TVector.FusedMultiplyAdd(x, b._v1, sum._v1),
            _v2 = TVector.FusedMultiplyAdd(x, b._v2, sum._v2),
        };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* c)
    {
        GemmStore.Prefetch(c);
        GemmStore.Prefetch(c + TVector.Count);
        GemmStore.Prefetch(c + 2 * TVector.Count);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(GemmTile3<TVector> sum, float alpha, float* c)
    {
        GemmStore.Vector(sum._v0, alpha, c);
        GemmStore.Vector(sum._v1, alpha, c + TVector.Count);
        GemmStore.Vector(sum._v2, alpha, c + 2 * TVector.Count);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(GemmTile3<TVector> sum, float alpha, float beta, float* c)
    {
        GemmStore.Vector(sum._v0, alpha, beta, c);
        GemmStore.Vector(sum._v1, alpha, beta, c + TVector.Count);
        GemmStore.Vector(sum._v2, alpha, beta, c + 2 * TVector.Count);
    }
}

/// <summary>How a finished sum meets C; the same two roundings everywhere.</summary>
internal static unsafe class GemmStore
{
    /// <summary>Asks for one cache line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* c)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(c);
    }

    /// <summary>c = alpha * sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Vector<TVector>(TVector sum, float alpha, float* c)
        where TVector : unmanaged, ISimd<TVector> =>
        (TVector.Create(alpha) * sum).Store(c);

    /// <summary>c = fma(alpha, sum, beta * c).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Vector<TVector>(TVector sum, float alpha, float beta, float* c)
        where TVector : unmanaged, ISimd<TVector> =>
        TVector.FusedMultiplyAdd(TVector.Create(alpha), sum, TVector.Create(beta) * TVector.Load(c)).Store(c);
}
