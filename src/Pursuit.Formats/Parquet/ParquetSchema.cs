namespace Pursuit.Formats.Parquet;

/// <summary>Makes the tree of a record of a file's schema, by the rules of the specification for lists and maps of all ages.</summary>
internal sealed class ParquetSchema
{
    private const int MaxDepth = 64;

    private readonly List<SchemaElement> _elements;
    private readonly List<ParquetLeaf> _leaves = [];
    private int _next;

    private ParquetSchema(List<SchemaElement> elements) => _elements = elements;

    /// <summary>The record, and its columns in the order of the file.</summary>
    public static (ParquetStruct Record, IReadOnlyList<ParquetLeaf> Leaves) Build(List<SchemaElement> elements)
    {
        var schema = new ParquetSchema(elements);
        if (elements.Count == 0) throw new InvalidDataException("no schema");
        var root = schema.Take();
        if (root.ChildCount <= 0) throw new InvalidDataException("a schema without columns");
        var record = schema.Struct(root, definition: 0, repetition: 0, depth: 0);
        if (schema._next != elements.Count)
            throw new InvalidDataException($"a schema of {elements.Count:N0} nodes, of which {schema._next:N0} belong to the record");
        return (record, schema._leaves);
    }

    private SchemaElement Take() => _next < _elements.Count
        ? _elements[_next++]
        : throw new InvalidDataException("a group of the schema has more fields than follow it");

    private ParquetStruct Struct(SchemaElement group, int definition, int repetition, int depth)
    {
        if (depth > MaxDepth) throw new InvalidDataException($"a schema of more than {MaxDepth} levels");
        if (group.ChildCount <= 0 || group.ChildCount > _elements.Count)
            throw new InvalidDataException($"the group '{group.Name}' has {group.ChildCount:N0} fields");
        var fields = new List<ParquetNode>();
        for (var i = 0; i < group.ChildCount; i++) fields.Add(Field(Take(), definition, repetition, depth + 1));
        return new ParquetStruct(group.Name, fields) { Definition = definition };
    }

    /// <summary>A field under a node of some levels.</summary>
    private ParquetNode Field(SchemaElement element, int definition, int repetition, int depth)
    {
        switch (element.Repetition)
        {
            case Repetition.Required:
                return Value(element, definition, repetition, depth);
            case Repetition.Optional:
                return Value(element, definition + 1, repetition, depth);
            case Repetition.Repeated:
                // Repeated without an annotation: a list of what it is, which itself is never null.
                var item = Value(element, definition + 1, repetition + 1, depth);
                return new ParquetList(element.Name, item, definition + 1, repetition + 1) { Definition = definition };
            default:
                throw new InvalidDataException($"the column '{element.Name}' has the repetition {(int)element.Repetition}");
        }
    }

    private ParquetNode Value(SchemaElement element, int definition, int repetition, int depth)
    {
        if (element.Type is not null) return Leaf(element, definition, repetition);
        if (IsList(element) && Peek() is { Repetition: Repetition.Repeated } repeated)
            return List(element, repeated, definition, repetition, depth);
        if (IsMap(element) && Peek() is { Repetition: Repetition.Repeated, Type: null, ChildCount: 1 or 2 })
            return Map(element, definition, repetition, depth);
        return Struct(element, definition, repetition, depth);

        SchemaElement? Peek() => element.ChildCount == 1 && _next < _elements.Count ? _elements[_next] : null;
    }

    private ParquetList List(SchemaElement list, SchemaElement repeated, int definition, int repetition, int depth)
    {
        Take();
        var (itemDefinition, itemRepetition) = (definition + 1, repetition + 1);
        // Of a repeated group of one field the element is the field, but where old writers named the group as they did.
        var isElement = repeated.Type is not null || repeated.ChildCount != 1 || IsElement(list, repeated)
            || (_next < _elements.Count && _elements[_next].Repetition == Repetition.Repeated);
        var item = isElement
            ? Value(repeated, itemDefinition, itemRepetition, depth + 1)
            : Field(Take(), itemDefinition, itemRepetition, depth + 1);
        return new ParquetList(list.Name, item, itemDefinition, itemRepetition) { Definition = definition };
    }

    private ParquetNode Map(SchemaElement map, int definition, int repetition, int depth)
    {
        var entry = Take();
        var (entryDefinition, entryRepetition) = (definition + 1, repetition + 1);
        var key = Field(Take(), entryDefinition, entryRepetition, depth + 1);
        var value = entry.ChildCount == 2 ? Field(Take(), entryDefinition, entryRepetition, depth + 1) : null;
        // A map without values is a set.
        if (value is null) return new ParquetList(map.Name, key, entryDefinition, entryRepetition) { Definition = definition };
        if (key is ParquetLeaf leaf)
            return new ParquetMap(map.Name, leaf, value, entryDefinition, entryRepetition) { Definition = definition };
        // Keys that are no single values can't be keys of JSON.
        var pair = new ParquetStruct(entry.Name, [key, value]) { Definition = entryDefinition };
        return new ParquetList(map.Name, pair, entryDefinition, entryRepetition) { Definition = definition };
    }

    private ParquetLeaf Leaf(SchemaElement element, int definition, int repetition)
    {
        if (element.ChildCount > 0) throw new InvalidDataException($"the column '{element.Name}' has a type and fields");
        if (!Enum.IsDefined(element.Type!.Value))
            throw new InvalidDataException($"the column '{element.Name}' has the type {(int)element.Type.Value}");
        if (element.Type == PhysicalType.FixedLenByteArray && element.TypeLength is <= 0 or > 1 << 20)
            throw new InvalidDataException($"the column '{element.Name}' has values of {element.TypeLength:N0} bytes");
        var leaf = new ParquetLeaf(element.Name, element, MeaningOf(element))
        {
            Definition = definition,
            MostDefinition = definition,
            MostRepetition = repetition,
        };
        _leaves.Add(leaf);
        return leaf;
    }

    /// <summary>Whether a list's repeated group of one field is the element itself, by its name, as old writers had it.</summary>
    public static bool IsElement(SchemaElement list, SchemaElement repeated) =>
        repeated.Name == "array" || repeated.Name == $"{list.Name}_tuple";

    public static bool IsList(SchemaElement element) => element.Logical == LogicalKinds.List || element.Converted == 3;

    public static bool IsMap(SchemaElement element) => element.Logical == LogicalKinds.Map || element.Converted is 1 or 2;

    /// <summary>Whether values of two columns are the same kind of value, stored alike.</summary>
    public static bool AreSame(SchemaElement one, SchemaElement other) =>
        (one.Type, one.TypeLength, MeaningOf(one), one.Scale, one.TimeDigits, one.IsUtc, BitsOf(one), one.IsSigned)
        == (other.Type, other.TypeLength, MeaningOf(other), other.Scale, other.TimeDigits, other.IsUtc, BitsOf(other), other.IsSigned);

    /// <summary>A column's type for messages, with all that distinguishes it.</summary>
    public static string Describe(SchemaElement element)
    {
        var meaning = MeaningOf(element);
        var type = new ParquetLeaf(element.Name, element, meaning).Type;
        return meaning switch
        {
            LeafMeaning.Decimal => $"{type}({element.Precision}, {element.Scale}) in {element.Type}",
            LeafMeaning.Time or LeafMeaning.Timestamp => $"{type} of {element.TimeDigits} digits{(element.IsUtc ? " in UTC" : "")}",
            LeafMeaning.Binary when element.TypeLength > 0 => $"{type} of {element.TypeLength} bytes",
            _ => type,
        };
    }

    private static int BitsOf(SchemaElement element) =>
        element.BitWidth > 0 ? element.BitWidth : element.Type == PhysicalType.Int32 ? 32 : 64;

    public static LeafMeaning MeaningOf(SchemaElement element) => (element.Type!.Value, element.Logical, element.Converted) switch
    {
        (PhysicalType.Boolean, _, _) => LeafMeaning.Boolean,
        (PhysicalType.Int96, _, _) => LeafMeaning.Int96,
        (PhysicalType.Float, _, _) => LeafMeaning.Float,
        (PhysicalType.Double, _, _) => LeafMeaning.Double,
        (PhysicalType.FixedLenByteArray, LogicalKinds.Uuid, _) when element.TypeLength == 16 => LeafMeaning.Uuid,
        (PhysicalType.FixedLenByteArray, LogicalKinds.Float16, _) when element.TypeLength == 2 => LeafMeaning.Half,
        (_, LogicalKinds.Decimal, _) or (_, 0, 5) when Math.Abs((long)element.Scale) <= 1_000 => LeafMeaning.Decimal,
        (PhysicalType.FixedLenByteArray, _, _) => LeafMeaning.Binary,
        (PhysicalType.ByteArray, LogicalKinds.Text or LogicalKinds.Enum or LogicalKinds.Json, _) => LeafMeaning.Text,
        (PhysicalType.ByteArray, _, 0 or 4 or 19) => LeafMeaning.Text,
        (PhysicalType.ByteArray, _, _) => LeafMeaning.Binary,
        (PhysicalType.Int32, LogicalKinds.Date, _) or (PhysicalType.Int32, 0, 6) => LeafMeaning.Date,
        (_, LogicalKinds.Time, _) or (_, 0, 7 or 8) => LeafMeaning.Time,
        (PhysicalType.Int64, LogicalKinds.Timestamp, _) or (PhysicalType.Int64, 0, 9 or 10) => LeafMeaning.Timestamp,
        (PhysicalType.Int32, LogicalKinds.Integer, _) when !element.IsSigned => LeafMeaning.Unsigned32,
        (PhysicalType.Int64, LogicalKinds.Integer, _) when !element.IsSigned => LeafMeaning.Unsigned64,
        (PhysicalType.Int32, 0, 11 or 12 or 13) => LeafMeaning.Unsigned32,
        (PhysicalType.Int64, 0, 14) => LeafMeaning.Unsigned64,
        _ => LeafMeaning.Integer,
    };
}
