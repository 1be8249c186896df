using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pursuit.Numerics;

/// <summary>A vector of 16-bit words, or of 32-bit sums of their products, whose width is a type.</summary>
internal unsafe interface IWords<TSelf>
    where TSelf : unmanaged, IWords<TSelf>
{
    /// <summary>Words per vector.</summary>
    static abstract int Count { get; }

    /// <summary>
    /// Numbers of a row after which sums of byte times word may leave 32 bits; a multiple of <see cref="PackedWords.Lanes"/>.
    /// </summary>
    static abstract int MostNumbers { get; }

    /// <summary>Reads words.</summary>
    static abstract TSelf Load(short* source);

    /// <summary>Reads bytes, widened.</summary>
    static abstract TSelf Widen(sbyte* source);

    /// <summary>Adds products of words to sums.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf sums);

    /// <summary>All sums together.</summary>
    static abstract long Sum(TSelf sums);
}

/// <summary>Thirty-two words.</summary>
internal readonly unsafe struct Words512(Vector512<int> value) : IWords<Words512>
{
    private readonly Vector512<int> _value = value;

    /// <inheritdoc/>
    public static int Count => 32;

    /// <summary>A lane's sum of 2 x 256 products of at most 128 x 32,767 just fits.</summary>
    public static int MostNumbers => 256 * Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 Load(short* source) => new(Vector512.Load((int*)source));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 Widen(sbyte* source) => new(Avx512BW.ConvertToVector512Int16(Vector256.Load(source)).AsInt32());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 MultiplyAdd(Words512 a, Words512 b, Words512 sums) =>
        new(sums._value + Avx512BW.MultiplyAddAdjacent(a._value.AsInt16(), b._value.AsInt16()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Sum(Words512 sums)
    {
        var (low, high) = Vector512.Widen(sums._value);
        return Vector512.Sum(low + high);
    }
}

/// <summary>Sixteen words.</summary>
internal readonly unsafe struct Words256(Vector256<int> value) : IWords<Words256>
{
    private readonly Vector256<int> _value = value;

    /// <inheritdoc/>
    public static int Count => 16;

    /// <inheritdoc cref="Words512.MostNumbers"/>
    public static int MostNumbers => 256 * Count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 Load(short* source) => new(Vector256.Load((int*)source));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 Widen(sbyte* source) => new(Avx2.ConvertToVector256Int16(Vector128.Load(source)).AsInt32());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 MultiplyAdd(Words256 a, Words256 b, Words256 sums) =>
        new(sums._value + Avx2.MultiplyAddAdjacent(a._value.AsInt16(), b._value.AsInt16()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Sum(Words256 sums)
    {
        var (low, high) = Vector256.Widen(sums._value);
        return Vector256.Sum(low + high);
    }
}

/// <summary>One word at a time; for machines without these instructions, and the easiest to read.</summary>
internal readonly unsafe struct WordsPlain(long value) : IWords<WordsPlain>
{
    private readonly long _value = value;

    /// <inheritdoc/>
    public static int Count => 1;

    /// <summary>Its sums have 64 bits.</summary>
    public static int MostNumbers => int.MaxValue / PackedWords.Lanes * PackedWords.Lanes;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordsPlain Load(short* source) => new(*source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordsPlain Widen(sbyte* source) => new(*source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordsPlain MultiplyAdd(WordsPlain a, WordsPlain b, WordsPlain sums) => new(sums._value + a._value * b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Sum(WordsPlain sums) => sums._value;
}

/// <summary>One row's running sums against a few right-hand sides; a struct stays in registers.</summary>
internal unsafe interface IWordSums<TSelf, TWords>
    where TSelf : unmanaged, IWordSums<TSelf, TWords>
    where TWords : unmanaged, IWords<TWords>
{
    /// <summary>A vector of each right-hand side (<see cref="PackedWords"/>).</summary>
    static abstract TSelf Load(short* right);

    /// <summary>sums + row * right.</summary>
    static abstract TSelf MultiplyAdd(TWords row, TSelf right, TSelf sums);

    /// <summary>Adds the sum of each of the first <paramref name="width"/> right-hand sides.</summary>
    static abstract void AddTo(TSelf sums, long* destination, int width);
}

/// <summary>The first of the four right-hand sides.</summary>
internal unsafe struct WordSums1<TWords> : IWordSums<WordSums1<TWords>, TWords>
    where TWords : unmanaged, IWords<TWords>
{
    private TWords _v0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordSums1<TWords> Load(short* right) => new() { _v0 = TWords.Load(right) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordSums1<TWords> MultiplyAdd(TWords row, WordSums1<TWords> right, WordSums1<TWords> sums) =>
        new() { _v0 = TWords.MultiplyAdd(row, right._v0, sums._v0) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(WordSums1<TWords> sums, long* destination, int width) => destination[0] += TWords.Sum(sums._v0);
}

/// <summary>Four right-hand sides.</summary>
internal unsafe struct WordSums4<TWords> : IWordSums<WordSums4<TWords>, TWords>
    where TWords : unmanaged, IWords<TWords>
{
    private TWords _v0;
    private TWords _v1;
    private TWords _v2;
    private TWords _v3;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordSums4<TWords> Load(short* right) => new()
    {
        _v0 = TWords.Load(right),
        _v1 = TWords.Load(right + PackedWords.Lanes),
        _v2 = TWords.Load(right + 2 * PackedWords.Lanes),
        _v3 = TWords.Load(right + 3 * PackedWords.Lanes),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordSums4<TWords> MultiplyAdd(TWords row, WordSums4<TWords> right, WordSums4<TWords> sums) => new()
    {
        _v0 = TWords.MultiplyAdd(row, right._v0, sums._v0),
        _v1 = TWords.MultiplyAdd(row, right._v1, sums._v1),
        _v2 = TWords.MultiplyAdd(row, right._v2, sums._v2),
        _v3 = TWords.MultiplyAdd(row, right._v3, sums._v3),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(WordSums4<TWords> sums, long* destination, int width)
    {
        destination[0] += TWords.Sum(sums._v0);
        destination[1] += TWords.Sum(sums._v1);
        if (width > 2) destination[2] += TWords.Sum(sums._v2);
        if (width > 3) destination[3] += TWords.Sum(sums._v3);
    }
}
