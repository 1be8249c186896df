using System.Numerics;
using Pursuit.Formats.Parquet.Writing;

namespace Pursuit.Formats.Arrow;

/// <summary>Stores values of Arrow's arrays as the entries of Parquet's columns.</summary>
/// <param name="row">Gets them.</param>
internal readonly ref struct ArrowRows(RowBuffer row)
{
    private const int MillisecondsPerSecond = 1_000; // Parquet has no unit of seconds

    /// <summary>Stores a value.</summary>
    /// <param name="array">The field's values.</param>
    /// <param name="index">Which of them.</param>
    /// <param name="node">The field's node.</param>
    /// <param name="repetition">The level at which the value repeats.</param>
    public void Store(ArrowArray array, long index, SchemaNode node, int repetition)
    {
        array.Require(index);
        var field = array.Field;
        if (field.Kind == ArrowKind.Null || array.IsNull(index))
        {
            if (node.Element.Repetition == Parquet.Repetition.Required)
                throw new InvalidDataException($"a null in the field '{field.Name}', which declares none");
            row.Missing(node, repetition, node.Definition - 1);
        }
        else if (array.Dictionary is not null)
        {
            var (part, at) = array.Referred(index);
            Store(part, at, node, repetition);
        }
        else if (field.Kind == ArrowKind.RunEndEncoded)
        {
            Store(array.Children[1], array.RunOf(index), node, repetition);
        }
        else if (field.Kind == ArrowKind.Struct)
        {
            for (var i = 0; i < array.Children.Count; i++) Store(array.Children[i], index, node.Children[i], repetition);
        }
        else if (node.IsLeaf)
        {
            row.Levels(node.FirstLeaf, repetition, node.Definition);
            StoreValue(array, index, node);
        }
        else
        {
            StoreItems(array, index, node, repetition);
        }
    }

    private void StoreItems(ArrowArray list, long index, SchemaNode node, int repetition)
    {
        var (start, end) = list.ItemsOf(index);
        if (start == end) row.Missing(node, repetition, node.Definition);
        var repeated = node.Children[0];
        for (var item = start; item < end; item++)
        {
            if (list.Field.Kind == ArrowKind.Map)
            {
                for (var i = 0; i < 2; i++) Store(list.Children[0].Children[i], item, repeated.Children[i], repetition);
            }
            else
            {
                Store(list.Children[0], item, repeated.Children[0], repetition);
            }

            repetition = repeated.Repetition;
        }
    }

    private void StoreValue(ArrowArray array, long index, SchemaNode node)
    {
        var (field, column) = (array.Field, node.FirstLeaf);
        switch (field.Kind)
        {
            case ArrowKind.Bool:
                row.Byte(column, array.First!.Bit(index) ? (byte)1 : (byte)0);
                break;
            case ArrowKind.Int when field.Bits < 64:
                row.Int32(column, unchecked((int)array.First!.Integer(index, field.Bits, field.IsSigned)));
                break;
            case ArrowKind.FloatingPoint when field.Bits < 64:
                row.Fixed(column, array.First!.Bytes(index * (field.Bits / 8), field.Bits / 8));
                break;
            case ArrowKind.Int or ArrowKind.FloatingPoint or ArrowKind.Duration:
                row.Int64(column, array.First!.Integer(index, 64));
                break;
            case ArrowKind.FixedSizeBinary when field.Size > 0:
                row.Fixed(column, array.First!.Bytes(checked(index * field.Size), field.Size));
                break;
            case ArrowKind.Decimal:
                StoreDecimal(array.First!.Bytes(checked(index * (field.Bits / 8)), field.Bits / 8), node);
                break;
            case ArrowKind.Date:
                row.Int32(column, checked((int)array.DayOf(index)));
                break;
            case ArrowKind.Time or ArrowKind.Timestamp:
                StoreTime(array, index, node);
                break;
            default:
                row.Text(column, array.BytesOf(index));
                break;
        }
    }

    /// <summary>Big-endian, and in the bytes that the precision needs.</summary>
    private void StoreDecimal(ReadOnlySpan<byte> littleEndian, SchemaNode node)
    {
        var value = new BigInteger(littleEndian);
        Span<byte> bigEndian = stackalloc byte[32];
        bigEndian = bigEndian[..node.Width];
        bigEndian.Fill(value.Sign < 0 ? (byte)0xFF : (byte)0);
        var length = value.GetByteCount();
        if (length > bigEndian.Length) throw new InvalidDataException($"a decimal number of more than {node.Element.Precision} digits");
        value.TryWriteBytes(bigEndian[^length..], out _, isBigEndian: true);
        row.Fixed(node.FirstLeaf, bigEndian);
    }

    private void StoreTime(ArrowArray array, long index, SchemaNode node)
    {
        var bits = array.Field.Kind == ArrowKind.Time ? array.Field.Bits : 64;
        var value = array.First!.Integer(index, bits);
        if (array.Field.Unit == 0) value = checked(value * MillisecondsPerSecond);
        if (node.Width == sizeof(int)) row.Int32(node.FirstLeaf, checked((int)value));
        else row.Int64(node.FirstLeaf, value);
    }
}
