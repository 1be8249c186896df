using System.Numerics;
using Pursuit.Formats.Parquet;
using Pursuit.Formats.Parquet.Writing;

namespace Pursuit.Formats.Arrow;

/// <summary>Arrow's fields as Parquet's columns, as Arrow's own libraries store them.</summary>
internal static class ArrowColumns
{
    private const string Element = "element";

    /// <summary>A field's node.</summary>
    /// <exception cref="NotSupportedException">Parquet has no such type.</exception>
    public static SchemaNode NodeOf(ArrowField field) => NodeOf(field, field.Name, field.Name);

    private static SchemaNode NodeOf(ArrowField field, string name, string path)
    {
        var element = new SchemaElement { Name = name, Repetition = field.IsNullable ? Repetition.Optional : Repetition.Required };
        switch (field.Kind)
        {
            case ArrowKind.Struct:
                if (field.Children.Count == 0) throw new NotSupportedException($"the column '{path}' is a struct without fields");
                return new SchemaNode(element, [.. field.Children.Select(c => NodeOf(c, c.Name, $"{path}.{c.Name}"))]);
            case ArrowKind.List or ArrowKind.LargeList or ArrowKind.ListView or ArrowKind.LargeListView or ArrowKind.FixedSizeList:
                var repeated = new SchemaElement { Name = "list", Repetition = Repetition.Repeated };
                return new SchemaNode(element.AsList(), [new SchemaNode(repeated, [NodeOf(field.Children[0], Element, $"{path}[]")])]);
            case ArrowKind.Map:
                var entries = field.Children[0].Children;
                var key = NodeOf(entries[0], "key", $"{path}.key").As(Repetition.Required);
                var pair = new SchemaElement { Name = "key_value", Repetition = Repetition.Repeated };
                return new SchemaNode(element.AsMap(), [new SchemaNode(pair, [key, NodeOf(entries[1], "value", $"{path}.value")])]);
            case ArrowKind.RunEndEncoded:
                return NodeOf(field.Children[1], name, path);
            case ArrowKind.Decimal when field.Scale < 0:
                throw new NotSupportedException($"the column '{path}' is of decimal numbers with a scale of {field.Scale}");
            case ArrowKind.Union or ArrowKind.Interval:
                throw new NotSupportedException($"the column '{path}' is of type {field.Type}");
            default:
                return new SchemaNode(Leaf(element, field), []);
        }
    }

    /// <summary>The fewest bytes that hold a number of some digits with its sign: readers take the width as the precision's.</summary>
    private static int BytesOf(int digits)
    {
        var bytes = 1;
        while (BigInteger.Pow(2, 8 * bytes - 1) < BigInteger.Pow(10, digits)) bytes++;
        return bytes;
    }

    private static SchemaElement Leaf(SchemaElement element, ArrowField field) => field.Kind switch
    {
        ArrowKind.Null => (element with { Type = PhysicalType.Int32, Repetition = Repetition.Optional }).AsNull(),
        ArrowKind.Bool => element with { Type = PhysicalType.Boolean },
        ArrowKind.Int when field is { IsSigned: true, Bits: 32 } => element with { Type = PhysicalType.Int32 },
        ArrowKind.Int when field is { IsSigned: true, Bits: 64 } => element with { Type = PhysicalType.Int64 },
        ArrowKind.Int => (element with { Type = field.Bits == 64 ? PhysicalType.Int64 : PhysicalType.Int32 })
            .AsInteger(field.Bits, field.IsSigned),
        ArrowKind.Duration => element with { Type = PhysicalType.Int64 },
        ArrowKind.FloatingPoint => field.Bits switch
        {
            16 => (element with { Type = PhysicalType.FixedLenByteArray, TypeLength = 2 }).AsHalf(),
            32 => element with { Type = PhysicalType.Float },
            _ => element with { Type = PhysicalType.Double },
        },
        ArrowKind.Utf8 or ArrowKind.LargeUtf8 or ArrowKind.Utf8View => (element with { Type = PhysicalType.ByteArray }).AsText(),
        ArrowKind.FixedSizeBinary when field.Size > 0 =>
            element with { Type = PhysicalType.FixedLenByteArray, TypeLength = field.Size },
        ArrowKind.Decimal => (element with { Type = PhysicalType.FixedLenByteArray, TypeLength = BytesOf(field.Precision) })
            .AsDecimal(field.Precision, field.Scale),
        ArrowKind.Date => (element with { Type = PhysicalType.Int32 }).AsDate(),
        ArrowKind.Time => (element with { Type = field.Unit > 3 ? PhysicalType.Int64 : PhysicalType.Int32 })
            .AsTime(isTimestamp: false, Math.Max(3, field.Unit), isUtc: true),
        ArrowKind.Timestamp => (element with { Type = PhysicalType.Int64 })
            .AsTime(isTimestamp: true, Math.Max(3, field.Unit), field.IsUtc),
        _ => element with { Type = PhysicalType.ByteArray },
    };
}
