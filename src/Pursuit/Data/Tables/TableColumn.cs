namespace Pursuit.Data.Tables;

/// <summary>What a column of a table that is written holds.</summary>
internal enum ColumnKind
{
    Boolean,
    Integer,
    Number,
    Text,
    List,
    Struct,
}

/// <summary>A column of a table that is written, or a part of one; its values come as JSON.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="IsRequired">No value is null or missing.</param>
internal sealed record TableColumn(string Name, ColumnKind Kind, bool IsRequired = false)
{
    /// <summary>A struct's fields, one at least; a list's element.</summary>
    public IReadOnlyList<TableColumn> Children { get; init; } = [];
}
