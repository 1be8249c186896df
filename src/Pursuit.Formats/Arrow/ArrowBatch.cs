using System.Buffers.Binary;
using Pursuit.Storage;

namespace Pursuit.Formats.Arrow;

/// <summary>Where a message of a file is.</summary>
/// <param name="Header">Its header: a batch's or a dictionary's.</param>
/// <param name="Kind">What the header is.</param>
/// <param name="Body">Where the body begins.</param>
/// <param name="BodyBytes">The body's bytes.</param>
/// <param name="HasUnionValidity">Written before version 5 of the format, when unions had a buffer more.</param>
internal sealed record ArrowMessage(FlatTable Header, int Kind, long Body, long BodyBytes, bool HasUnionValidity)
{
    public const int Schema = 1;
    public const int Dictionary = 2;
    public const int Batch = 3;

    /// <summary>Rows of a batch.</summary>
    public long RowCount => Header.Int64(0);
}

/// <summary>Lays a batch's buffers out over its fields, in their depth-first order.</summary>
/// <param name="file">The file.</param>
/// <param name="message">Where the body is.</param>
/// <param name="batch">The batch's header.</param>
/// <param name="dictionaries">Finds a dictionary's parts.</param>
internal sealed class ArrowBatch(
    MappedFile file, ArrowMessage message, FlatTable batch, Func<ArrowField, IReadOnlyList<ArrowArray>> dictionaries)
{
    /// <summary>Values without bytes, such as nulls, that a batch may have beside those its bytes account for.</summary>
    private const long FreeValues = 1 << 20;

    private const long ValuesPerByte = 32_768;

    private int _node;
    private int _buffer;
    private int _variadic;

    /// <summary>The columns.</summary>
    public ArrowArray[] Read(IReadOnlyList<ArrowField> fields) => [.. fields.Select(Read)];

    /// <summary>One field's values.</summary>
    public ArrowArray Read(ArrowField field)
    {
        var nodes = batch.Structs(1, 16);
        if (_node * 16 >= nodes.Length) throw new InvalidDataException("a batch has fewer columns than the schema");
        var length = BinaryPrimitives.ReadInt64LittleEndian(nodes[(_node++ * 16)..]);
        var most = FreeValues + ValuesPerByte * message.BodyBytes;
        if (length < 0 || length > most)
            throw new InvalidDataException($"{length:N0} values in a batch of {message.BodyBytes:N0} bytes; at most {most:N0} are read");
        if (field.Dictionary is not null)
            return new ArrowArray
            {
                Field = field,
                Length = length,
                Validity = Next(),
                First = Next(),
                Dictionary = dictionaries(field),
            };
        var hasValidity = field.Kind is not (ArrowKind.Null or ArrowKind.RunEndEncoded)
            && (field.Kind != ArrowKind.Union || message.HasUnionValidity);
        return new ArrowArray
        {
            Field = field,
            Length = length,
            Validity = hasValidity ? Next() : null,
            First = field.Kind is ArrowKind.Null or ArrowKind.RunEndEncoded or ArrowKind.Struct or ArrowKind.FixedSizeList ? null : Next(),
            Second = HasSecond(field) ? Next() : null,
            Views = field.Kind is ArrowKind.Utf8View or ArrowKind.BinaryView ? NextViews() : [],
            Children = Read(field.Children),
        };
    }

    private static bool HasSecond(ArrowField field) => field.Kind is ArrowKind.Utf8 or ArrowKind.LargeUtf8 or ArrowKind.Binary
        or ArrowKind.LargeBinary or ArrowKind.ListView or ArrowKind.LargeListView
        || (field.Kind == ArrowKind.Union && field.IsDense);

    private List<ArrowBuffer> NextViews()
    {
        var counts = batch.Structs(4, 8);
        if (_variadic * 8 >= counts.Length) throw new InvalidDataException("a batch doesn't tell the buffers of its views");
        var count = BinaryPrimitives.ReadInt64LittleEndian(counts[(_variadic++ * 8)..]);
        var views = new List<ArrowBuffer>();
        for (var i = 0L; i < count; i++) views.Add(Next());
        return views;
    }

    private ArrowBuffer Next()
    {
        var buffers = batch.Structs(2, 16);
        if (_buffer * 16 >= buffers.Length) throw new InvalidDataException("a batch has fewer buffers than its columns need");
        var place = buffers.Slice(_buffer++ * 16, 16);
        var offset = BinaryPrimitives.ReadInt64LittleEndian(place);
        var length = BinaryPrimitives.ReadInt64LittleEndian(place[8..]);
        if (offset < 0 || length < 0 || offset > message.BodyBytes - length)
            throw new InvalidDataException($"a buffer of {length:N0} bytes at byte {offset:N0} of a body of {message.BodyBytes:N0}");
        var codec = batch.Table(3) is { } compression ? compression.Byte(0) : (int?)null;
        if (codec is not (null or ArrowBuffer.Lz4 or ArrowBuffer.Zstd)) throw new InvalidDataException($"the compression number {codec}");
        return new ArrowBuffer(file, message.Body + offset, length, codec);
    }
}
