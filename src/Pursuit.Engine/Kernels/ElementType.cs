using System.Diagnostics.CodeAnalysis;

namespace Pursuit.Engine.Kernels;

/// <summary>What a <see cref="DeviceBuffer"/> holds.</summary>
internal enum ElementType
{
    /// <summary>Single precision: activations, gradients, moments, and weights that are trained.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "It is what people call the type.")]
    Float32,

    /// <summary>The upper half of a single, 2 bytes: weights as most models' files have them. They widen exactly.</summary>
    BFloat16,

    /// <summary>Token ids, positions, offsets and sequences' rows.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "It is what people call the type.")]
    Int32,
}

/// <summary>Facts of element types.</summary>
internal static class ElementTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Bytes(this ElementType type) => type == ElementType.BFloat16 ? sizeof(ushort) : sizeof(float);
}
