using Pursuit.Formats.Parquet.Writing;

namespace Pursuit.Formats.Parquet;

/// <summary>What a file's footer says.</summary>
internal sealed class ParquetMetadata
{
    public List<SchemaElement> Schema { get; } = [];

    public List<RowGroup> RowGroups { get; } = [];

    /// <summary>What the writer said of the file: keys with their values.</summary>
    public List<KeyValuePair<string, string?>> KeyValues { get; } = [];

    /// <summary>Columns are encrypted, though the footer isn't.</summary>
    public bool IsEncrypted { get; private set; }

    /// <summary>Reads a footer.</summary>
    public static ParquetMetadata Read(ReadOnlySpan<byte> footer)
    {
        var metadata = new ParquetMetadata();
        var thrift = new ThriftReader(footer);
        thrift.BeginStruct();
        short field = 0;
        while (thrift.NextField(ref field, out var type))
        {
            switch (field, type)
            {
                case (2, ThriftType.List):
                    for (var left = thrift.BeginList(out _); left > 0; left--) metadata.Schema.Add(SchemaElement.Read(ref thrift));
                    break;
                case (4, ThriftType.List):
                    for (var left = thrift.BeginList(out _); left > 0; left--) metadata.RowGroups.Add(RowGroup.Read(ref thrift));
                    break;
                case (5, ThriftType.List):
                    for (var left = thrift.BeginList(out _); left > 0; left--) metadata.KeyValues.Add(ReadKeyValue(ref thrift));
                    break;
                case (8, ThriftType.Struct):
                    metadata.IsEncrypted = true;
                    thrift.Skip(type);
                    break;
                default:
                    thrift.Skip(type);
                    break;
            }
        }

        return metadata;
    }

    private static KeyValuePair<string, string?> ReadKeyValue(ref ThriftReader thrift)
    {
        var (key, value) = ("", (string?)null);
        thrift.BeginStruct();
        short field = 0;
        while (thrift.NextField(ref field, out var type))
        {
            switch (field, type)
            {
                case (1, ThriftType.Binary):
                    key = thrift.Text();
                    break;
                case (2, ThriftType.Binary):
                    value = thrift.Text();
                    break;
                default:
                    thrift.Skip(type);
                    break;
            }
        }

        return new KeyValuePair<string, string?>(key, value);
    }
}

/// <summary>A node of the schema, in depth-first order.</summary>
internal sealed record SchemaElement
{
    private const int TimeMillis = 7;
    private const int TimestampMillis = 9;
    private const int TimestampMicros = 10;

    public string Name { get; set; } = "";

    public PhysicalType? Type { get; set; }

    public int TypeLength { get; set; }

    public Repetition Repetition { get; set; }

    public int ChildCount { get; set; }

    /// <summary>The older annotation; -1 for none.</summary>
    public int Converted { get; set; } = -1;

    public int Scale { get; set; }

    /// <summary>Digits of a decimal number; 0 where it isn't said.</summary>
    public int Precision { get; set; }

    /// <summary>A number of the writer's; null for none.</summary>
    public int? FieldId { get; set; }

    /// <summary>The newer annotation as it is stored; empty for none.</summary>
    public byte[] LogicalBytes { get; set; } = [];

    /// <summary>The newer annotation's number among its kinds; 0 for none.</summary>
    public short Logical { get; set; }

    /// <summary>Digits after the second, for times.</summary>
    public int TimeDigits { get; set; }

    public bool IsUtc { get; set; }

    public int BitWidth { get; set; }

    public bool IsSigned { get; set; } = true;

    public static SchemaElement Read(ref ThriftReader thrift)
    {
        var element = new SchemaElement();
        var hasName = false;
        thrift.BeginStruct();
        short field = 0;
        while (thrift.NextField(ref field, out var type))
        {
            switch (field, type)
            {
                case (1, ThriftType.Int32):
                    element.Type = (PhysicalType)thrift.Int32();
                    break;
                case (2, ThriftType.Int32):
                    element.TypeLength = thrift.Int32();
                    break;
                case (3, ThriftType.Int32):
                    element.Repetition = (Repetition)thrift.Int32();
                    break;
                case (4, ThriftType.Binary):
                    element.Name = thrift.Text();
                    hasName = true;
                    break;
                case (5, ThriftType.Int32):
                    element.ChildCount = thrift.Int32();
                    break;
                case (6, ThriftType.Int32):
                    element.Converted = thrift.Int32();
                    break;
                case (7, ThriftType.Int32):
                    element.Scale = thrift.Int32();
                    break;
                case (8, ThriftType.Int32):
                    element.Precision = thrift.Int32();
                    break;
                case (9, ThriftType.Int32):
                    element.FieldId = thrift.Int32();
                    break;
                case (10, ThriftType.Struct):
                    var start = thrift.Position;
                    element.ReadLogical(ref thrift);
                    element.LogicalBytes = thrift.Since(start).ToArray();
                    break;
                default:
                    thrift.Skip(type);
                    break;
            }
        }

        if (!hasName) throw new InvalidDataException("a column without a name");
        if (element is { Logical: 0, Converted: >= TimeMillis and <= TimestampMicros })
        {
            // The older annotations: milliseconds or microseconds, and moments in UTC.
            element.TimeDigits = element.Converted is TimeMillis or TimestampMillis ? 3 : 6;
            element.IsUtc = true;
        }

        return element;
    }

    /// <summary>Writes it as <see cref="Read"/> reads it.</summary>
    /// <param name="thrift">Gets it.</param>
    /// <param name="isRoot">It is the record, which has no repetition.</param>
    /// <param name="children">A group's fields.</param>
    public void Write(ThriftWriter thrift, bool isRoot, int children)
    {
        thrift.BeginStruct();
        if (Type is { } type) thrift.Int32(1, (int)type);
        if (TypeLength > 0) thrift.Int32(2, TypeLength);
        if (!isRoot) thrift.Int32(3, (int)Repetition);
        thrift.Text(4, Name);
        if (Type is null) thrift.Int32(5, children);
        if (Converted >= 0) thrift.Int32(6, Converted);
        if (Scale != 0 || Precision != 0)
        {
            thrift.Int32(7, Scale);
            thrift.Int32(8, Precision);
        }

        if (FieldId is { } id) thrift.Int32(9, id);
        if (LogicalBytes.Length > 0) thrift.RawStruct(10, LogicalBytes);
        thrift.EndStruct();
    }

    private void ReadLogical(ref ThriftReader thrift)
    {
        thrift.BeginStruct();
        short kind = 0;
        while (thrift.NextField(ref kind, out var type))
        {
            Logical = kind;
            if (type != ThriftType.Struct)
            {
                thrift.Skip(type);
                continue;
            }

            thrift.BeginStruct();
            short field = 0;
            while (thrift.NextField(ref field, out var inner)) ReadParameter(ref thrift, kind, field, inner);
        }
    }

    private void ReadParameter(ref ThriftReader thrift, short kind, short field, ThriftType type)
    {
        switch (kind, field, type)
        {
            case (LogicalKinds.Decimal, 1, ThriftType.Int32):
                Scale = thrift.Int32();
                break;
            case (LogicalKinds.Decimal, 2, ThriftType.Int32):
                Precision = thrift.Int32();
                break;
            case (LogicalKinds.Time or LogicalKinds.Timestamp, 1, _):
                IsUtc = ThriftReader.Bool(type);
                break;
            case (LogicalKinds.Time or LogicalKinds.Timestamp, 2, ThriftType.Struct):
                thrift.BeginStruct();
                short unit = 0;
                while (thrift.NextField(ref unit, out var inner))
                {
                    TimeDigits = 3 * Math.Clamp((int)unit, 1, 3);
                    thrift.Skip(inner);
                }

                break;
            case (LogicalKinds.Integer, 1, ThriftType.Byte):
                BitWidth = thrift.Byte();
                break;
            case (LogicalKinds.Integer, 2, _):
                IsSigned = ThriftReader.Bool(type);
                break;
            default:
                thrift.Skip(type);
                break;
        }
    }
}

/// <summary>The numbers of logical types.</summary>
internal static class LogicalKinds
{
    public const short Text = 1;
    public const short Map = 2;
    public const short List = 3;
    public const short Enum = 4;
    public const short Decimal = 5;
    public const short Date = 6;
    public const short Time = 7;
    public const short Timestamp = 8;
    public const short Integer = 10;
    public const short Null = 11;
    public const short Json = 12;
    public const short Uuid = 14;
    public const short Float16 = 15;
}

/// <summary>How values are stored.</summary>
internal enum PhysicalType
{
    Boolean = 0,
    Int32 = 1,
    Int64 = 2,
    Int96 = 3,
    Float = 4,
    Double = 5,
    ByteArray = 6,
    FixedLenByteArray = 7,
}

/// <summary>How often a field may occur.</summary>
internal enum Repetition
{
    Required = 0,
    Optional = 1,
    Repeated = 2,
}

/// <summary>A row group.</summary>
internal sealed class RowGroup
{
    public List<ColumnChunk> Columns { get; } = [];

    public long RowCount { get; private set; }

    public static RowGroup Read(ref ThriftReader thrift)
    {
        var group = new RowGroup();
        thrift.BeginStruct();
        short field = 0;
        while (thrift.NextField(ref field, out var type))
        {
            switch (field, type)
            {
                case (1, ThriftType.List):
                    for (var left = thrift.BeginList(out _); left > 0; left--) group.Columns.Add(ColumnChunk.Read(ref thrift));
                    break;
                case (3, ThriftType.Int64):
                    group.RowCount = thrift.Int64();
                    break;
                default:
                    thrift.Skip(type);
                    break;
            }
        }

        return group;
    }
}

/// <summary>Where a column's pages of a row group are.</summary>
internal sealed record ColumnChunk
{
    public string? FilePath { get; private set; }

    public bool IsEncrypted { get; private set; }

    public bool HasMetadata { get; private set; }

    public PhysicalType Type { get; private set; }

    public int Codec { get; private set; }

    public long ValueCount { get; private set; }

    public long DataOffset { get; private set; }

    public long DictionaryOffset { get; private set; }

    /// <summary>The first page, a dictionary's where there is one.</summary>
    public long Start => DictionaryOffset > 0 && DictionaryOffset < DataOffset ? DictionaryOffset : DataOffset;

    public static ColumnChunk Read(ref ThriftReader thrift)
    {
        var chunk = new ColumnChunk();
        thrift.BeginStruct();
        short field = 0;
        while (thrift.NextField(ref field, out var type))
        {
            switch (field, type)
            {
                case (1, ThriftType.Binary):
                    chunk.FilePath = thrift.Text();
                    break;
                case (3, ThriftType.Struct):
                    chunk.ReadMetadata(ref thrift);
                    break;
                case (8, ThriftType.Struct):
                    chunk.IsEncrypted = true;
                    thrift.Skip(type);
                    break;
                default:
                    thrift.Skip(type);
                    break;
            }
        }

        return chunk;
    }

    private void ReadMetadata(ref ThriftReader thrift)
    {
        HasMetadata = true;
        thrift.BeginStruct();
        short field = 0;
        while (thrift.NextField(ref field, out var type))
        {
            switch (field, type)
            {
                case (1, ThriftType.Int32):
                    Type = (PhysicalType)thrift.Int32();
                    break;
                case (4, ThriftType.Int32):
                    Codec = thrift.Int32();
                    break;
                case (5, ThriftType.Int64):
                    ValueCount = thrift.Int64();
                    break;
                case (9, ThriftType.Int64):
                    DataOffset = thrift.Int64();
                    break;
                case (11, ThriftType.Int64):
                    DictionaryOffset = thrift.Int64();
                    break;
                default:
                    thrift.Skip(type);
                    break;
            }
        }
    }
}
