namespace Pursuit.Selection.Features;

/// <summary>A few consecutive rows of one block, [rows, dimension], in one of the two forms scans read.</summary>
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

    /// <summary>Which of the two spans holds the rows.</summary>
    public FeatureElement Element { get; }

    /// <summary>The rows where <see cref="Element"/> is <see cref="FeatureElement.F32"/>.</summary>
    public ReadOnlySpan<float> Floats { get; }

    /// <summary>The rows where <see cref="Element"/> is <see cref="FeatureElement.BF16"/>.</summary>
    public ReadOnlySpan<ushort> BFloats { get; }
}
