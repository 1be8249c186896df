using Pursuit.Data.Hashing;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>What columns are annotated with, the newer way and the older.</summary>
internal static class Annotations
{
    private const int ConvertedText = 0;
    private const int ConvertedMap = 1;
    private const int ConvertedList = 3;
    private const int ConvertedDecimal = 5;
    private const int ConvertedDate = 6;
    private const int ConvertedTimeMillis = 7;
    private const int ConvertedTimestampMillis = 9;
    private const int ConvertedUnsigned8 = 11;
    private const int ConvertedSigned8 = 15;

    public static SchemaElement AsText(this SchemaElement element) => Annotated(element, LogicalKinds.Text, ConvertedText);

    public static SchemaElement AsList(this SchemaElement element) => Annotated(element, LogicalKinds.List, ConvertedList);

    public static SchemaElement AsMap(this SchemaElement element) => Annotated(element, LogicalKinds.Map, ConvertedMap);

    public static SchemaElement AsDate(this SchemaElement element) => Annotated(element, LogicalKinds.Date, ConvertedDate);

    public static SchemaElement AsHalf(this SchemaElement element) => Annotated(element, LogicalKinds.Float16, -1);

    /// <summary>A column without values.</summary>
    public static SchemaElement AsNull(this SchemaElement element) => Annotated(element, LogicalKinds.Null, -1);

    public static SchemaElement AsInteger(this SchemaElement element, int bits, bool isSigned)
    {
        var step = bits switch { 8 => 0, 16 => 1, 32 => 2, _ => 3 };
        var annotated = Annotated(element, LogicalKinds.Integer, (isSigned ? ConvertedSigned8 : ConvertedUnsigned8) + step, thrift =>
        {
            thrift.Int8(1, (byte)bits);
            thrift.Bool(2, isSigned);
        });
        return annotated with { BitWidth = bits, IsSigned = isSigned };
    }

    public static SchemaElement AsDecimal(this SchemaElement element, int precision, int scale)
    {
        var annotated = Annotated(element, LogicalKinds.Decimal, ConvertedDecimal, thrift =>
        {
            thrift.Int32(1, scale);
            thrift.Int32(2, precision);
        });
        return annotated with { Precision = precision, Scale = scale };
    }

    /// <summary>A time of the day, or a moment.</summary>
    /// <param name="element">The column.</param>
    /// <param name="isTimestamp">A moment.</param>
    /// <param name="digits">After the second: 3, 6 or 9.</param>
    /// <param name="isUtc">In UTC, not in a local time that isn't known.</param>
    public static SchemaElement AsTime(this SchemaElement element, bool isTimestamp, int digits, bool isUtc)
    {
        // The older annotations have neither nanoseconds nor local times.
        var converted = digits == 9 || !isUtc ? -1
            : (isTimestamp ? ConvertedTimestampMillis : ConvertedTimeMillis) + (digits == 3 ? 0 : 1);
        var annotated = Annotated(element, isTimestamp ? LogicalKinds.Timestamp : LogicalKinds.Time, converted, thrift =>
        {
            thrift.Bool(1, isUtc);
            thrift.Struct(2);
            thrift.Struct((short)(digits / 3));
            thrift.EndStruct();
            thrift.EndStruct();
        });
        return annotated with { TimeDigits = digits, IsUtc = isUtc };
    }

    private static SchemaElement Annotated(SchemaElement element, short kind, int converted, Action<ThriftWriter>? parameters = null)
    {
        var bytes = new ByteBuffer();
        var thrift = new ThriftWriter(bytes);
        thrift.BeginStruct();
        thrift.Struct(kind);
        parameters?.Invoke(thrift);
        thrift.EndStruct();
        thrift.EndStruct();
        return element with { Logical = kind, Converted = converted, LogicalBytes = bytes.Written.ToArray() };
    }
}
