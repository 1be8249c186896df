using Pursuit.Data.Tables;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>Columns whose values come as JSON, as Parquet has them.</summary>
internal static class JsonColumns
{
    /// <summary>A column's node.</summary>
    public static SchemaNode NodeOf(TableColumn column) => column.Kind switch
    {
        ColumnKind.Boolean => Leaf(column, PhysicalType.Boolean),
        ColumnKind.Integer => Leaf(column, PhysicalType.Int64),
        ColumnKind.Number => Leaf(column, PhysicalType.Double),
        ColumnKind.Text => new SchemaNode((ElementOf(column) with { Type = PhysicalType.ByteArray }).AsText(), []),
        ColumnKind.List => ListOf(column),
        _ => new SchemaNode(ElementOf(column), [.. column.Children.Select(NodeOf)]),
    };

    /// <summary>A list by the specification: a group, in it a repeated group, in it the element.</summary>
    private static SchemaNode ListOf(TableColumn column)
    {
        var repeated = new SchemaElement { Name = "list", Repetition = Repetition.Repeated };
        return new SchemaNode(
            ElementOf(column).AsList(), [new SchemaNode(repeated, [NodeOf(column.Children[0] with { Name = "element" })])]);
    }

    private static SchemaNode Leaf(TableColumn column, PhysicalType type) => new(ElementOf(column) with { Type = type }, []);

    private static SchemaElement ElementOf(TableColumn column) => new()
    {
        Name = column.Name,
        Repetition = column.IsRequired ? Repetition.Required : Repetition.Optional,
    };
}
