using System.Numerics.Tensors;
using Pursuit.Numerics;

namespace Pursuit.Selection.Features;

/// <summary>A few consecutive rows of one block, [rows, dimension], in one of the forms scans read.</summary>
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

    /// <summary>dots[i, j] = rows[i] . right[j], as stored (<see cref="RowScan"/>).</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="dimension">Numbers per row.</param>
    /// <param name="right">[count, dimension].</param>
    /// <param name="count">Right-hand sides.</param>
    /// <param name="dots">[rows, count].</param>
    internal void Dots(int rows, int dimension, ReadOnlySpan<float> right, int count, Span<float> dots)
    {
        switch (Element)
        {
            case FeatureElement.BF16:
                RowScan.Dots(BFloats, rows, dimension, right, count, dots);
                break;
            case FeatureElement.I8:
                RowScan.Dots(Bytes, rows, dimension, right, count, dots);
                break;
            default:
                RowScan.Dots(Floats, rows, dimension, right, count, dots);
                break;
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
