using System.Buffers.Binary;
using Pursuit.Data.Hashing;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>The least and the greatest value of a column's part of a row group in the order of its type, and its nulls.</summary>
/// <param name="leaf">The column.</param>
internal sealed class ColumnStatistics(SchemaNode leaf)
{
    /// <summary>Longer texts tell nobody where to look, and a footer of them is long.</summary>
    private const int MostBytes = 64;

    private readonly ValueOrder _order = ValueOrders.Of(leaf.Element);
    private Bound _least = new([], 0);
    private Bound _greatest = new([], 0);
    private bool _hasValue;

    /// <summary>Entries without a value.</summary>
    public long Nulls { get; private set; }

    public void AddNull() => Nulls++;

    /// <summary>Adds a value.</summary>
    /// <param name="plain">As PLAIN has it, a truth value in a byte.</param>
    public void Add(ReadOnlySpan<byte> plain)
    {
        if (_order == ValueOrder.None) return;
        var value = leaf.Element.Type == PhysicalType.ByteArray ? plain[sizeof(int)..] : plain;
        if (ValueOrders.IsNaN(_order, value)) return;
        if (!_hasValue || ValueOrders.Compare(_order, value, _least.Bytes) < 0) _least = _least.At(value);
        if (!_hasValue || ValueOrders.Compare(_order, value, _greatest.Bytes) > 0) _greatest = _greatest.At(value);
        _hasValue = true;
    }

    /// <summary>As a footer has them.</summary>
    public byte[] ToArray()
    {
        var bytes = new ByteBuffer();
        var thrift = new ThriftWriter(bytes);
        thrift.BeginStruct();
        thrift.Int64(3, Nulls);
        if (_hasValue && Math.Max(_least.Length, _greatest.Length) <= MostBytes)
        {
            // Which of two zeros a reader asks for isn't known: the least is the negative one, the greatest the positive.
            ValueOrders.WidenZero(_order, _least.Bytes, isNegative: true);
            ValueOrders.WidenZero(_order, _greatest.Bytes, isNegative: false);
            thrift.Binary(5, _greatest.Bytes);
            thrift.Binary(6, _least.Bytes);
            thrift.Bool(7, true);
            thrift.Bool(8, true);
        }

        thrift.EndStruct();
        return bytes.Written.ToArray();
    }

    /// <summary>Begins the next row group.</summary>
    public void Clear() => (_hasValue, Nulls) = (false, 0);

    /// <summary>A value of the row group's, in room that is used again.</summary>
    private readonly record struct Bound(byte[] Room, int Length)
    {
        public Span<byte> Bytes => Room.AsSpan(0, Length);

        public Bound At(ReadOnlySpan<byte> value)
        {
            var room = value.Length <= Room.Length ? Room : new byte[value.Length];
            value.CopyTo(room);
            return new Bound(room, value.Length);
        }
    }
}

/// <summary>How values of a column are compared.</summary>
internal enum ValueOrder
{
    /// <summary>The specification has no order for them, or they are of no use to look by.</summary>
    None,
    Bytes,
    Signed32,
    Signed64,
    Unsigned32,
    Unsigned64,
    Float,
    Double,
}

/// <summary>The orders of columns, as the specification has them.</summary>
internal static class ValueOrders
{
    private const int ConvertedInterval = 21;

    /// <summary>The order of a column's values.</summary>
    public static ValueOrder Of(SchemaElement element)
    {
        var isPlainBytes = element.Logical is 0 or LogicalKinds.Text or LogicalKinds.Enum or LogicalKinds.Json or LogicalKinds.Uuid;
        return (ParquetSchema.MeaningOf(element), element.Type!.Value) switch
        {
            (LeafMeaning.Unsigned32, _) => ValueOrder.Unsigned32,
            (LeafMeaning.Unsigned64, _) => ValueOrder.Unsigned64,
            _ when element.Logical == LogicalKinds.Null => ValueOrder.None,
            (_, PhysicalType.Boolean) => ValueOrder.Bytes,
            (_, PhysicalType.Int32) => ValueOrder.Signed32,
            (_, PhysicalType.Int64) => ValueOrder.Signed64,
            (_, PhysicalType.Float) => ValueOrder.Float,
            (_, PhysicalType.Double) => ValueOrder.Double,
            (LeafMeaning.Text or LeafMeaning.Binary or LeafMeaning.Uuid, _) when isPlainBytes && element.Converted != ConvertedInterval =>
                ValueOrder.Bytes,
            _ => ValueOrder.None, // halves, decimals in bytes, old timestamps and what came later
        };
    }

    public static int Compare(ValueOrder order, ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => order switch
    {
        ValueOrder.Signed32 => Int32(one).CompareTo(Int32(other)),
        ValueOrder.Signed64 => Int64(one).CompareTo(Int64(other)),
        ValueOrder.Unsigned32 => ((uint)Int32(one)).CompareTo((uint)Int32(other)),
        ValueOrder.Unsigned64 => ((ulong)Int64(one)).CompareTo((ulong)Int64(other)),
        ValueOrder.Float => BinaryPrimitives.ReadSingleLittleEndian(one).CompareTo(BinaryPrimitives.ReadSingleLittleEndian(other)),
        ValueOrder.Double => BinaryPrimitives.ReadDoubleLittleEndian(one).CompareTo(BinaryPrimitives.ReadDoubleLittleEndian(other)),
        _ => one.SequenceCompareTo(other),
    };

    /// <summary>Values that no order has a place for.</summary>
    public static bool IsNaN(ValueOrder order, ReadOnlySpan<byte> value) => order switch
    {
        ValueOrder.Float => float.IsNaN(BinaryPrimitives.ReadSingleLittleEndian(value)),
        ValueOrder.Double => double.IsNaN(BinaryPrimitives.ReadDoubleLittleEndian(value)),
        _ => false,
    };

    /// <summary>Gives a bound that is zero the sign that takes both zeros in.</summary>
    public static void WidenZero(ValueOrder order, Span<byte> bound, bool isNegative)
    {
        var isZero = order switch
        {
            ValueOrder.Float => BinaryPrimitives.ReadSingleLittleEndian(bound) == 0,
            ValueOrder.Double => BinaryPrimitives.ReadDoubleLittleEndian(bound) == 0,
            _ => false,
        };
        if (isZero) bound[^1] = isNegative ? (byte)0x80 : (byte)0;
    }

    private static int Int32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt32LittleEndian(bytes);

    private static long Int64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);
}
