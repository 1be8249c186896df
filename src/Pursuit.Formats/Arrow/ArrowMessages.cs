using System.Buffers.Binary;
using Pursuit.Storage;

namespace Pursuit.Formats.Arrow;

/// <summary>Finds the messages of a file or a stream.</summary>
internal sealed class ArrowMessages
{
    private const int MagicBytes = 6;
    private const int BlockBytes = 24;
    private const int MostMetadataBytes = 256 << 20;
    private const int VersionFive = 4;

    private ArrowMessages(FlatTable schema)
    {
        Fields = ArrowField.Read(schema);
        KeyValues = [.. schema.Tables(2).Select(pair => new KeyValuePair<string, string?>(pair.Text(0) ?? "", pair.Text(1)))];
    }

    public List<ArrowField> Fields { get; }

    /// <summary>What the writer said of the whole: keys with their values.</summary>
    public List<KeyValuePair<string, string?>> KeyValues { get; }

    /// <summary>The batches, each with the dictionaries' messages that came before it.</summary>
    public List<(ArrowMessage Batch, int Dictionaries)> Batches { get; } = [];

    /// <summary>The dictionaries, in order.</summary>
    public List<ArrowMessage> Dictionaries { get; } = [];

    /// <summary>Reads a file's footer, or passes over a stream.</summary>
    public static ArrowMessages Read(MappedFile file)
    {
        if (file.Length >= 2 * MagicBytes && file.Bytes(0, MagicBytes).SequenceEqual("ARROW1"u8)) return ReadFile(file);
        return ReadStream(file);
    }

    private static ArrowMessages ReadFile(MappedFile file)
    {
        const int tail = MagicBytes + 4;
        if (!file.Bytes(file.Length - MagicBytes, MagicBytes).SequenceEqual("ARROW1"u8))
            throw new InvalidDataException(
                $"the file ends in the bytes {Convert.ToHexString(file.Bytes(file.Length - MagicBytes, MagicBytes))}, not in ARROW1");
        var length = BinaryPrimitives.ReadInt32LittleEndian(file.Bytes(file.Length - tail, 4));
        if (length <= 0 || length > MostMetadataBytes || length > file.Length - tail - MagicBytes)
            throw new InvalidDataException($"a footer of {length:N0} bytes in a file of {file.Length:N0}");
        var footer = FlatTable.Root(file.Bytes(file.Length - tail - length, length).ToArray());
        var messages = new ArrowMessages(footer.Table(1) ?? throw new InvalidDataException("no schema"));
        var end = file.Length - tail - length;
        foreach (var at in Blocks(footer, 2)) messages.Dictionaries.Add(Require(file, at, end, ArrowMessage.Dictionary));
        foreach (var at in Blocks(footer, 3))
            messages.Batches.Add((Require(file, at, end, ArrowMessage.Batch), messages.Dictionaries.Count));
        return messages;
    }

    private static List<long> Blocks(FlatTable footer, int slot)
    {
        var blocks = footer.Structs(slot, BlockBytes);
        var offsets = new List<long>();
        for (var i = 0; i < blocks.Length; i += BlockBytes) offsets.Add(BinaryPrimitives.ReadInt64LittleEndian(blocks[i..]));
        return offsets;
    }

    private static ArrowMessage Require(MappedFile file, long offset, long end, int kind) =>
        ReadMessage(file, offset, end) is { } message && message.Kind == kind
            ? message
            : throw new InvalidDataException($"the footer names a batch at byte {offset:N0}, and there is none");

    private static ArrowMessages ReadStream(MappedFile file)
    {
        var at = 0L;
        ArrowMessages? messages = null;
        while (at < file.Length && ReadMessage(file, at, file.Length) is { } message)
        {
            at = message.Body + message.BodyBytes;
            switch (message.Kind)
            {
                case ArrowMessage.Schema when messages is null:
                    messages = new ArrowMessages(message.Header);
                    break;
                case ArrowMessage.Dictionary when messages is not null:
                    messages.Dictionaries.Add(message);
                    break;
                case ArrowMessage.Batch when messages is not null:
                    messages.Batches.Add((message, messages.Dictionaries.Count));
                    break;
                default:
                    throw new InvalidDataException(messages is null
                        ? "a stream that doesn't begin with its schema"
                        : $"a message of kind {message.Kind} after the schema");
            }
        }

        return messages ?? throw new InvalidDataException("a stream without a schema");
    }

    /// <summary>The message at an offset; null at the stream's end.</summary>
    private static ArrowMessage? ReadMessage(MappedFile file, long offset, long end)
    {
        if (offset < 0 || offset > end - 4) throw Ends(offset);
        var length = BinaryPrimitives.ReadInt32LittleEndian(file.Bytes(offset, 4));
        var start = offset + 4;
        if (length == -1)
        {
            if (start > end - 4) throw Ends(start);
            length = BinaryPrimitives.ReadInt32LittleEndian(file.Bytes(start, 4));
            start += 4;
        }

        if (length == 0) return null;
        if (length < 0 || length > MostMetadataBytes || length > end - start)
            throw new InvalidDataException(
                $"metadata of {length:N0} bytes at byte {offset:N0}, of which {Math.Max(0, end - start):N0} are in the file");
        var table = FlatTable.Root(file.Bytes(start, length).ToArray());
        var body = start + length;
        var bodyBytes = table.Int64(3);
        if (bodyBytes < 0 || bodyBytes > end - body)
            throw new InvalidDataException($"a batch of {bodyBytes:N0} bytes at byte {body:N0}, of which {end - body:N0} are in the file");
        var header = table.Table(2) ?? throw new InvalidDataException($"a message without a header at byte {offset:N0}");
        return new ArrowMessage(header, table.Byte(1), body, bodyBytes, table.Int16(0) < VersionFive);
    }

    private static InvalidDataException Ends(long offset) => new($"the file ends at byte {offset:N0}, within a message");
}
