using System.Buffers.Binary;

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
            throw PursuitException.At(file.Path, $"a file of {file.Length} bytes", $"a safetensors file, which starts with {PrefixBytes} bytes of header length", "The download may be incomplete.");
        GitLfsPointer.Refuse(file.Path, file.Bytes(0, (int)Math.Min(file.Length, GitLfsPointer.LongestBytes)));
        var declared = BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes(0, PrefixBytes));
        if (declared > (ulong)options.MaxHeaderBytes)
            throw PursuitException.At(file.Path, $"a header of {declared} bytes", $"at most {options.MaxHeaderBytes} bytes (SafetensorsOptions.MaxHeaderBytes)", "It may not be a safetensors file; if it is, raise the limit.");
        var headerBytes = (int)declared;
        if (headerBytes > file.Length - PrefixBytes)
            throw PursuitException.At(file.Path, $"a header of {headerBytes} bytes in a file of {file.Length}", $"at most {file.Length - PrefixBytes} bytes", "The download may be incomplete.");
        var json = file.Bytes(PrefixBytes, headerBytes);
        if (headerBytes < 2 || json[0] != '{')
            throw PursuitException.At(file.Path, headerBytes < 2 ? $"a header of {headerBytes} bytes" : $"a header that starts with byte 0x{json[0]:X2}", "a JSON object that starts with '{' (0x7B)", "It may not be a safetensors file.");

        var dataStart = PrefixBytes + (long)headerBytes;
        var (tensors, metadata) = Parse(file.Path, json, dataStart);
        CheckLayout(file.Path, tensors, dataStart, file.Length);
        return (tensors, metadata);
    }

    private static (List<TensorInfo> Tensors, Dictionary<string, string> Metadata) Parse(string path, ReadOnlySpan<byte> json, long dataStart)
    {
        var tensors = new List<TensorInfo>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var reader = new StrictJson(path, json);
        reader.BeginObject("the header");
        while (reader.NextName(out var name))
        {
            if (!names.Add(name))
                throw reader.Fault($"the name '{name}' for the second time", "each name once");
            if (name == MetadataName)
                ReadMetadata(ref reader, metadata);
            else
                tensors.Add(ReadTensor(ref reader, name, dataStart));
        }

        reader.End();
        return (tensors, metadata);
    }

    private static void ReadMetadata(ref StrictJson reader, Dictionary<string, string> metadata)
    {
        reader.BeginObject(MetadataName);
        while (reader.NextName(out var key))
        {
            if (!metadata.TryAdd(key, reader.String($"{MetadataName} '{key}'")))
                throw reader.Fault($"the {MetadataName} key '{key}' for the second time", "each key once");
        }
    }

    private static TensorInfo ReadTensor(ref StrictJson reader, string name, long dataStart)
    {
        string? typeName = null;
        List<long>? shape = null, offsets = null;
        reader.BeginObject($"tensor '{name}'");
        while (reader.NextName(out var field))
        {
            var repeated = field switch { "dtype" => typeName is not null, "shape" => shape is not null, "data_offsets" => offsets is not null, _ => false };
            if (repeated)
                throw reader.Fault($"tensor '{name}' has two {field}", "one");
            var what = $"{field} of tensor '{name}'";
            switch (field)
            {
                case "dtype":
                    typeName = reader.String(what);
                    break;
                case "shape":
                    shape = reader.NonNegatives(what);
                    break;
                case "data_offsets":
                    offsets = reader.NonNegatives(what);
                    break;
                default: // as the format's own reader does, so that newer files stay readable
                    reader.Skip(what);
                    break;
            }
        }

        if (typeName is null || shape is null || offsets is null)
            throw reader.Fault($"tensor '{name}' without {(typeName is null ? "dtype" : shape is null ? "shape" : "data_offsets")}", "dtype, shape and data_offsets");
        if (!TensorTypes.TryParse(typeName, out var type))
            throw reader.Fault($"tensor '{name}' of dtype '{typeName}'", $"one of {TensorTypes.AllNames}");
        if (offsets.Count != 2 || offsets[1] < offsets[0])
            throw reader.Fault($"tensor '{name}' with data_offsets [{string.Join(", ", offsets)}]", "[begin, end] with begin <= end");
        if (offsets[1] > long.MaxValue - dataStart)
            throw reader.Fault($"tensor '{name}' ends at byte {offsets[1]} of the data", "an end within the file");

        var length = offsets[1] - offsets[0];
        if (ByteLength(type, shape) is not { } needed)
            throw reader.Fault($"tensor '{name}' of shape [{string.Join(", ", shape)}] {typeName}, whose bytes can't be counted in 63 bits or aren't whole", "a shape that fits in the file");
        if (needed != length)
            throw reader.Fault($"tensor '{name}' of shape [{string.Join(", ", shape)}] {typeName}, which takes {needed} bytes, with data_offsets [{offsets[0]}, {offsets[1]}], which hold {length}", "the two to agree");
        return new TensorInfo(name, type, shape, dataStart + offsets[0], length);
    }

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
                    ? $"tensor '{tensor.Name}' starts at byte {tensor.Offset - dataStart} of the data, {end - tensor.Offset} bytes inside {previous}"
                    : $"a hole of {tensor.Offset - end} bytes before tensor '{tensor.Name}', which starts at byte {tensor.Offset - dataStart} of the data";
                throw PursuitException.At(path, found, $"its start at byte {end - dataStart}, right after {previous}", "The file is damaged or was made to mislead.");
            }

            end = tensor.Offset + tensor.ByteLength;
            previous = $"tensor '{tensor.Name}'";
        }

        if (end != fileLength)
            throw PursuitException.At(path, $"a file of {fileLength} bytes whose tensors end at byte {end}", $"{end} bytes", end > fileLength ? "The download may be incomplete." : "The file is damaged or was made to mislead.");
    }
}
