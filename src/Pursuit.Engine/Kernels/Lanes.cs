using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Pursuit.Engine.Kernels;

/// <summary>
/// A vector of float32 of one hardware width, so that a kernel's body is written once and compiled per width; a loop's
/// remainder runs the same body with <see cref="Lane1"/>.
/// </summary>
internal unsafe interface ILane<TSelf>
    where TSelf : struct, ILane<TSelf>
{
    /// <summary>Number of values.</summary>
    static abstract int Width { get; }

    static abstract TSelf Broadcast(float value);

    static abstract TSelf Load(float* source);

    void Store(float* destination);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a b + c, fused where the hardware fuses.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The larger; NaN if either is.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>x, or the bound where x is below; NaN stays NaN. A compare and a blend, cheaper than <see cref="Max"/>.</summary>
    static abstract TSelf AtLeast(TSelf bound, TSelf x);

    /// <summary>x, or the bound where x is above; NaN stays NaN.</summary>
    static abstract TSelf AtMost(TSelf bound, TSelf x);

    static abstract TSelf SquareRoot(TSelf a);

    static abstract TSelf Round(TSelf a);

    /// <summary>2^a for whole a in [-126, 127].</summary>
    static abstract TSelf PowerOfTwo(TSelf a);

    /// <summary>The sum of the values.</summary>
    float Sum();

    /// <summary>The largest of the values.</summary>
    float Largest();
}

internal readonly unsafe struct Lane16(Vector512<float> value) : ILane<Lane16>
{
    private readonly Vector512<float> _value = value;

    public static int Width => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 operator +(Lane16 a, Lane16 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 operator -(Lane16 a, Lane16 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 operator *(Lane16 a, Lane16 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 operator /(Lane16 a, Lane16 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 MultiplyAdd(Lane16 a, Lane16 b, Lane16 c) => new(Vector512.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 Max(Lane16 a, Lane16 b) => new(Vector512.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 AtLeast(Lane16 bound, Lane16 x) => new(Vector512.ConditionalSelect(Vector512.LessThan(x._value, bound._value), bound._value, x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 AtMost(Lane16 bound, Lane16 x) => new(Vector512.ConditionalSelect(Vector512.GreaterThan(x._value, bound._value), bound._value, x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 SquareRoot(Lane16 a) => new(Vector512.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 Round(Lane16 a) => new(Vector512.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane16 PowerOfTwo(Lane16 a) =>
        new(((Vector512.ConvertToInt32Native(a._value) + Vector512.Create(127)) << 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Vector512.Sum(_value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => new Lane8(Vector256.Max(_value.GetLower(), _value.GetUpper())).Largest();
}

internal readonly unsafe struct Lane8(Vector256<float> value) : ILane<Lane8>
{
    private readonly Vector256<float> _value = value;

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 operator +(Lane8 a, Lane8 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 operator -(Lane8 a, Lane8 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 operator *(Lane8 a, Lane8 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 operator /(Lane8 a, Lane8 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 MultiplyAdd(Lane8 a, Lane8 b, Lane8 c) => new(Vector256.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 Max(Lane8 a, Lane8 b) => new(Vector256.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 AtLeast(Lane8 bound, Lane8 x) => new(Vector256.ConditionalSelect(Vector256.LessThan(x._value, bound._value), bound._value, x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 AtMost(Lane8 bound, Lane8 x) => new(Vector256.ConditionalSelect(Vector256.GreaterThan(x._value, bound._value), bound._value, x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 SquareRoot(Lane8 a) => new(Vector256.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 Round(Lane8 a) => new(Vector256.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane8 PowerOfTwo(Lane8 a) =>
        new(((Vector256.ConvertToInt32Native(a._value) + Vector256.Create(127)) << 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Vector256.Sum(_value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest()
    {
        var four = Vector128.Max(_value.GetLower(), _value.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}

internal readonly unsafe struct Lane1(float value) : ILane<Lane1>
{
    private readonly float _value = value;

    public static int Width => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 Broadcast(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 Load(float* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => *destination = _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 operator +(Lane1 a, Lane1 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 operator -(Lane1 a, Lane1 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 operator *(Lane1 a, Lane1 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 operator /(Lane1 a, Lane1 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 MultiplyAdd(Lane1 a, Lane1 b, Lane1 c) => new(float.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 Max(Lane1 a, Lane1 b) => new(MathF.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 AtLeast(Lane1 bound, Lane1 x) => x._value < bound._value ? bound : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 AtMost(Lane1 bound, Lane1 x) => x._value > bound._value ? bound : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 SquareRoot(Lane1 a) => new(MathF.Sqrt(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 Round(Lane1 a) => new(MathF.Round(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane1 PowerOfTwo(Lane1 a) => new(BitConverter.Int32BitsToSingle((float.ConvertToIntegerNative<int>(a._value) + 127) << 23));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => _value;
}

/// <summary>Functions of lanes.</summary>
internal static class LaneMath
{
    private const float Log2E = 1.44269504088896341f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>
    /// exp(x) to about 1 unit in the last place (Cephes' expf: x = n ln 2 + r, a polynomial of degree 7 in r).
    /// x is clamped to [-87.3, 88.3]; NaN stays NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLane Exp<TLane>(TLane x)
        where TLane : struct, ILane<TLane>
    {
        x = TLane.AtMost(TLane.Broadcast(88.3f), TLane.AtLeast(TLane.Broadcast(-87.3f), x));
        var n = TLane.Round(x * TLane.Broadcast(Log2E));
        var r = TLane.MultiplyAdd(n, TLane.Broadcast(-Ln2High), x);
        r = TLane.MultiplyAdd(n, TLane.Broadcast(-Ln2Low), r);
        var p = TLane.MultiplyAdd(TLane.Broadcast(1.9875691500e-4f), r, TLane.Broadcast(1.3981999507e-3f));
        p = TLane.MultiplyAdd(p, r, TLane.Broadcast(8.3334519073e-3f));
        p = TLane.MultiplyAdd(p, r, TLane.Broadcast(4.1665795894e-2f));
        p = TLane.MultiplyAdd(p, r, TLane.Broadcast(1.6666665459e-1f));
        p = TLane.MultiplyAdd(p, r, TLane.Broadcast(5.0000001201e-1f));
        p = TLane.MultiplyAdd(p, r * r, r + TLane.Broadcast(1f));
        return p * TLane.PowerOfTwo(n);
    }

    /// <summary>1 / (1 + exp(-x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLane Sigmoid<TLane>(TLane x)
        where TLane : struct, ILane<TLane> =>
        TLane.Broadcast(1f) / (TLane.Broadcast(1f) + Exp(TLane.Broadcast(0f) - x));
}
