using System.Buffers.Binary;
using System.Text.Json;

namespace Pursuit.Storage;

/// <summary>
/// The header of a safetensors file: 8 bytes of length (little-endian), then JSON
/// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {text: text}}, then the data.
/// Read as https://github.com/huggingface/safetensors (README, "Format") says, and as strictly as its Rust reader.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>Bytes of the length in front.</summary>
    public const int PrefixBytes = 8;

    /// <summary>The name that holds free text instead of a tensor.</summary>
    public const string MetadataName = "__metadata__";

    /// <summary>Reads and checks the header of a mapped file.</summary>
    /// <exception cref="PursuitException">Anything in it is wrong; says what, with numbers.</exception>
    public static (List<TensorInfo> Tensors, Dictionary<string, string> Metadata) Read(MappedFile file, SafetensorsOptions options)
    {
        if (file.Length < PrefixBytes)
            throw PursuitException.At(
                file.Path, $"a file of {file.Length} bytes", $"a safetensors file, which starts with {PrefixBytes} bytes of header length",
                "The download may be incomplete.");
        GitLfsPointer.Refuse(file.Path, file.Bytes(0, (int)Math.Min(file.Length, GitLfsPointer.LongestBytes)));
        var declared = BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes(0, PrefixBytes));
        if (declared > (ulong)options.MaxHeaderBytes)
            throw PursuitException.At(
                file.Path, $"a header of {declared} bytes", $"at most {options.MaxHeaderBytes} bytes (SafetensorsOptions.MaxHeaderBytes)",
                "It may not be a safetensors file; if it is, raise the limit.");
        var headerBytes = (int)declared;
        if (headerBytes > file.Length - PrefixBytes)
            throw PursuitException.At(
                file.Path, $"a header of {headerBytes} bytes in a file of {file.Length}", $"at most {file.Length - PrefixBytes} bytes",
                "The download may be incomplete.");
        var json = file.Bytes(PrefixBytes, headerBytes);
        if (headerBytes < 2 || json[0] != '{')
            throw PursuitException.At(
                file.Path, headerBytes < 2 ? $"a header of {headerBytes} bytes" : $"a header that starts with byte 0x{json[0]:X2}",
                "a JSON object that starts with '{' (0x7B)", "It may not be a safetensors file.");

        var dataStart = PrefixBytes + (long)headerBytes;
        var (tensors, metadata) = Parse(file.Path, json, dataStart);
        CheckLayout(file.Path, tensors, dataStart, file.Length);
        return (tensors, metadata);
    }

    private static (List<TensorInfo> Tensors, Dictionary<string, string> Metadata) Parse(
        string path, ReadOnlySpan<byte> json, long dataStart)
    {
        using var header = JsonFile.Parse(json.ToArray(), $"{path}, header");
        var tensors = new List<TensorInfo>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in header.Root.Properties())
        {
            if (name != MetadataName)
            {
                tensors.Add(ReadTensor(value, name, dataStart));
                continue;
            }

            foreach (var (key, text) in value.Properties()) metadata.Add(key, text.Text());
        }

        return (tensors, metadata);
    }

    /// <summary>Unknown fields are skipped, as the format's own reader does, so that newer files stay readable.</summary>
    private static TensorInfo ReadTensor(JsonField field, string name, long dataStart)
    {
        var typeName = field["dtype"].IsNull ? null : field["dtype"].Text();
        var shape = Sizes(field["shape"]);
        var offsets = Sizes(field["data_offsets"]);
        if (typeName is null || shape is null || offsets is null)
            throw Fault(
                field, $"tensor '{name}' without {(typeName is null ? "dtype" : shape is null ? "shape" : "data_offsets")}",
                "dtype, shape and data_offsets");
        if (!TensorTypes.TryParse(typeName, out var type))
            throw Fault(field, $"tensor '{name}' of dtype '{typeName}'", $"one of {TensorTypes.AllNames}");
        if (offsets.Count != 2 || offsets[1] < offsets[0])
            throw Fault(field, $"tensor '{name}' with data_offsets [{string.Join(", ", offsets)}]", "[begin, end] with begin <= end");
        if (offsets[1] > long.MaxValue - dataStart)
            throw Fault(field, $"tensor '{name}' ends at byte {offsets[1]} of the data", "an end within the file");

        var length = offsets[1] - offsets[0];
        if (ByteLength(type, shape) is not { } needed)
            throw Fault(
                field,
                $"tensor '{name}' of shape [{string.Join(", ", shape)}] {typeName}, whose bytes can't be counted "
                    + "in 63 bits or aren't whole",
                "a shape that fits in the file");
        if (needed != length)
            throw Fault(
                field,
                $"tensor '{name}' of shape [{string.Join(", ", shape)}] {typeName}, which takes {needed} bytes, with data_offsets "
                    + $"[{offsets[0]}, {offsets[1]}], which hold {length}",
                "the two to agree");
        return new TensorInfo(name, type, shape, dataStart + offsets[0], length);
    }

    /// <summary>Whole numbers, written as such: 2.0 is none here, where the format's own reader takes none.</summary>
    private static List<long>? Sizes(JsonField field)
    {
        if (field.IsNull) return null;
        var sizes = new List<long>();
        foreach (var item in field.Items())
        {
            sizes.Add(item.Element.ValueKind == JsonValueKind.Number && item.Element.TryGetInt64(out var size) && size >= 0
                ? size
                : throw item.Fault($"whole numbers from 0 to {long.MaxValue}"));
        }

        return sizes;
    }

    private static PursuitException Fault(JsonField field, string found, string expected) =>
        PursuitException.At(field.Where, found, expected, "The file is damaged or was written by a faulty program; get it again.");

    /// <summary>Bytes of a tensor, or null when they overflow or don't fill whole bytes.</summary>
    internal static long? ByteLength(TensorType type, IReadOnlyList<long> shape)
    {
        try
        {
            var elements = 1L;
            foreach (var size in shape)
                elements = checked(elements * size);
            var bits = checked((UInt128)elements * (uint)type.Bits());
            return bits % 8 == 0 ? checked((long)(bits / 8)) : null;
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>Every byte of the data belongs to exactly one tensor.</summary>
    private static void CheckLayout(string path, List<TensorInfo> tensors, long dataStart, long fileLength)
    {
        tensors.Sort((a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset)
            : a.ByteLength != b.ByteLength ? a.ByteLength.CompareTo(b.ByteLength)
            : string.CompareOrdinal(a.Name, b.Name));
        var end = dataStart;
        var previous = "the header";
        foreach (var tensor in tensors)
        {
            if (tensor.Offset != end)
            {
                var found = tensor.Offset < end
                    ? $"tensor '{tensor.Name}' starts at byte {tensor.Offset - dataStart} of the data, "
                        + $"{end - tensor.Offset} bytes inside {previous}"
                    : $"a hole of {tensor.Offset - end} bytes before tensor '{tensor.Name}', which starts at byte "
                        + $"{tensor.Offset - dataStart} of the data";
                throw PursuitException.At(
                    path, found, $"its start at byte {end - dataStart}, right after {previous}",
                    "The file is damaged or was made to mislead.");
            }

            end = tensor.Offset + tensor.ByteLength;
            previous = $"tensor '{tensor.Name}'";
        }

        if (end != fileLength)
            throw PursuitException.At(
                path, $"a file of {fileLength} bytes whose tensors end at byte {end}", $"{end} bytes",
                end > fileLength ? "The download may be incomplete." : "The file is damaged or was made to mislead.");
    }
}
