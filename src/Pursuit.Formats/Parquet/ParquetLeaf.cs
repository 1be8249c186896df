using System.Buffers.Binary;
using System.Numerics;
using System.Text.Unicode;
using Pursuit.Formats.Parquet.Writing;
using Pursuit.Formats.Rows;

namespace Pursuit.Formats.Parquet;

/// <summary>What a column's values mean.</summary>
internal enum LeafMeaning
{
    Boolean,
    Integer,
    Unsigned32,
    Unsigned64,
    Float,
    Double,
    Half,
    Text,
    Binary,
    Date,
    Time,
    Timestamp,
    Int96,
    Decimal,
    Uuid,
}

/// <summary>A column.</summary>
internal sealed class ParquetLeaf(string name, SchemaElement element, LeafMeaning meaning) : ParquetNode(name)
{
    private const long JulianEpoch = 2_440_588;

    /// <summary>How values are stored.</summary>
    public PhysicalType Storage { get; } = element.Type!.Value;

    /// <summary>Bytes of a value; 0 where they vary.</summary>
    public int Width { get; } = ValueDecoder.WidthOf(element.Type!.Value, element.TypeLength);

    /// <summary>The definition level of a value that is there.</summary>
    public int MostDefinition { get; init; }

    public int MostRepetition { get; init; }

    /// <summary>Its values' spelling in JSON has quotes.</summary>
    public bool IsQuoted => meaning is LeafMeaning.Text or LeafMeaning.Binary or LeafMeaning.Date or LeafMeaning.Time
        or LeafMeaning.Timestamp or LeafMeaning.Int96 or LeafMeaning.Uuid;

    /// <summary>Its values in the row group that is open.</summary>
    public ColumnReader? Reader { get; set; }

    public override IReadOnlyList<ParquetLeaf> Leaves => field ??= [this];

    public override string Type => meaning switch
    {
        LeafMeaning.Boolean => "bool",
        LeafMeaning.Integer => element.BitWidth > 0 ? $"int{element.BitWidth}" : Storage == PhysicalType.Int32 ? "int32" : "int64",
        LeafMeaning.Unsigned32 => "uint32",
        LeafMeaning.Unsigned64 => "uint64",
        LeafMeaning.Float => "float",
        LeafMeaning.Double => "double",
        LeafMeaning.Half => "float16",
        LeafMeaning.Text => "string",
        LeafMeaning.Int96 => "timestamp",
        _ => meaning.ToString().ToLowerInvariant(),
    };

    /// <summary>Stores its entries of the row at which it stands, and moves it on.</summary>
    /// <param name="column">Its number.</param>
    /// <param name="row">Gets them.</param>
    public void Store(int column, RowBuffer row)
    {
        var reader = Reader!;
        do
        {
            row.Levels(column, reader.Repetition, reader.Definition);
            if (reader.Definition == MostDefinition) StoreValue(column, row);
            reader.Advance();
        }
        while (!reader.IsAtEnd && reader.Repetition > 0);
    }

    private void StoreValue(int column, RowBuffer row)
    {
        ref var value = ref Reader!.Value;
        switch (Storage)
        {
            case PhysicalType.Boolean:
                row.Byte(column, (byte)value.Number);
                break;
            case PhysicalType.Int32 or PhysicalType.Float:
                row.Int32(column, (int)value.Number);
                break;
            case PhysicalType.Int64 or PhysicalType.Double:
                row.Int64(column, value.Number);
                break;
            case PhysicalType.ByteArray:
                row.Text(column, value.Bytes);
                break;
            default:
                row.Fixed(column, value.Bytes);
                break;
        }
    }

    protected override void WriteValue(JsonRow row)
    {
        ref var value = ref Reader!.Value;
        switch (meaning)
        {
            case LeafMeaning.Boolean:
                row.Boolean(value.Number != 0);
                break;
            case LeafMeaning.Integer:
                row.Integer(value.Number);
                break;
            case LeafMeaning.Unsigned32:
                row.Integer((long)(uint)value.Number);
                break;
            case LeafMeaning.Unsigned64:
                row.Integer((ulong)value.Number);
                break;
            case LeafMeaning.Float:
                row.Number(BitConverter.Int32BitsToSingle((int)value.Number));
                break;
            case LeafMeaning.Double:
                row.Number(BitConverter.Int64BitsToDouble(value.Number));
                break;
            case LeafMeaning.Half:
                row.Number(BinaryPrimitives.ReadHalfLittleEndian(value.Bytes));
                break;
            case LeafMeaning.Text:
                row.Text(value.Bytes);
                break;
            case LeafMeaning.Binary:
                // Older writers don't mark texts; what isn't one is told in JSON's usual way for bytes.
                if (Utf8.IsValid(value.Bytes)) row.Text(value.Bytes);
                else row.Base64(value.Bytes);
                break;
            case LeafMeaning.Date:
                IsoTimes.Date(row, value.Number);
                break;
            case LeafMeaning.Time:
                IsoTimes.Time(row, value.Number, element.TimeDigits);
                break;
            case LeafMeaning.Timestamp:
                IsoTimes.Timestamp(row, value.Number, element.TimeDigits, element.IsUtc ? "Z" : "");
                break;
            case LeafMeaning.Int96:
                WriteInt96(row, value.Bytes);
                break;
            case LeafMeaning.Decimal:
                row.Decimal(
                    Storage is PhysicalType.Int32 or PhysicalType.Int64
                        ? value.Number
                        : new BigInteger(value.Bytes, isUnsigned: false, isBigEndian: true),
                    element.Scale);
                break;
            default:
                row.Word(new Guid(value.Bytes, bigEndian: true).ToString("D"));
                break;
        }

        Reader.Advance();
    }

    /// <summary>The old timestamps of Impala and Spark: nanoseconds of a day, and the day by Julius Scaliger's count.</summary>
    private static void WriteInt96(JsonRow row, ReadOnlySpan<byte> bytes)
    {
        var nanoseconds = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var seconds = (BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) - JulianEpoch) * 86_400
            + Math.DivRem(nanoseconds, 1_000_000_000, out var rest);
        IsoTimes.Timestamp(row, seconds, rest, "");
    }
}
