using System.Buffers;
using System.Buffers.Binary;
using Pursuit.Data.Hashing;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>
/// One row as the entries of its columns: of each the repetition level, the definition level, and the value where it is there, as
/// PLAIN has it (a truth value in a byte of its own).
/// </summary>
/// <param name="columns">How many columns there are.</param>
internal sealed class RowBuffer(int columns)
{
    /// <summary>Bytes of an entry's levels.</summary>
    public const int LevelBytes = 2;

    private readonly ByteBuffer[] _columns = [.. Enumerable.Range(0, columns).Select(_ => new ByteBuffer())];

    /// <summary>The columns.</summary>
    public int Count => _columns.Length;

    /// <summary>The entries of a column.</summary>
    public ByteBuffer this[int column] => _columns[column];

    /// <summary>Begins a row.</summary>
    public void Clear()
    {
        foreach (var column in _columns) column.Clear();
    }

    /// <summary>An entry's levels; its value follows where there is one.</summary>
    public void Levels(int column, int repetition, int definition)
    {
        var bytes = _columns[column];
        bytes.Reserve(LevelBytes)[0] = (byte)repetition;
        bytes.Reserve(LevelBytes)[1] = (byte)definition;
        bytes.Advance(LevelBytes);
    }

    /// <summary>The entries of a node that isn't there, in all its columns.</summary>
    public void Missing(SchemaNode node, int repetition, int definition)
    {
        for (var i = 0; i < node.LeafCount; i++) Levels(node.FirstLeaf + i, repetition, definition);
    }

    public void Byte(int column, byte value) => _columns[column].Append(value);

    public void Int32(int column, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_columns[column].Reserve(sizeof(int)), value);
        _columns[column].Advance(sizeof(int));
    }

    public void Int64(int column, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_columns[column].Reserve(sizeof(long)), value);
        _columns[column].Advance(sizeof(long));
    }

    public void Fixed(int column, ReadOnlySpan<byte> value) => _columns[column].Append(value);

    public void Text(int column, ReadOnlySpan<byte> value)
    {
        Int32(column, value.Length);
        _columns[column].Append(value);
    }

    /// <summary>Writes the row: of each column its bytes with their number before them.</summary>
    public void CopyTo(IBufferWriter<byte> destination)
    {
        foreach (var column in _columns)
        {
            BinaryPrimitives.WriteInt32LittleEndian(destination.GetSpan(sizeof(int)), column.Length);
            destination.Advance(sizeof(int));
            destination.Write(column.Written);
        }
    }
}
