using System.Collections.Frozen;

namespace Pursuit.Storage;

// The names are the types: there is no better word for them.
#pragma warning disable CA1720
/// <summary>The element types of safetensors files. All are little-endian.</summary>
public enum TensorType
{
    /// <summary>BOOL: one byte, 0 or 1.</summary>
    Boolean,

    /// <summary>F4: four bits, two to a byte.</summary>
    Float4,

    /// <summary>F6_E2M3: six bits.</summary>
    Float6E2M3,

    /// <summary>F6_E3M2: six bits.</summary>
    Float6E3M2,

    /// <summary>U8.</summary>
    UInt8,

    /// <summary>I8.</summary>
    Int8,

    /// <summary>F8_E5M2.</summary>
    Float8E5M2,

    /// <summary>F8_E4M3.</summary>
    Float8E4M3,

    /// <summary>F8_E8M0: a power of two.</summary>
    Float8E8M0,

    /// <summary>I16.</summary>
    Int16,

    /// <summary>U16.</summary>
    UInt16,

    /// <summary>F16: IEEE half precision.</summary>
    Float16,

    /// <summary>BF16: the upper half of an F32.</summary>
    BFloat16,

    /// <summary>I32.</summary>
    Int32,

    /// <summary>U32.</summary>
    UInt32,

    /// <summary>F32.</summary>
    Float32,

    /// <summary>C64: two F32.</summary>
    Complex64,

    /// <summary>F64.</summary>
    Float64,

    /// <summary>I64.</summary>
    Int64,

    /// <summary>U64.</summary>
    UInt64,
}
#pragma warning restore CA1720

/// <summary>Names and sizes of <see cref="TensorType"/>.</summary>
internal static class TensorTypes
{
    private static readonly FrozenDictionary<TensorType, (string Name, int Bits)> Known = new Dictionary<TensorType, (string, int)>
    {
        [TensorType.Boolean] = ("BOOL", 8),
        [TensorType.Float4] = ("F4", 4),
        [TensorType.Float6E2M3] = ("F6_E2M3", 6),
        [TensorType.Float6E3M2] = ("F6_E3M2", 6),
        [TensorType.UInt8] = ("U8", 8),
        [TensorType.Int8] = ("I8", 8),
        [TensorType.Float8E5M2] = ("F8_E5M2", 8),
        [TensorType.Float8E4M3] = ("F8_E4M3", 8),
        [TensorType.Float8E8M0] = ("F8_E8M0", 8),
        [TensorType.Int16] = ("I16", 16),
        [TensorType.UInt16] = ("U16", 16),
        [TensorType.Float16] = ("F16", 16),
        [TensorType.BFloat16] = ("BF16", 16),
        [TensorType.Int32] = ("I32", 32),
        [TensorType.UInt32] = ("U32", 32),
        [TensorType.Float32] = ("F32", 32),
        [TensorType.Complex64] = ("C64", 64),
        [TensorType.Float64] = ("F64", 64),
        [TensorType.Int64] = ("I64", 64),
        [TensorType.UInt64] = ("U64", 64),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, TensorType> ByName = Known.ToFrozenDictionary(
        pair => pair.Value.Name, pair => pair.Key, StringComparer.Ordinal);

    /// <summary>The type's name in a header, such as BF16.</summary>
    public static string FormatName(this TensorType type) => Known[type].Name;

    /// <summary>Bits per element.</summary>
    public static int Bits(this TensorType type) => Known[type].Bits;

    /// <summary>
    /// True for the types that <see cref="SafetensorsFile.ReadSingle(string, Span{float})"/> converts: F16, BF16, F32, F64.
    /// </summary>
    public static bool ConvertsToSingle(this TensorType type) =>
        type is TensorType.Float16 or TensorType.BFloat16 or TensorType.Float32 or TensorType.Float64;

    /// <summary>Finds a type by its name in a header; names are case-sensitive.</summary>
    public static bool TryParse(string name, out TensorType type) => ByName.TryGetValue(name, out type);

    /// <summary>All names, for messages.</summary>
    internal static string AllNames => string.Join(", ", Known.OrderBy(pair => pair.Key).Select(pair => pair.Value.Name));
}
