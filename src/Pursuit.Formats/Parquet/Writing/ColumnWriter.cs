using System.Buffers.Binary;
using Pursuit.Data.Hashing;
using Pursuit.Data.Reading.Compression;
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

    /// <summary>Of texts, which are what repeats in records; null for other types.</summary>
    private readonly ColumnDictionary? _dictionary = leaf.Element.Type == PhysicalType.ByteArray ? new ColumnDictionary() : null;
    private ByteBuffer? _dictionaryPage;
    private int _pageValueBytes; // as PLAIN has them

    public SchemaNode Leaf => leaf;

    /// <summary>Bytes of the finished pages, as they are stored.</summary>
    public ReadOnlySpan<byte> Pages => _pages.Written;

    /// <summary>The page of the dictionary, as it is stored, after <see cref="EndGroup"/>; empty where there is none.</summary>
    public ReadOnlySpan<byte> DictionaryPage => _dictionaryPage is null ? default : _dictionaryPage.Written;

    /// <summary>Bytes of the finished pages if they weren't compressed.</summary>
    public long PlainBytes { get; private set; }

    /// <summary>Entries of the finished pages.</summary>
    public long ValueCount { get; private set; }

    /// <summary>What the row group's values have in common.</summary>
    public ColumnStatistics Statistics { get; } = new(leaf);

    /// <summary>Bytes that the column's part of the row group has come to.</summary>
    public long Held => PlainBytes + _values.Length + (_dictionary?.Held ?? 0) + _definitions.Length + _repetitions.Length;

    /// <summary>The page has become large enough.</summary>
    public bool IsPageFull => _pageValueBytes + _definitions.Length >= PageBytes;

    /// <summary>Adds an entry.</summary>
    /// <param name="repetition">Its level.</param>
    /// <param name="definition">Its level.</param>
    /// <param name="value">Its value as PLAIN has it, where it is there.</param>
    public void Add(int repetition, int definition, ReadOnlySpan<byte> value)
    {
        if (leaf.Repetition > 0) _repetitions.Append((byte)repetition);
        _definitions.Append((byte)definition); // counts the entries also where no level is stored
        if (definition != leaf.Definition)
        {
            Statistics.AddNull();
            return;
        }

        Statistics.Add(value);
        _pageValueBytes += value.Length;
        if (_dictionary is { IsOpen: true })
        {
            if (_dictionary.TryAdd(value)) return;
            _dictionary.Close(_values);
        }

        _values.Append(value);
    }

    /// <summary>Finishes the page that is begun.</summary>
    /// <param name="plain">Room to put it together.</param>
    /// <param name="stored">Room to compress it.</param>
    /// <param name="zstd">Compresses it.</param>
    public void EndPage(ByteBuffer plain, ByteBuffer stored, Compressor zstd)
    {
        if (_definitions.Length == 0) return;
        if (_dictionary is { IsOpen: true, HasPage: true } && !_dictionary.Pays(_pageValueBytes)) _dictionary.Close(_values);
        plain.Clear();
        if (leaf.Repetition > 0) Levels(plain, _repetitions, leaf.Repetition);
        if (leaf.Definition > 0) Levels(plain, _definitions, leaf.Definition);
        var encoding = Encodings.Plain;
        if (_dictionary is { IsOpen: true, HasPage: true })
        {
            _dictionary.EndPage(plain);
            encoding = Encodings.RleDictionary;
        }
        else if (leaf.Element.Type == PhysicalType.Boolean)
        {
            PackTruths(plain);
        }
        else
        {
            plain.Append(_values.Written);
        }

        var entries = _definitions.Length;
        Store(_pages, PageHeader.DataPage, plain.Written, stored, zstd, thrift =>
        {
            thrift.Struct(5);
            thrift.Int32(1, entries);
            thrift.Int32(2, encoding);
            thrift.Int32(3, Encodings.Rle);
            thrift.Int32(4, Encodings.Rle);
            thrift.EndStruct();
        });
        ValueCount += entries;
        _repetitions.Clear();
        _definitions.Clear();
        _values.Clear();
        _pageValueBytes = 0;
    }

    /// <summary>Makes the page of the dictionary, once all pages are finished.</summary>
    /// <param name="stored">Room to compress it.</param>
    /// <param name="zstd">Compresses it.</param>
    public void EndGroup(ByteBuffer stored, Compressor zstd)
    {
        if (_dictionary is null || _dictionary.Stored.IsEmpty) return;
        Store(_dictionaryPage ??= new ByteBuffer(), PageHeader.DictionaryPage, _dictionary.Stored, stored, zstd, thrift =>
        {
            thrift.Struct(7);
            thrift.Int32(1, _dictionary.Count);
            thrift.Int32(2, Encodings.Plain);
            thrift.EndStruct();
        });
    }

    /// <summary>Begins the next row group.</summary>
    public void Clear()
    {
        _pages.Clear();
        _dictionaryPage?.Clear();
        _dictionary?.Clear();
        Statistics.Clear();
        (PlainBytes, ValueCount) = (0, 0);
    }

    private static void Levels(ByteBuffer plain, ByteBuffer levels, int most)
    {
        var start = plain.Length;
        plain.Reserve(sizeof(int));
        plain.Advance(sizeof(int));
        RunEncoder.Append(plain, levels.Written, RunEncoder.BitsOf(most));
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

    /// <summary>Appends a page behind its header.</summary>
    private void Store(
        ByteBuffer destination, int kind, ReadOnlySpan<byte> plain, ByteBuffer stored, Compressor zstd, Action<ThriftWriter> describe)
    {
        stored.Clear();
        stored.Advance(zstd.Wrap(plain, stored.Reserve(Compressor.GetCompressBound(plain.Length))));
        var before = destination.Length;
        var thrift = new ThriftWriter(destination);
        thrift.BeginStruct();
        thrift.Int32(1, kind);
        thrift.Int32(2, plain.Length);
        thrift.Int32(3, stored.Length);
        thrift.Int32(4, (int)Crc.Add32(0, stored.Written));
        describe(thrift);
        thrift.EndStruct();
        PlainBytes += destination.Length - before + plain.Length;
        destination.Append(stored.Written);
    }
}
