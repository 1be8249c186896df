namespace Pursuit.Formats.Parquet.Writing;

/// <summary>
/// One schema of several: fields are joined by their names, in the order in which they first come; what one schema lacks may be null.
/// Everything else must be the same.
/// </summary>
internal sealed class SchemaMerge
{
    private readonly string _path;
    private readonly string _other;

    /// <param name="path">The file of the first schema, for messages.</param>
    /// <param name="other">That of the second.</param>
    private SchemaMerge(string path, string other) => (_path, _other) = (path, other);

    /// <summary>Joins two schemas.</summary>
    /// <param name="first">The schema of files so far.</param>
    /// <param name="path">One of them, for messages.</param>
    /// <param name="second">That of another file.</param>
    /// <param name="other">The file.</param>
    /// <exception cref="PursuitException">A column is of two types.</exception>
    public static TableSchema Of(TableSchema first, string path, TableSchema second, string other)
    {
        var merge = new SchemaMerge(path, other);
        // What the writer said stays where it says the same of all: it describes the columns.
        var metadata = first.Metadata.Where(second.Metadata.Contains).ToArray();
        return new TableSchema(merge.Fields(first.Root.Children, second.Root.Children, ""), metadata);
    }

    /// <summary>Whether the fields of a group are the same by their place, whatever they are called: those of lists and maps.</summary>
    public static bool IsPositional(SchemaNode group, SchemaNode? parent)
    {
        if (IsListOrMap(group)) return true;
        if (parent is null || !IsListOrMap(parent)) return false;
        return ParquetSchema.IsMap(parent.Element)
            || (group.Children.Count == 1 && !ParquetSchema.IsElement(parent.Element, group.Element));
    }

    private static bool IsListOrMap(SchemaNode node) => ParquetSchema.IsList(node.Element) || ParquetSchema.IsMap(node.Element);

    private List<SchemaNode> Fields(IReadOnlyList<SchemaNode> first, IReadOnlyList<SchemaNode> second, string above)
    {
        var others = new Dictionary<string, SchemaNode>();
        foreach (var field in second) others.TryAdd(field.Element.Name, field);
        var fields = new List<SchemaNode>();
        foreach (var field in first)
        {
            var path = above + field.Element.Name;
            fields.Add(others.Remove(field.Element.Name, out var other) ? Field(field, other, null, path) : Missable(field));
        }

        fields.AddRange(second.Where(field => others.ContainsKey(field.Element.Name)).Select(Missable));
        return fields;
    }

    private static SchemaNode Missable(SchemaNode field) =>
        field.Element.Repetition == Repetition.Required ? field.As(Repetition.Optional) : field;

    private SchemaNode Field(SchemaNode first, SchemaNode second, SchemaNode? parent, string path)
    {
        var (one, other) = (first.Element, second.Element);
        var areRepeated = one.Repetition == Repetition.Repeated;
        if (first.IsLeaf != second.IsLeaf || areRepeated != (other.Repetition == Repetition.Repeated)) throw Differ(first, second, path);
        var repetition = areRepeated ? Repetition.Repeated
            : one.Repetition == Repetition.Required && other.Repetition == Repetition.Required ? Repetition.Required : Repetition.Optional;
        if (first.IsLeaf)
            return ParquetSchema.AreSame(one, other)
                ? new SchemaNode(one with { Repetition = repetition, Precision = one.Precision }, [])
                : throw Differ(first, second, path);
        if (ParquetSchema.IsList(one) != ParquetSchema.IsList(other) || ParquetSchema.IsMap(one) != ParquetSchema.IsMap(other))
            throw Differ(first, second, path);
        if (!IsPositional(first, parent) && !IsPositional(second, parent))
            return new SchemaNode(one with { Repetition = repetition }, Fields(first.Children, second.Children, path + "."));
        if (first.Children.Count != second.Children.Count || IsPositional(first, parent) != IsPositional(second, parent))
            throw Differ(first, second, path);
        var children = first.Children.Zip(second.Children, (a, b) => Field(a, b, first, $"{path}.{a.Element.Name}"));
        return new SchemaNode(one with { Repetition = repetition }, [.. children]);
    }

    private PursuitException Differ(SchemaNode first, SchemaNode second, string path) => PursuitException.At(
        ApiName.Out, $"the column '{path}' is {Describe(first)} in {_path} and {Describe(second)} in {_other}", "one type for a column",
        "Select from the files apart, or write .jsonl.");

    private static string Describe(SchemaNode node)
    {
        var repeated = node.Element.Repetition == Repetition.Repeated ? "repeated " : "";
        return repeated + (node.IsLeaf ? ParquetSchema.Describe(node.Element)
            : ParquetSchema.IsList(node.Element) ? "list" : ParquetSchema.IsMap(node.Element) ? "map" : "struct");
    }
}
