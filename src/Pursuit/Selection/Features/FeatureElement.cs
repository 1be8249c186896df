namespace Pursuit.Selection.Features;

/// <summary>How a feature store keeps its numbers where a scan reads them without conversion.</summary>
public enum FeatureElement
{
    /// <summary>IEEE single precision, 4 bytes.</summary>
    F32,

    /// <summary>The upper half of a single, 2 bytes.</summary>
    BF16,

    /// <summary>Signed bytes, to be multiplied by the row's scale, 1 byte.</summary>
    I8,
}
