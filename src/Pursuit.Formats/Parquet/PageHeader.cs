namespace Pursuit.Formats.Parquet;

/// <summary>What stands before a page.</summary>
internal sealed class PageHeader
{
    public const int DataPage = 0;
    public const int DictionaryPage = 2;
    public const int DataPageV2 = 3;

    /// <summary>One of the kinds above, or another that is passed over.</summary>
    public int Kind { get; private set; } = -1;

    public int PlainBytes { get; private set; }

    public int StoredBytes { get; private set; }

    /// <summary>The stored bytes' CRC-32, where it is given.</summary>
    public int? Checksum { get; private set; }

    public int ValueCount { get; private set; }

    /// <summary>Rows that begin in the page; -1 where it doesn't say.</summary>
    public int RowCount { get; private set; } = -1;

    public int Encoding { get; private set; }

    public int DefinitionEncoding { get; private set; } = Encodings.Rle;

    public int RepetitionEncoding { get; private set; } = Encodings.Rle;

    public int DefinitionBytes { get; private set; }

    public int RepetitionBytes { get; private set; }

    public bool IsCompressed { get; private set; } = true;

    /// <summary>Bytes of the header itself.</summary>
    public int Bytes { get; private set; }

    public static PageHeader Read(ReadOnlySpan<byte> bytes)
    {
        var header = new PageHeader();
        var thrift = new ThriftReader(bytes);
        thrift.BeginStruct();
        short field = 0;
        while (thrift.NextField(ref field, out var type))
        {
            switch (field, type)
            {
                case (1, ThriftType.Int32):
                    header.Kind = thrift.Int32();
                    break;
                case (2, ThriftType.Int32):
                    header.PlainBytes = thrift.Int32();
                    break;
                case (3, ThriftType.Int32):
                    header.StoredBytes = thrift.Int32();
                    break;
                case (4, ThriftType.Int32):
                    header.Checksum = thrift.Int32();
                    break;
                case (5 or 7, ThriftType.Struct):
                    header.ReadFirst(ref thrift);
                    break;
                case (8, ThriftType.Struct):
                    header.ReadSecond(ref thrift);
                    break;
                default:
                    thrift.Skip(type);
                    break;
            }
        }

        header.Bytes = thrift.Position;
        if (header.PlainBytes < 0 || header.StoredBytes < 0 || header.ValueCount < 0
            || header.DefinitionBytes < 0 || header.RepetitionBytes < 0)
            throw new InvalidDataException("a negative size in a page header");
        return header;
    }

    /// <summary>A page of version 1, or a dictionary's, whose first two fields are the same.</summary>
    private void ReadFirst(ref ThriftReader thrift)
    {
        thrift.BeginStruct();
        short field = 0;
        while (thrift.NextField(ref field, out var type))
        {
            switch (field, type)
            {
                case (1, ThriftType.Int32):
                    ValueCount = thrift.Int32();
                    break;
                case (2, ThriftType.Int32):
                    Encoding = thrift.Int32();
                    break;
                case (3, ThriftType.Int32):
                    DefinitionEncoding = thrift.Int32();
                    break;
                case (4, ThriftType.Int32):
                    RepetitionEncoding = thrift.Int32();
                    break;
                default:
                    thrift.Skip(type);
                    break;
            }
        }
    }

    private void ReadSecond(ref ThriftReader thrift)
    {
        thrift.BeginStruct();
        short field = 0;
        while (thrift.NextField(ref field, out var type))
        {
            switch (field, type)
            {
                case (1, ThriftType.Int32):
                    ValueCount = thrift.Int32();
                    break;
                case (3, ThriftType.Int32):
                    RowCount = thrift.Int32();
                    break;
                case (4, ThriftType.Int32):
                    Encoding = thrift.Int32();
                    break;
                case (5, ThriftType.Int32):
                    DefinitionBytes = thrift.Int32();
                    break;
                case (6, ThriftType.Int32):
                    RepetitionBytes = thrift.Int32();
                    break;
                case (7, _):
                    IsCompressed = ThriftReader.Bool(type);
                    break;
                default:
                    thrift.Skip(type);
                    break;
            }
        }
    }
}

/// <summary>The numbers of encodings.</summary>
internal static class Encodings
{
    public const int Plain = 0;
    public const int PlainDictionary = 2;
    public const int Rle = 3;
    public const int DeltaBinaryPacked = 5;
    public const int DeltaLengthByteArray = 6;
    public const int DeltaByteArray = 7;
    public const int RleDictionary = 8;
    public const int ByteStreamSplit = 9;

    /// <summary>An encoding's name, as the specification has it.</summary>
    public static string NameOf(int encoding) => encoding switch
    {
        Plain => "PLAIN",
        PlainDictionary => "PLAIN_DICTIONARY",
        Rle => "RLE",
        4 => "BIT_PACKED",
        DeltaBinaryPacked => "DELTA_BINARY_PACKED",
        DeltaLengthByteArray => "DELTA_LENGTH_BYTE_ARRAY",
        DeltaByteArray => "DELTA_BYTE_ARRAY",
        RleDictionary => "RLE_DICTIONARY",
        ByteStreamSplit => "BYTE_STREAM_SPLIT",
        _ => $"number {encoding}",
    };
}
