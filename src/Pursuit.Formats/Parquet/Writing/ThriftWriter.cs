using System.Text;
using Pursuit.Data.Hashing;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>Writes Thrift's compact protocol.</summary>
/// <param name="bytes">Gets it.</param>
internal sealed class ThriftWriter(ByteBuffer bytes)
{
    private readonly Stack<short> _fields = new(); // the last field's number of each structure that is open

    public void BeginStruct() => _fields.Push(0);

    public void EndStruct()
    {
        _fields.Pop();
        bytes.Append(0);
    }

    /// <summary>Begins a field that is a structure; <see cref="EndStruct"/> ends it.</summary>
    public void Struct(short field)
    {
        Field(field, ThriftType.Struct);
        BeginStruct();
    }

    public void Int32(short field, int value)
    {
        Field(field, ThriftType.Int32);
        ZigZag(value);
    }

    public void Int64(short field, long value)
    {
        Field(field, ThriftType.Int64);
        ZigZag(value);
    }

    public void Int8(short field, byte value)
    {
        Field(field, ThriftType.Byte);
        bytes.Append(value);
    }

    public void Bool(short field, bool value) => Field(field, value ? ThriftType.True : ThriftType.False);

    public void Text(short field, string value)
    {
        Field(field, ThriftType.Binary);
        TextItem(value);
    }

    public void Binary(short field, ReadOnlySpan<byte> value)
    {
        Field(field, ThriftType.Binary);
        Varint((ulong)value.Length);
        bytes.Append(value);
    }

    /// <summary>A structure that is there as its bytes.</summary>
    public void RawStruct(short field, ReadOnlySpan<byte> structure)
    {
        Field(field, ThriftType.Struct);
        bytes.Append(structure);
    }

    /// <summary>Begins a list; its items follow.</summary>
    public void List(short field, ThriftType item, int count)
    {
        Field(field, ThriftType.List);
        if (count < 15)
        {
            bytes.Append((byte)(count << 4 | (int)item));
            return;
        }

        bytes.Append((byte)(0xF0 | (int)item));
        Varint((ulong)count);
    }

    public void Int32Item(int value) => ZigZag(value);

    public void TextItem(string value)
    {
        var text = Encoding.UTF8.GetBytes(value);
        Varint((ulong)text.Length);
        bytes.Append(text);
    }

    private void Field(short field, ThriftType type)
    {
        var step = field - _fields.Pop();
        _fields.Push(field);
        if (step is > 0 and < 16)
        {
            bytes.Append((byte)(step << 4 | (int)type));
            return;
        }

        bytes.Append((byte)type);
        ZigZag(field);
    }

    private void ZigZag(long value) => Varint(Varints.Fold(value));

    private void Varint(ulong value) => Varints.Append(bytes, value);
}
