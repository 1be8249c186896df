using System.Text;

namespace Pursuit.Formats.Parquet;

/// <summary>Reads Thrift's compact protocol, in which Parquet writes its metadata, from bytes that may be anything.</summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxDepth = 32;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _depth;

    /// <summary>Bytes read.</summary>
    public int Position { get; private set; }

    /// <summary>The bytes read from a position on.</summary>
    public readonly ReadOnlySpan<byte> Since(int start) => _bytes[start..Position];

    /// <summary>Begins a structure; its fields follow by <see cref="NextField"/>, which is given the last field's number.</summary>
    public void BeginStruct()
    {
        if (++_depth > MaxDepth) throw new InvalidDataException($"metadata nests more than {MaxDepth} levels");
    }

    /// <summary>The next field's number and type; false at the structure's end.</summary>
    public bool NextField(ref short field, out ThriftType type)
    {
        var head = Byte();
        type = (ThriftType)(head & 15);
        if (type == ThriftType.Stop)
        {
            _depth--;
            return false;
        }

        field = head >> 4 is not 0 and var step ? (short)(field + step) : checked((short)ZigZag());
        return true;
    }

    /// <summary>The items of a list that follows.</summary>
    public int BeginList(out ThriftType type)
    {
        var head = Byte();
        type = (ThriftType)(head & 15);
        var count = head >> 4 == 15 ? Varint() : (ulong)(head >> 4);
        // Every item takes a byte at least: a list can't be longer than what follows.
        if (count > (ulong)(_bytes.Length - Position)) throw new InvalidDataException($"a list of {count:N0} items in the metadata");
        return (int)count;
    }

    public static bool Bool(ThriftType type) => type == ThriftType.True;

    public int Int32() => checked((int)ZigZag());

    public long Int64() => ZigZag();

    public byte Byte() => Position < _bytes.Length ? _bytes[Position++] : throw new InvalidDataException("the metadata ends too early");

    public string Text() => Encoding.UTF8.GetString(Binary());

    /// <summary>Passes over a value.</summary>
    public void Skip(ThriftType type)
    {
        switch (type)
        {
            case ThriftType.True or ThriftType.False:
                break;
            case ThriftType.Byte:
                Byte();
                break;
            case ThriftType.Int16 or ThriftType.Int32 or ThriftType.Int64:
                Varint();
                break;
            case ThriftType.Double:
                Take(8);
                break;
            case ThriftType.Binary:
                Binary();
                break;
            case ThriftType.List or ThriftType.Set:
                Nest();
                var count = BeginList(out var item);
                for (var i = 0; i < count; i++) SkipItem(item);
                _depth--;
                break;
            case ThriftType.Map:
                Nest();
                SkipMap();
                _depth--;
                break;
            case ThriftType.Struct:
                BeginStruct();
                short field = 0;
                while (NextField(ref field, out var inner)) Skip(inner);
                break;
            case ThriftType.Uuid:
                Take(16);
                break;
            default:
                throw new InvalidDataException($"a field of type {(int)type} in the metadata");
        }
    }

    private void Nest()
    {
        if (++_depth > MaxDepth) throw new InvalidDataException($"metadata nests more than {MaxDepth} levels");
    }

    private void SkipMap()
    {
        var count = Varint();
        if (count == 0) return;
        if (count > (ulong)(_bytes.Length - Position)) throw new InvalidDataException($"a map of {count:N0} items in the metadata");
        var types = Byte();
        for (var i = 0UL; i < count; i++)
        {
            SkipItem((ThriftType)(types >> 4));
            SkipItem((ThriftType)(types & 15));
        }
    }

    /// <summary>In lists and maps a truth value takes a byte; in fields it is the type.</summary>
    private void SkipItem(ThriftType type)
    {
        if (type is ThriftType.True or ThriftType.False) Byte();
        else Skip(type);
    }

    private ReadOnlySpan<byte> Binary()
    {
        var length = Varint();
        if (length > (ulong)(_bytes.Length - Position))
            throw new InvalidDataException("a text in the metadata is longer than the metadata");
        return Take((int)length);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - Position) throw new InvalidDataException("the metadata ends too early");
        var taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    private long ZigZag() => Varints.Unfold(Varint());

    private ulong Varint()
    {
        var position = Position;
        var value = Varints.Read(_bytes, ref position, "the metadata");
        Position = position;
        return value;
    }
}

/// <summary>The compact protocol's types.</summary>
internal enum ThriftType
{
    Stop = 0,
    True = 1,
    False = 2,
    Byte = 3,
    Int16 = 4,
    Int32 = 5,
    Int64 = 6,
    Double = 7,
    Binary = 8,
    List = 9,
    Set = 10,
    Map = 11,
    Struct = 12,
    Uuid = 13,
}
