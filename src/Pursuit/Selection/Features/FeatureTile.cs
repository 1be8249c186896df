using System.Numerics.Tensors;
using Pursuit.Numerics;

namespace Pursuit.Selection.Features;

/// <summary>A few consecutive rows of one checkpoint, [rows, dimension], in one of the forms scans read.</summary>
public readonly ref struct FeatureTile
{
    /// <summary>Rows in single precision.</summary>
    public FeatureTile(ReadOnlySpan<float> rows)
    {
        Floats = rows;
        Element = FeatureElement.F32;
    }

    /// <summary>Rows in bf16.</summary>
    public FeatureTile(ReadOnlySpan<ushort> rows)
    {
        BFloats = rows;
        Element = FeatureElement.BF16;
    }

    /// <summary>Rows in signed bytes.</summary>
    public FeatureTile(ReadOnlySpan<sbyte> rows)
    {
        Bytes = rows;
        Element = FeatureElement.I8;
    }

    /// <summary>Which of the spans holds the rows.</summary>
    public FeatureElement Element { get; }

    /// <summary>The rows where <see cref="Element"/> is <see cref="FeatureElement.F32"/>.</summary>
    public ReadOnlySpan<float> Floats { get; }

    /// <summary>The rows where <see cref="Element"/> is <see cref="FeatureElement.BF16"/>.</summary>
    public ReadOnlySpan<ushort> BFloats { get; }

    /// <summary>The rows where <see cref="Element"/> is <see cref="FeatureElement.I8"/>.</summary>
    public ReadOnlySpan<sbyte> Bytes { get; }

    /// <summary>Adds multipliers[i] (rows[i] . right[j]) to each product.</summary>
    /// <param name="right">The checkpoint's right-hand sides.</param>
    /// <param name="multipliers">What each row is multiplied by, [rows].</param>
    /// <param name="room">The thread's own.</param>
    /// <param name="products">[rows, right.Count].</param>
    internal void AddProducts(TileRights right, ReadOnlySpan<float> multipliers, TileRoom room, Span<double> products)
    {
        var (rows, count) = (multipliers.Length, right.Count);
        if (Element == FeatureElement.I8)
        {
            var sums = room.Sums(rows * count);
            ByteScan.Dots(Bytes, rows, right.Words, sums);
            AddSums(right.Words.Scales, sums, multipliers, products);
            return;
        }

        var dots = room.Singles(rows * count);
        if (Element == FeatureElement.BF16) RowScan.Dots(BFloats, rows, right.Singles, dots);
        else RowScan.Dots(Floats, rows, right.Singles, dots);
        AddDots(count, dots, multipliers, products);
    }

    /// <summary>Adds multipliers[i] dots[i, j] to each product.</summary>
    /// <param name="count">Right-hand sides.</param>
    /// <param name="dots">Products with stored rows, [rows, count].</param>
    /// <param name="multipliers">What each row is multiplied by, [rows].</param>
    /// <param name="products">[rows, count].</param>
    internal static void AddDots(int count, ReadOnlySpan<float> dots, ReadOnlySpan<float> multipliers, Span<double> products)
    {
        for (int r = 0, k = 0; r < multipliers.Length; r++)
        {
            double multiplier = multipliers[r];
            for (var j = 0; j < count; j++, k++) products[k] += multiplier * dots[k];
        }
    }

    /// <summary>Adds multipliers[i] scales[j] sums[i, j] to each product.</summary>
    /// <param name="scales">What each right-hand side's words are multiplied by.</param>
    /// <param name="sums">Products of stored bytes with those words, [rows, right-hand sides].</param>
    /// <param name="multipliers">What each row is multiplied by, [rows].</param>
    /// <param name="products">[rows, right-hand sides].</param>
    internal static void AddSums(
        double[] scales, ReadOnlySpan<long> sums, ReadOnlySpan<float> multipliers, Span<double> products)
    {
        for (int r = 0, k = 0; r < multipliers.Length; r++)
        {
            double multiplier = multipliers[r];
            for (var j = 0; j < scales.Length; j++, k++) products[k] += multiplier * scales[j] * sums[k];
        }
    }

    /// <summary>Some of the tile's numbers in single precision, as stored.</summary>
    /// <param name="first">The first number.</param>
    /// <param name="destination">As many as it holds.</param>
    internal void CopyTo(int first, Span<float> destination)
    {
        switch (Element)
        {
            case FeatureElement.BF16:
                FloatConversion.BFloat16ToSingle(BFloats.Slice(first, destination.Length), destination);
                break;
            case FeatureElement.I8:
                TensorPrimitives.ConvertTruncating(Bytes.Slice(first, destination.Length), destination);
                break;
            default:
                Floats.Slice(first, destination.Length).CopyTo(destination);
                break;
        }
    }
}
