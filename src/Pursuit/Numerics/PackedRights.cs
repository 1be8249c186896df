namespace Pursuit.Numerics;

/// <summary>
/// Right-hand sides as <see cref="RowScan"/> reads them: in fours, sixteen numbers of each after sixteen of the one before, so that
/// all four are one stream. As streams of their own, a power of two apart, they would push each other out of the first-level cache.
/// </summary>
internal sealed unsafe class PackedRights
{
    /// <summary>Right-hand sides that stand together.</summary>
    internal const int Together = 4;

    private const int Lanes = 16;

    private readonly PinnedLines<float> _numbers;

    /// <summary>Packs right-hand sides.</summary>
    /// <param name="right">Where they are: the numbers of one stand together.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="dim">Numbers of each.</param>
    /// <param name="stride">Numbers from one's first to the next's.</param>
    /// <exception cref="PursuitException">They don't fit in the span.</exception>
    public PackedRights(ReadOnlySpan<float> right, int count, int dim, int stride)
    {
        Check("PackedRights", right.Length, count, dim, stride);
        (Count, Dimension) = (count, dim);
        _numbers = new PinnedLines<float>(Length(count, dim));
        fixed (float* source = right)
            Pack(source, count, dim, stride, Numbers);
    }

    /// <summary>Right-hand sides.</summary>
    public int Count { get; }

    /// <summary>Numbers of each.</summary>
    public int Dimension { get; }

    /// <summary>The packed numbers, from a cache line's start; valid while this object is.</summary>
    internal float* Numbers => _numbers.Start;

    /// <summary>Refuses right-hand sides that don't fit in what is given.</summary>
    internal static void Check(string name, int length, int count, int dim, int stride)
    {
        if (count < 1 || dim < 0 || stride < dim || length < (count - 1L) * stride + dim)
            throw PursuitException.At(
                name, $"{length} numbers", $"at least 1 right-hand side, here {count} of {dim} numbers, {stride} apart");
    }

    /// <summary>Numbers that <see cref="Pack"/> writes.</summary>
    internal static long Length(int count, int dim) =>
        count / Together * GroupLength(Together, dim) + (count % Together > 0 ? GroupLength(count % Together, dim) : 0);

    /// <summary>Numbers of a group of one to four, whole cache lines.</summary>
    internal static long GroupLength(int width, int dim) => (width == 1 ? 1L : Together) * ((dim + Lanes - 1) / Lanes * Lanes);

    /// <summary>Packs. A group of one is as it was; a group of two or three has its last once or twice more.</summary>
    internal static void Pack(float* right, int count, int dim, int stride, float* destination)
    {
        nint whole = dim / Lanes * Lanes, rest = dim - whole;
        for (var first = 0; first < count; first += Together)
        {
            var width = Math.Min(Together, count - first);
            var places = width == 1 ? 1 : Together;
            for (nint q = 0; q < places; q++)
            {
                var from = right + (first + Math.Min(q, width - 1)) * (nint)stride;
                for (nint p = 0; p < whole; p += Lanes)
                    new ReadOnlySpan<float>(from + p, Lanes).CopyTo(new Span<float>(destination + p * places + q * Lanes, Lanes));
                new ReadOnlySpan<float>(from + whole, (int)rest).CopyTo(
                    new Span<float>(destination + whole * places + q * rest, (int)rest));
            }

            destination += GroupLength(width, dim);
        }
    }
}
