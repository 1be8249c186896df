using System.Diagnostics;
using System.Runtime.InteropServices;
using Pursuit.Numerics;

namespace Pursuit.Storage;

/// <summary>Fills a piece of a tensor's bytes.</summary>
/// <param name="byteOffset">Where the piece starts within the tensor, a multiple of 8.</param>
/// <param name="destination">The piece; all of it must be filled. Its length is a multiple of the element's size.</param>
internal delegate void TensorFill(long byteOffset, Span<byte> destination);

/// <summary>A tensor on its way to a file: what the header says, and who fills its bytes piece by piece.</summary>
/// <param name="Name">The name; not "__metadata__".</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions, outermost first; empty for a scalar.</param>
/// <param name="Fill">Called in ascending order, once for each piece of about 1 MB.</param>
internal sealed record TensorToWrite(string Name, TensorType Type, IReadOnlyList<long> Shape, TensorFill Fill)
{
    /// <summary>A tensor whose little-endian bytes are in memory.</summary>
    public static TensorToWrite FromBytes(string name, TensorType type, IReadOnlyList<long> shape, ReadOnlyMemory<byte> data) =>
        SafetensorsHeader.ByteLength(type, shape) == data.Length
            ? new(name, type, shape, (offset, destination) => data.Span.Slice((int)offset, destination.Length).CopyTo(destination))
            : throw Mismatch(name, type, shape, data.Length, "bytes");

    /// <summary>An F32 tensor from floats in memory, row-major.</summary>
    public static TensorToWrite FromSingle(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> data)
    {
        CheckCount(name, TensorType.Float32, shape, data.Length);
        return new(name, TensorType.Float32, shape, (offset, destination) =>
            MemoryMarshal.AsBytes(data.Span.Slice((int)(offset / 4), destination.Length / 4)).CopyTo(destination));
    }

    /// <summary>A BF16 tensor from floats in memory, rounded to nearest even.</summary>
    public static TensorToWrite FromSingleAsBFloat16(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> data)
    {
        CheckCount(name, TensorType.BFloat16, shape, data.Length);
        return new(name, TensorType.BFloat16, shape, (offset, destination) =>
            FloatConversion.SingleToBFloat16(
                data.Span.Slice((int)(offset / 2), destination.Length / 2), MemoryMarshal.Cast<byte, ushort>(destination)));
    }

    /// <summary>A tensor of type F16, BF16 or F32 from floats in memory, rounded to nearest even.</summary>
    internal static TensorToWrite FromSingleAs(TensorType type, string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> data)
    {
        switch (type)
        {
            case TensorType.Float32:
                return FromSingle(name, shape, data);
            case TensorType.BFloat16:
                return FromSingleAsBFloat16(name, shape, data);
            case TensorType.Float16:
                CheckCount(name, type, shape, data.Length);
                return new(name, type, shape, (offset, destination) =>
                    FloatConversion.SingleToHalf(
                        data.Span.Slice((int)(offset / 2), destination.Length / 2), MemoryMarshal.Cast<byte, Half>(destination)));
            default:
                throw new UnreachableException($"{type} isn't a type of features");
        }
    }

    private static void CheckCount(string name, TensorType type, IReadOnlyList<long> shape, long elements)
    {
        if (SafetensorsHeader.ByteLength(type, shape) != elements * type.Bits() / 8)
            throw Mismatch(name, type, shape, elements, "elements");
    }

    private static PursuitException Mismatch(string name, TensorType type, IReadOnlyList<long> shape, long count, string unit) =>
        PursuitException.At(
            $"tensor '{name}'", $"shape [{string.Join(", ", shape)}] {type.FormatName()} and {count} {unit}", "as many as the shape says");
}
