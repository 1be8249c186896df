using System.Buffers.Binary;
using System.Text;

namespace Pursuit.Formats.Arrow;

/// <summary>
/// A table of FlatBuffers, in which Arrow writes its metadata, over bytes that may be anything: every place is checked by the array's
/// bounds, and a field that isn't there has its default.
/// </summary>
internal readonly struct FlatTable(byte[] bytes, int position)
{
    /// <summary>The table at the root of a buffer.</summary>
    public static FlatTable Root(byte[] bytes) => new(bytes, Target(bytes, 0));

    public byte Byte(int slot, byte otherwise = 0) => At(slot) is > 0 and var at ? bytes[at] : otherwise;

    public bool Bool(int slot) => Byte(slot) != 0;

    public short Int16(int slot, short otherwise = 0) =>
        At(slot) is > 0 and var at ? BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(at)) : otherwise;

    public int Int32(int slot, int otherwise = 0) =>
        At(slot) is > 0 and var at ? BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)) : otherwise;

    public long Int64(int slot) => At(slot) is > 0 and var at ? BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at)) : 0;

    public FlatTable? Table(int slot) => At(slot) is > 0 and var at ? new FlatTable(bytes, Target(bytes, at)) : null;

    public string? Text(int slot)
    {
        if (At(slot) is not (> 0 and var at)) return null;
        var start = Target(bytes, at);
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(start));
        return Encoding.UTF8.GetString(bytes.AsSpan(start + 4, length));
    }

    /// <summary>The tables of a vector.</summary>
    public List<FlatTable> Tables(int slot)
    {
        var (start, count) = Vector(slot, 4);
        var tables = new List<FlatTable>();
        for (var i = 0; i < count; i++) tables.Add(new FlatTable(bytes, Target(bytes, start + 4 * i)));
        return tables;
    }

    /// <summary>The bytes of a vector of structures or numbers.</summary>
    /// <param name="slot">The field.</param>
    /// <param name="size">Bytes of one.</param>
    public ReadOnlySpan<byte> Structs(int slot, int size)
    {
        var (start, count) = Vector(slot, size);
        return bytes.AsSpan(start, count * size);
    }

    private (int Start, int Count) Vector(int slot, int size)
    {
        if (At(slot) is not (> 0 and var at)) return (0, 0);
        var start = Target(bytes, at);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(start));
        if (count > (uint)(bytes.Length - start - 4) / (uint)size)
            throw new InvalidDataException($"a vector of {count:N0} items in metadata of {bytes.Length:N0} bytes");
        return (start + 4, (int)count);
    }

    /// <summary>Where a field is, or 0.</summary>
    private int At(int slot)
    {
        var table = checked(position - BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(position)));
        var size = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(table));
        var entry = 4 + 2 * slot;
        if (entry + 2 > size) return 0;
        var offset = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(table + entry));
        return offset == 0 ? 0 : position + offset;
    }

    /// <summary>Offsets point forward: no table can be within itself.</summary>
    private static int Target(byte[] bytes, int at)
    {
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
        if (offset == 0 || offset > (uint)(bytes.Length - at)) throw new InvalidDataException("metadata that points outside itself");
        return at + (int)offset;
    }
}
