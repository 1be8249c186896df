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
/// A vector of floats whose width is a type, so that a kernel is written once and compiled for each width.
/// Every operation is lane by lane with one rounding, so a kernel that fixes which lane sees which element
/// gives the same bits on every width.
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
    static abstract void Store(TSelf value, float* destination);

    /// <summary>Writes <see cref="Count"/> bf16 numbers, rounded to nearest, ties to even; NaN stays NaN.</summary>
    static abstract void StoreBFloat16(TSelf value, ushort* destination);

    /// <summary>a + b.</summary>
    static abstract TSelf Add(TSelf a, TSelf b);

    /// <summary>a * b.</summary>
    static abstract TSelf Multiply(TSelf a, TSelf b);

    /// <summary>a * b + c with one rounding.</summary>
    static abstract TSelf FusedMultiplyAdd(TSelf a, TSelf b, TSelf c);
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
    public static void Store(Simd512 value, float* destination) => value._value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Simd512 value, ushort* destination)
    {
        var bits = value._value.AsUInt32();
        var even = (bits >> 16) & Vector512<uint>.One;
        var rounded = (bits + Vector512.Create(0x7FFFu) + even) >> 16;
        var quiet = (bits >> 16) | Vector512.Create(0x40u);
        var result = Vector512.ConditionalSelect(Vector512.IsNaN(value._value).AsUInt32(), quiet, rounded);
        var narrow = Avx512F.IsSupported ? Avx512F.ConvertToVector256UInt16(result) : Vector256.Narrow(result.GetLower(), result.GetUpper());
        narrow.Store(destination);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Add(Simd512 a, Simd512 b) => new(a._value + b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Multiply(Simd512 a, Simd512 b) => new(a._value * b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 FusedMultiplyAdd(Simd512 a, Simd512 b, Simd512 c) => new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));
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
    public static void Store(Simd256 value, float* destination) => value._value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Simd256 value, ushort* destination)
    {
        var bits = value._value.AsUInt32();
        var even = (bits >> 16) & Vector256<uint>.One;
        var rounded = (bits + Vector256.Create(0x7FFFu) + even) >> 16;
        var quiet = (bits >> 16) | Vector256.Create(0x40u);
        var result = Vector256.ConditionalSelect(Vector256.IsNaN(value._value).AsUInt32(), quiet, rounded);
        Vector128.Narrow(result.GetLower(), result.GetUpper()).Store(destination);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Add(Simd256 a, Simd256 b) => new(a._value + b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Multiply(Simd256 a, Simd256 b) => new(a._value * b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 FusedMultiplyAdd(Simd256 a, Simd256 b, Simd256 c) => new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));
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
    public static void Store(SimdPlain value, float* destination) => *destination = value._value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(SimdPlain value, ushort* destination)
    {
        var bits = BitConverter.SingleToUInt32Bits(value._value);
        *destination = (ushort)(float.IsNaN(value._value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain Add(SimdPlain a, SimdPlain b) => new(a._value + b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain Multiply(SimdPlain a, SimdPlain b) => new(a._value * b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdPlain FusedMultiplyAdd(SimdPlain a, SimdPlain b, SimdPlain c) => new(MathF.FusedMultiplyAdd(a._value, b._value, c._value));
}
