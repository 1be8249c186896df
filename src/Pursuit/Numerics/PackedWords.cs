using System.Numerics.Tensors;

namespace Pursuit.Numerics;

/// <summary>
/// Right-hand sides in 16 bits as <see cref="ByteScan"/> reads them: each rounded to multiples of 1/32,767 of its largest number, in
/// fours that stand together as in <see cref="PackedRights"/>.
/// </summary>
internal sealed unsafe class PackedWords
{
    /// <summary>Numbers of one right-hand side that stand together: a vector of the widest path.</summary>
    internal const int Lanes = 32;

    private readonly PinnedLines<short> _words;

    /// <summary>Rounds and packs right-hand sides.</summary>
    /// <param name="right">Finite numbers; those of one stand together.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="dim">Numbers of each.</param>
    /// <param name="stride">Numbers from one's first to the next's.</param>
    /// <exception cref="PursuitException">They don't fit in the span, or hold NaN or infinity.</exception>
    public PackedWords(ReadOnlySpan<float> right, int count, int dim, int stride)
    {
        PackedRights.Check("PackedWords", right.Length, count, dim, stride);
        (Count, Dimension) = (count, dim);
        Scales = new double[count];
        // Zeros fill the last vector: they add nothing.
        _words = new PinnedLines<short>((count + PackedRights.Together - 1) / PackedRights.Together * GroupLength(dim));
        for (var j = 0; j < count; j++)
        {
            Scales[j] = Round(right.Slice(j * stride, dim), j, out var error);
            SquaredError += error;
        }
    }

    /// <summary>Right-hand sides.</summary>
    public int Count { get; }

    /// <summary>Numbers of each.</summary>
    public int Dimension { get; }

    /// <summary>What each right-hand side's words are multiplied by, [Count].</summary>
    public double[] Scales { get; }

    /// <summary>sum_j ||right_j - scale_j words_j||^2.</summary>
    public double SquaredError { get; }

    /// <summary>The words, from a cache line's start; valid while this object is.</summary>
    internal short* Words => _words.Start;

    /// <summary>Copies the words of one right-hand side.</summary>
    /// <param name="index">Which.</param>
    /// <param name="destination">[Dimension].</param>
    public void CopyTo(int index, Span<short> destination)
    {
        var group = Group(index);
        for (var p = 0; p < Dimension; p++) destination[p] = group[p / Lanes * Lanes * PackedRights.Together + p % Lanes];
    }

    /// <summary>Words of four right-hand sides.</summary>
    internal static long GroupLength(int dim) => PackedRights.Together * (long)((dim + Lanes - 1) / Lanes * Lanes);

    private double Round(ReadOnlySpan<float> right, int index, out double error)
    {
        error = 0;
        var largest = right.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(right));
        if (!float.IsFinite(largest))
            throw PursuitException.At("PackedWords", $"a right-hand side whose largest number is {largest}", "finite numbers");
        if (largest == 0) return 0;
        var scale = largest / (double)short.MaxValue;
        var group = Group(index);
        for (var p = 0; p < right.Length; p++)
        {
            var rounded = Math.Round(right[p] / scale);
            group[p / Lanes * Lanes * PackedRights.Together + p % Lanes] = (short)rounded;
            error += (right[p] - scale * rounded) * (right[p] - scale * rounded);
        }

        return scale;
    }

    /// <summary>Where the words of one right-hand side begin, those of a vector's length at once.</summary>
    private short* Group(int index) =>
        Words + index / PackedRights.Together * GroupLength(Dimension) + index % PackedRights.Together * Lanes;
}
