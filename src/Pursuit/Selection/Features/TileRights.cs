using Pursuit.Numerics;

namespace Pursuit.Selection.Features;

/// <summary>
/// A pass's right-hand sides for one checkpoint, in whichever form the rows ask for: bytes are multiplied in whole numbers by words of
/// 16 bits (<see cref="ByteScan"/>), other rows in single precision (<see cref="RowScan"/>). Safe from several threads.
/// </summary>
/// <param name="rhs">[count, stride].</param>
/// <param name="count">Right-hand sides.</param>
/// <param name="stride">Numbers of a whole right-hand side.</param>
/// <param name="first">The checkpoint's first number in it.</param>
/// <param name="dimension">The checkpoint's numbers.</param>
internal sealed class TileRights(float[] rhs, int count, int stride, int first, int dimension)
{
    private PackedRights? _singles;
    private PackedWords? _words;

    /// <summary>Right-hand sides.</summary>
    public int Count => count;

    /// <summary>One as it was given, [dimension].</summary>
    public ReadOnlySpan<float> Given(int index) => rhs.AsSpan(checked(first + index * stride), dimension);

    /// <summary>In single precision.</summary>
    public PackedRights Singles =>
        LazyInitializer.EnsureInitialized(ref _singles, () => new PackedRights(rhs.AsSpan(first), count, dimension, stride));

    /// <summary>In 16 bits: each number off by at most 1/65,534 of its right-hand side's largest.</summary>
    public PackedWords Words =>
        LazyInitializer.EnsureInitialized(ref _words, () => new PackedWords(rhs.AsSpan(first), count, dimension, stride));
}

/// <summary>A thread's room for one tile's products.</summary>
/// <param name="most">Products at most.</param>
internal sealed class TileRoom(int most)
{
    private float[]? _singles;
    private long[]? _sums;
    private float[]? _row;
    private sbyte[]? _bytes;

    /// <summary>Products in single precision.</summary>
    public Span<float> Singles(int count) => (_singles ??= new float[most]).AsSpan(0, count);

    /// <summary>Sums of whole numbers.</summary>
    public Span<long> Sums(int count) => (_sums ??= new long[most]).AsSpan(0, count);

    /// <summary>A row in single precision.</summary>
    public Span<float> Row(int dimension) => _row ??= new float[dimension];

    /// <summary>Rows in signed bytes.</summary>
    public Span<sbyte> Bytes(int count) =>
        (_bytes is { } bytes && bytes.Length >= count ? bytes : _bytes = new sbyte[count]).AsSpan(0, count);
}
