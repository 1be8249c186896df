using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Pursuit.Storage;

/// <summary>
/// Writes safetensors files that every reader of the format takes: larger elements first, so that each tensor is
/// aligned to its element; the header padded with spaces to a multiple of 8. The same input gives the same bytes.
/// </summary>
internal static class SafetensorsWriter
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Writes a file under its final name when it is whole.</summary>
    /// <param name="path">The file; its directory is created.</param>
    /// <param name="tensors">What to write; among tensors of one element size the order given is kept.</param>
    /// <param name="metadata">Free text for the header, written in ordinal order of its keys; null or empty for none.</param>
    /// <exception cref="PursuitException">Names repeat, a shape is impossible, or the file can't be written; nothing is left under
    /// its name.</exception>
    public static void Write(string path, IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var lengths = Check(path, tensors);
        var order = FileOrder(tensors);
        var header = Header(path, tensors, lengths, order, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixBytes];
            BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
            stream.Write(prefix);
            stream.Write(header);
            ForEachPiece(tensors, lengths, order, stream, static (bytes, stream) => stream.Write(bytes));
        });
    }

    /// <summary>The SHA-256 of the data that <see cref="Write"/> would put after the header, in lower-case hexadecimal.</summary>
    internal static string DataDigest(string path, IReadOnlyList<TensorToWrite> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ForEachPiece(tensors, Check(path, tensors), FileOrder(tensors), hash, static (bytes, hash) => hash.AppendData(bytes));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Larger elements first. OrderBy is stable, so the caller's order decides among equals.</summary>
    private static int[] FileOrder(IReadOnlyList<TensorToWrite> tensors) =>
        [.. Enumerable.Range(0, tensors.Count).OrderByDescending(i => tensors[i].Type.Bits())];

    private static void ForEachPiece<TState>(
        IReadOnlyList<TensorToWrite> tensors, long[] lengths, int[] order, TState state, ReadOnlySpanAction<byte, TState> take)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            foreach (var i in order)
            {
                for (var offset = 0L; offset < lengths[i]; offset += PieceBytes)
                {
                    var part = piece.AsSpan(0, (int)Math.Min(PieceBytes, lengths[i] - offset));
                    tensors[i].Fill(offset, part);
                    take(part, state);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private static long[] Check(string path, IReadOnlyList<TensorToWrite> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var lengths = new long[tensors.Count];
        var total = 0L;
        for (var i = 0; i < tensors.Count; i++)
        {
            var tensor = tensors[i];
            if (tensor.Name == SafetensorsHeader.MetadataName || !names.Add(tensor.Name))
                throw PursuitException.At(
                    path, $"tensor {i} named '{tensor.Name}'", $"a name of its own, other than {SafetensorsHeader.MetadataName}");
            var shape = string.Join(", ", tensor.Shape);
            if (tensor.Shape.Any(size => size < 0) || SafetensorsHeader.ByteLength(tensor.Type, tensor.Shape) is not { } length
                || length > long.MaxValue / 2 - total)
                throw PursuitException.At(
                    path, $"tensor '{tensor.Name}' of shape [{shape}] {tensor.Type.FormatName()}",
                    "sizes of 0 or more whose bytes are whole and can be counted in 63 bits");
            lengths[i] = length;
            total += length;
        }

        return lengths;
    }

    private static byte[] Header(
        string path, IReadOnlyList<TensorToWrite> tensors, long[] lengths, int[] order, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafetensorsHeader.MetadataName);
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(Whole(path, key), Whole(path, value));
                json.WriteEndObject();
            }

            var offset = 0L;
            foreach (var i in order)
            {
                json.WriteStartObject(Whole(path, tensors[i].Name));
                json.WriteString("dtype", tensors[i].Type.FormatName());
                json.WriteStartArray("shape");
                foreach (var size in tensors[i].Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += lengths[i]);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        var padding = (8 - buffer.WrittenCount % 8) % 8;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The text, unless it holds half a surrogate pair, which the JSON writer would silently replace.</summary>
    private static string Whole(string path, string text)
    {
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var used) != OperationStatus.Done)
                throw PursuitException.At(
                    path,
                    $"a name or metadata text with half a surrogate pair, U+{(int)rest[0]:X4}, at character {text.Length - rest.Length}",
                    "valid Unicode");
            rest = rest[used..];
        }

        return text;
    }
}
