using System.Buffers.Binary;
using Pursuit.Data.Hashing;
using ZstdSharp;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>One column of the row group that is being written: its finished pages, and the page that is begun.</summary>
/// <param name="leaf">The column.</param>
internal sealed class ColumnWriter(SchemaNode leaf)
{
    private const int PageBytes = 1 << 20;

    private readonly ByteBuffer _repetitions = new();
    private readonly ByteBuffer _definitions = new();
    private readonly ByteBuffer _values = new();
    private readonly ByteBuffer _pages = new();

    public SchemaNode Leaf => leaf;

    /// <summary>Bytes of the finished pages, as they are stored.</summary>
    public ReadOnlySpan<byte> Pages => _pages.Written;

    /// <summary>Bytes of the finished pages if they weren't compressed.</summary>
    public long PlainBytes { get; private set; }

    /// <summary>Entries of the finished pages.</summary>
    public long ValueCount { get; private set; }

    /// <summary>Bytes that the column's part of the row group has come to.</summary>
    public long Held => PlainBytes + _values.Length + _definitions.Length + _repetitions.Length;

    /// <summary>The page has become large enough.</summary>
    public bool IsPageFull => _values.Length + _definitions.Length >= PageBytes;

    /// <summary>Adds an entry.</summary>
    /// <param name="repetition">Its level.</param>
    /// <param name="definition">Its level.</param>
    /// <param name="value">Its value as PLAIN has it, where it is there.</param>
    public void Add(int repetition, int definition, ReadOnlySpan<byte> value)
    {
        if (leaf.Repetition > 0) _repetitions.Append((byte)repetition);
        _definitions.Append((byte)definition); // counts the entries also where no level is stored
        if (definition == leaf.Definition) _values.Append(value);
    }

    /// <summary>Finishes the page that is begun.</summary>
    /// <param name="plain">Room to put it together.</param>
    /// <param name="stored">Room to compress it.</param>
    /// <param name="zstd">Compresses it.</param>
    public void EndPage(ByteBuffer plain, ByteBuffer stored, Compressor zstd)
    {
        if (_definitions.Length == 0) return;
        plain.Clear();
        if (leaf.Repetition > 0) Levels(plain, _repetitions, leaf.Repetition);
        if (leaf.Definition > 0) Levels(plain, _definitions, leaf.Definition);
        if (leaf.Element.Type == PhysicalType.Boolean) PackTruths(plain);
        else plain.Append(_values.Written);

        stored.Clear();
        stored.Advance(zstd.Wrap(plain.Written, stored.Reserve(Compressor.GetCompressBound(plain.Length))));
        var before = _pages.Length;
        WriteHeader(plain.Length, stored.Written);
        PlainBytes += _pages.Length - before + plain.Length;
        _pages.Append(stored.Written);
        ValueCount += _definitions.Length;
        _repetitions.Clear();
        _definitions.Clear();
        _values.Clear();
    }

    /// <summary>Begins the next row group.</summary>
    public void Clear()
    {
        _pages.Clear();
        (PlainBytes, ValueCount) = (0, 0);
    }

    private static void Levels(ByteBuffer plain, ByteBuffer levels, int most)
    {
        var start = plain.Length;
        plain.Reserve(sizeof(int));
        plain.Advance(sizeof(int));
        LevelEncoder.Append(plain, levels.Written, LevelEncoder.BitsOf(most));
        BinaryPrimitives.WriteInt32LittleEndian(plain.Tail(start), plain.Length - start - sizeof(int));
    }

    private void PackTruths(ByteBuffer plain)
    {
        var values = _values.Written;
        for (var i = 0; i < values.Length; i += 8)
        {
            var packed = 0;
            for (var k = i; k < Math.Min(i + 8, values.Length); k++) packed |= values[k] << (k - i);
            plain.Append((byte)packed);
        }
    }

    private void WriteHeader(int plainBytes, ReadOnlySpan<byte> stored)
    {
        var thrift = new ThriftWriter(_pages);
        thrift.BeginStruct();
        thrift.Int32(1, PageHeader.DataPage);
        thrift.Int32(2, plainBytes);
        thrift.Int32(3, stored.Length);
        thrift.Int32(4, (int)Crc32.Of(stored));
        thrift.Struct(5);
        thrift.Int32(1, _definitions.Length);
        thrift.Int32(2, Encodings.Plain);
        thrift.Int32(3, Encodings.Rle);
        thrift.Int32(4, Encodings.Rle);
        thrift.EndStruct();
        thrift.EndStruct();
    }
}
