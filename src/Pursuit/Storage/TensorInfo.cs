namespace Pursuit.Storage;

/// <summary>What a safetensors header says of one tensor; every number has been checked against the file.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions, outermost first (row-major); empty for a scalar.</param>
/// <param name="Offset">Where its first byte is, from the start of the file.</param>
/// <param name="ByteLength">Bytes it takes.</param>
internal sealed record TensorInfo(string Name, TensorType Type, IReadOnlyList<long> Shape, long Offset, long ByteLength)
{
    /// <summary>Elements: the product of the shape.</summary>
    public long ElementCount => ByteLength * 8 / Type.Bits();

    /// <summary>Such as "[32000, 288] BF16".</summary>
    public string Describe() => $"[{string.Join(", ", Shape)}] {Type.FormatName()}";
}
