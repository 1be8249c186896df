using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pursuit.Numerics;

/// <summary>Which vector width a kernel runs on. Results never depend on it; only tests and benchmarks choose.</summary>
internal enum SimdPath
{
    /// <summary>One float at a time; for machines without wide vectors, and the easiest to read.</summary>
    Plain = 1,

    /// <summary>Eight floats (AVX2 with FMA).</summary>
    Vector256 = 8,

    /// <summary>Sixteen floats (AVX-512).</summary>
    Vector512 = 16,
}

/// <summary>Picks the widest path this machine runs.</summary>
internal static class Simd
{
    /// <summary>The path public kernels use.</summary>
    public static SimdPath Best { get; } = Vector512.IsHardwareAccelerated ? SimdPath.Vector512
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? SimdPath.Vector256
        : SimdPath.Plain;
}

/// <summary>
/// A vector of floats whose width is a type, so that a kernel is written once and compiled for each width; a loop's remainder runs
/// the same body with <see cref="SimdPlain"/>. Every operation is lane by lane with one rounding, so a kernel that fixes which lane
/// sees which element gives the same bits on every width; <see cref="Sum"/> and <see cref="Largest"/> alone go across lanes.
/// </summary>
internal unsafe interface ISimd<TSelf>
    where TSelf : unmanaged, ISimd<TSelf>
{
    /// <summary>Floats per vector.</summary>
    static abstract int Count { get; }

    /// <summary>The same number in all lanes.</summary>
    static abstract TSelf Create(float value);

    /// <summary>Reads <see cref="Count"/> floats; no alignment needed.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>Reads <see cref="Count"/> bf16 numbers, widened exactly.</summary>
    static abstract TSelf LoadBFloat16(ushort* source);

    /// <summary>Writes <see cref="Count"/> floats.</summary>
    void Store(float* destination);

    /// <summary>Writes <see cref="Count"/> bf16 numbers, rounded to nearest, ties to even; NaN stays NaN.</summary>
    void StoreBFloat16(ushort* destination);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a * b + c with one rounding.</summary>
    static abstract TSelf FusedMultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The larger; NaN if either is.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>x, or the bound where x is below; NaN stays NaN. A compare and a blend, cheaper than <see cref="Max"/>.</summary>
    static abstract TSelf AtLeast(TSelf bound, TSelf x);

    /// <summary>x, or the bound where x is above; NaN stays NaN.</summary>
    static abstract TSelf AtMost(TSelf bound, TSelf x);

    /// <summary>Lane by lane: one value where x is below 0, the other elsewhere, NaN included.</summary>
    static abstract TSelf IfNegative(TSelf x, TSelf negative, TSelf other);

    static abstract TSelf SquareRoot(TSelf a);

    static abstract TSelf Round(TSelf a);

    /// <summary>2^a for whole a in [-126, 127].</summary>
    static abstract TSelf PowerOfTwo(TSelf a);

    /// <summary>The sum of the lanes.</summary>
    float Sum();

    /// <summary>The largest of the lanes.</summary>
    float Largest();
}

/// <summary>Sixteen floats.</summary>
internal readonly unsafe struct Simd512(Vector512<float> value) : ISimd<Simd512>
{
    private readonly Vector512<float> _value = value;

    /// <inheritdoc/>
    public static int Count => 16;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Create(float value) => new(Vector512.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Load(float* source) => new(Vector512.Load(source));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 LoadBFloat16(ushort* source)
    {
        // One instruction where there is one; widening the halves and joining them takes four.
        if (Avx512F.IsSupported)
            return new((Avx512F.ConvertToVector512UInt32(Vector256.Load(source)) << 16).AsSingle());
        var (low, high) = Vector256.Widen(Vector256.Load(source));
        return new((Vector512.Create(low, high) << 16).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => _value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBFloat16(ushort* destination)
    {
        var bits = _value.AsUInt32();
        var even = (bits >> 16) & Vector512<uint>.One;
        var rounded = (bits + Vector512.Create(0x7FFFu) + even) >> 16;
        var quiet = (bits >> 16) | Vector512.Create(0x40u);
        var result = Vector512.ConditionalSelect(Vector512.IsNaN(_value).AsUInt32(), quiet, rounded);
        var narrow = Avx512F.IsSupported
            ? Avx512F.ConvertToVector256UInt16(result)
            : Vector256.Narrow(result.GetLower(), result.GetUpper());
        narrow.Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 operator +(Simd512 a, Simd512 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 operator -(Simd512 a, Simd512 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 operator *(Simd512 a, Simd512 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 operator /(Simd512 a, Simd512 b) => new(a._value / b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 FusedMultiplyAdd(Simd512 a, Simd512 b, Simd512 c) =>
        new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Max(Simd512 a, Simd512 b) => new(Vector512.Max(a._value, b._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 AtLeast(Simd512 bound, Simd512 x) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(x._value, bound._value), bound._value, x._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 AtMost(Simd512 bound, Simd512 x) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(x._value, bound._value), bound._value, x._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 IfNegative(Simd512 x, Simd512 negative, Simd512 other) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(x._value, Vector512<float>.Zero), negative._value, other._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 SquareRoot(Simd512 a) => new(Vector512.Sqrt(a._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Round(Simd512 a) => new(Vector512.Round(a._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 PowerOfTwo(Simd512 a) =>
        new(((Vector512.ConvertToInt32Native(a._value) + Vector512.Create(127)) << 23).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Vector512.Sum(_value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => new Simd256(Vector256.Max(_value.GetLower(), _value.GetUpper())).Largest();
}

/// <summary>Eight floats.</summary>
internal readonly unsafe struct Simd256(Vector256<float> value) : ISimd<Simd256>
{
    private readonly Vector256<float> _value = value;

    /// <inheritdoc/>
    public static int Count => 8;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Create(float value) => new(Vector256.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Load(float* source) => new(Vector256.Load(source));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 LoadBFloat16(ushort* source)
    {
        if (Avx2.IsSupported)
            return new((Avx2.ConvertToVector256Int32(Vector128.Load(source)) << 16).AsSingle());
        var (low, high) = Vector128.Widen(Vector128.Load(source));
        return new((Vector256.Create(low, high) << 16).AsSingle());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => _value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBFloat16(ushort* destination)
    {
        var bits = _value.AsUInt32();
        var even = (bits >> 16) & Vector256<uint>.One;
        var rounded = (bits + Vector256.Create(0x7FFFu) + even) >> 16;
        var quiet = (bits >> 16) | Vector256.Create(0x40u);
        var result = Vector256.ConditionalSelect(Vector256.IsNaN(_value).AsUInt32(), quiet, rounded);
        Vector128.Narrow(result.GetLower(), result.GetUpper()).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 operator +(Simd256 a, Simd256 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 operator -(Simd256 a, Simd256 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 operator *(Simd256 a, Simd256 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 operator /(Simd256 a, Simd256 b) => new(a._value / b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 FusedMultiplyAdd(Simd256 a, Simd256 b, Simd256 c) =>
        new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Max(Simd256 a, Simd256 b) => new(Vector256.Max(a._value, b._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 AtLeast(Simd256 bound, Simd256 x) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(x._value, bound._value), bound._value, x._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 AtMost(Simd256 bound, Simd256 x) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(x._value, bound._value), bound._value, x._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 IfNegative(Simd256 x, Simd256 negative, Simd256 other) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(x._value, Vector256<float>.Zero), negative._value, other._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 SquareRoot(Simd256 a) => new(Vector256.Sqrt(a._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Round(Simd256 a) => new(Vector256.Round(a._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 PowerOfTwo(Simd256 a) =>
        new(((Vector256.ConvertToInt32Native(a._value) + Vector256.Create(127)) << 23).AsSingle());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Vector256.Sum(_value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest()
    {
        var four = Vector128.Max(_value.GetLower(), _value.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}

/// <summary>One float: what the wide vectors do, spelled out.</summary>
internal readonly unsafe struct SimdPlain(float value) : ISimd<SimdPlain>
{
    private readonly float _value = value;

    /// <inheritdoc/>
    public static int Count => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain Create(float value) => new(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain Load(float* source) => new(*source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain LoadBFloat16(ushort* source) => new(BitConverter.UInt32BitsToSingle((uint)*source << 16));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => *destination = _value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBFloat16(ushort* destination)
    {
        var bits = BitConverter.SingleToUInt32Bits(_value);
        *destination = (ushort)(float.IsNaN(_value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain operator +(SimdPlain a, SimdPlain b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain operator -(SimdPlain a, SimdPlain b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain operator *(SimdPlain a, SimdPlain b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain operator /(SimdPlain a, SimdPlain b) => new(a._value / b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain FusedMultiplyAdd(SimdPlain a, SimdPlain b, SimdPlain c) =>
        new(MathF.FusedMultiplyAdd(a._value, b._value, c._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain Max(SimdPlain a, SimdPlain b) => new(MathF.Max(a._value, b._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain AtLeast(SimdPlain bound, SimdPlain x) => x._value < bound._value ? bound : x;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain AtMost(SimdPlain bound, SimdPlain x) => x._value > bound._value ? bound : x;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain IfNegative(SimdPlain x, SimdPlain negative, SimdPlain other) => x._value < 0 ? negative : other;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain SquareRoot(SimdPlain a) => new(MathF.Sqrt(a._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain Round(SimdPlain a) => new(MathF.Round(a._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain PowerOfTwo(SimdPlain a) =>
        new(BitConverter.Int32BitsToSingle((float.ConvertToIntegerNative<int>(a._value) + 127) << 23));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => _value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => _value;
}
