namespace Pursuit.Formats.Parquet.Writing;

/// <summary>A node of a schema as it is stored, with its levels.</summary>
/// <param name="element">What the file says of it.</param>
/// <param name="children">A group's; of a column none.</param>
internal sealed class SchemaNode(SchemaElement element, IReadOnlyList<SchemaNode> children)
{
    public SchemaElement Element => element;

    public IReadOnlyList<SchemaNode> Children => children;

    public bool IsLeaf => element.Type is not null;

    /// <summary>Bytes of a column's value; 0 where they vary, and 1 of a truth value.</summary>
    public int Width => element.Type == PhysicalType.Boolean ? 1 : ValueDecoder.WidthOf(element.Type!.Value, element.TypeLength);

    /// <summary>The definition level from which on it is there.</summary>
    public int Definition { get; private set; }

    /// <summary>The level at which it repeats.</summary>
    public int Repetition { get; private set; }

    /// <summary>The number of its first column.</summary>
    public int FirstLeaf { get; private set; }

    /// <summary>Its columns.</summary>
    public int LeafCount { get; private set; }

    /// <summary>Gives the nodes of a tree their levels.</summary>
    /// <param name="leaves">Gets the columns in order.</param>
    /// <param name="definition">The parent's level.</param>
    /// <param name="repetition">The parent's level.</param>
    public void Number(List<SchemaNode> leaves, int definition = 0, int repetition = 0)
    {
        Definition = definition + (element.Repetition == Parquet.Repetition.Required ? 0 : 1);
        Repetition = repetition + (element.Repetition == Parquet.Repetition.Repeated ? 1 : 0);
        FirstLeaf = leaves.Count;
        if (IsLeaf) leaves.Add(this);
        foreach (var child in children) child.Number(leaves, Definition, Repetition);
        LeafCount = leaves.Count - FirstLeaf;
    }

    /// <summary>The same, to be numbered in another tree.</summary>
    public SchemaNode Copy() => new(element, [.. children.Select(child => child.Copy())]);

    /// <summary>The same with another repetition.</summary>
    public SchemaNode As(Repetition repetition) =>
        element.Repetition == repetition ? this : new SchemaNode(element with { Repetition = repetition }, children);
}
