using Pursuit.Formats.Rows;

namespace Pursuit.Formats.Arrow;

/// <summary>Arrow's types by their numbers.</summary>
internal enum ArrowKind
{
    None = 0,
    Null = 1,
    Int = 2,
    FloatingPoint = 3,
    Binary = 4,
    Utf8 = 5,
    Bool = 6,
    Decimal = 7,
    Date = 8,
    Time = 9,
    Timestamp = 10,
    Interval = 11,
    List = 12,
    Struct = 13,
    Union = 14,
    FixedSizeBinary = 15,
    FixedSizeList = 16,
    Map = 17,
    Duration = 18,
    LargeBinary = 19,
    LargeUtf8 = 20,
    LargeList = 21,
    RunEndEncoded = 22,
    BinaryView = 23,
    Utf8View = 24,
    ListView = 25,
    LargeListView = 26,
}

/// <summary>A field of a schema: a column, or a part of one.</summary>
internal sealed class ArrowField
{
    private const int MaxDepth = 64;
    private const int MostFields = 100_000;

    private ArrowField(string name) => (Name, Key) = (name, Names.KeyOf(name));

    public string Name { get; }

    /// <summary>The name as a key of JSON.</summary>
    public byte[] Key { get; }

    public ArrowKind Kind { get; private init; }

    public IReadOnlyList<ArrowField> Children { get; private init; } = [];

    /// <summary>Values may be null.</summary>
    public bool IsNullable { get; private init; }

    /// <summary>Bits of an integer, a floating-point number, a decimal number or a time.</summary>
    public int Bits { get; private init; }

    public bool IsSigned { get; private init; } = true;

    /// <summary>Bytes of a value of fixed size, or items of a list of fixed size.</summary>
    public int Size { get; private init; }

    public int Scale { get; private init; }

    /// <summary>Digits of a decimal number.</summary>
    public int Precision { get; private init; }

    /// <summary>Digits after the second, or for a date and an interval their unit's number.</summary>
    public int Unit { get; private init; }

    /// <summary>A timestamp has a time zone, so that its value is a moment in UTC.</summary>
    public bool IsUtc { get; private init; }

    /// <summary>A union's children by their numbers.</summary>
    public IReadOnlyList<int> TypeIds { get; private init; } = [];

    /// <summary>A dense union.</summary>
    public bool IsDense { get; private init; }

    /// <summary>The dictionary of its values; null where they are stored as they are.</summary>
    public long? Dictionary { get; private init; }

    /// <summary>The field of the indices into the dictionary.</summary>
    public ArrowField? Index { get; private init; }

    /// <summary>Its values' spelling in JSON has quotes.</summary>
    public bool IsQuoted => Kind is ArrowKind.Utf8 or ArrowKind.LargeUtf8 or ArrowKind.Utf8View or ArrowKind.Binary or ArrowKind.LargeBinary
        or ArrowKind.BinaryView or ArrowKind.FixedSizeBinary or ArrowKind.Date or ArrowKind.Time or ArrowKind.Timestamp;

    /// <summary>Its type for messages.</summary>
    public string Type => Kind switch
    {
        ArrowKind.Int => $"{(IsSigned ? "" : "u")}int{Bits}",
        ArrowKind.FloatingPoint => Bits switch { 16 => "float16", 32 => "float", _ => "double" },
        ArrowKind.Utf8 or ArrowKind.LargeUtf8 or ArrowKind.Utf8View => "string",
        ArrowKind.Binary or ArrowKind.LargeBinary or ArrowKind.BinaryView or ArrowKind.FixedSizeBinary => "binary",
        ArrowKind.List or ArrowKind.LargeList or ArrowKind.FixedSizeList or ArrowKind.ListView or ArrowKind.LargeListView =>
            $"list<{Children[0].Type}>",
        ArrowKind.Map => $"map<{string.Join(", ", Children[0].Children.Select(c => c.Type))}>",
        ArrowKind.Struct => $"struct<{Names.Describe(Children.Select(c => (c.Name, c.Type)))}>",
        ArrowKind.RunEndEncoded => Children[1].Type,
        _ => Kind.ToString().ToLowerInvariant(),
    };

    /// <summary>The field of a dictionary's values.</summary>
    public ArrowField Values() => new(Name)
    {
        Kind = Kind,
        Children = Children,
        Bits = Bits,
        IsSigned = IsSigned,
        Size = Size,
        Scale = Scale,
        Precision = Precision,
        IsNullable = IsNullable,
        Unit = Unit,
        IsUtc = IsUtc,
        IsDense = IsDense,
        TypeIds = TypeIds,
    };

    /// <summary>The fields of a schema.</summary>
    public static List<ArrowField> Read(FlatTable schema)
    {
        if (schema.Int16(0) != 0) throw new InvalidDataException("numbers in big-endian order");
        var left = MostFields;
        return [.. schema.Tables(1).Select(f => Read(f, 0, ref left))];
    }

    private static ArrowField Read(FlatTable field, int depth, ref int left)
    {
        if (depth > MaxDepth) throw new InvalidDataException($"a schema of more than {MaxDepth} levels");
        if (--left < 0) throw new InvalidDataException($"a schema of more than {MostFields:N0} fields");
        var kind = (ArrowKind)field.Byte(2);
        var type = field.Table(3) ?? throw new InvalidDataException("a field without a type");
        var children = new List<ArrowField>();
        foreach (var child in field.Tables(5)) children.Add(Read(child, depth + 1, ref left));
        var encoding = field.Table(4);
        var read = new ArrowField(field.Text(0) ?? "")
        {
            Kind = kind,
            Children = children,
            IsNullable = field.Bool(1),
            Bits = kind switch
            {
                ArrowKind.Int => type.Int32(0),
                ArrowKind.FloatingPoint => 16 << Math.Clamp((int)type.Int16(0), 0, 2),
                ArrowKind.Decimal => type.Int32(2, 128),
                ArrowKind.Time => type.Int32(1, 32),
                ArrowKind.Date => type.Int16(0, 1) == 0 ? 32 : 64,
                ArrowKind.Interval => type.Int16(0) switch { 0 => 32, 1 => 64, _ => 128 },
                _ => 64,
            },
            IsSigned = kind != ArrowKind.Int || type.Bool(1),
            Size = kind is ArrowKind.FixedSizeBinary or ArrowKind.FixedSizeList ? type.Int32(0) : 0,
            Scale = kind == ArrowKind.Decimal ? type.Int32(1) : 0,
            Precision = kind == ArrowKind.Decimal ? type.Int32(0) : 0,
            Unit = kind switch
            {
                ArrowKind.Time => 3 * Math.Clamp((int)type.Int16(0, 1), 0, 3),
                ArrowKind.Timestamp => 3 * Math.Clamp((int)type.Int16(0), 0, 3),
                _ => 0,
            },
            IsUtc = kind == ArrowKind.Timestamp && !string.IsNullOrEmpty(type.Text(1)),
            IsDense = kind == ArrowKind.Union && type.Int16(0) != 0,
            TypeIds = kind == ArrowKind.Union ? TypeIdsOf(type, children.Count) : [],
            Dictionary = encoding?.Int64(0),
            Index = encoding is { } known ? IndexOf(known.Table(1)) : null,
        };
        read.Check();
        return read;
    }

    private static List<int> TypeIdsOf(FlatTable type, int children)
    {
        var given = type.Structs(1, 4);
        var ids = new List<int>();
        for (var i = 0; i < given.Length; i += 4) ids.Add(System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(given[i..]));
        return ids.Count > 0 ? ids : [.. Enumerable.Range(0, children)];
    }

    private static ArrowField IndexOf(FlatTable? type)
    {
        var index = new ArrowField("")
        {
            Kind = ArrowKind.Int,
            Bits = type?.Int32(0) ?? 32,
            IsSigned = type?.Bool(1) ?? true,
        };
        index.Check();
        return index;
    }

    private void Check()
    {
        var isRight = Kind switch
        {
            ArrowKind.Int => Bits is 8 or 16 or 32 or 64,
            ArrowKind.Decimal => Bits is 32 or 64 or 128 or 256 && Math.Abs((long)Scale) <= 1_000 && Precision is >= 1 and <= 76,
            ArrowKind.Time => Bits is 32 or 64,
            ArrowKind.List or ArrowKind.LargeList or ArrowKind.ListView or ArrowKind.LargeListView => Children.Count == 1,
            ArrowKind.FixedSizeList => Children.Count == 1 && Size >= 0,
            ArrowKind.FixedSizeBinary => Size >= 0,
            ArrowKind.Map => Children is [{ Kind: ArrowKind.Struct, Dictionary: null, Children.Count: 2 }],
            ArrowKind.RunEndEncoded => Children is [{ Kind: ArrowKind.Int }, _],
            ArrowKind.None => false,
            _ => Enum.IsDefined(Kind),
        };
        if (!isRight)
            throw new InvalidDataException(
                $"the field '{Name}' is of the type {Kind} with {Bits} bits, size {Size} and {Children.Count} children");
    }
}
