using System.Buffers.Binary;
using System.Numerics;
using Pursuit.Data.Reading.Compression;
using Pursuit.Formats.Rows;

namespace Pursuit.Formats.Parquet;

/// <summary>
/// One column of a row group as a sequence of values with their levels, page by page: it holds one page and the dictionary, whatever
/// the group's size. It stands before the first value of a row.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="leaf">The column.</param>
/// <param name="end">Where the file's pages end.</param>
internal sealed class ColumnReader(FormatFile file, ParquetLeaf leaf, long end) : IDisposable
{
    private const int HeadBytes = 1 << 16;
    private const int MostHeadBytes = 16 << 20;

    /// <summary>A page larger than this is no page that anybody writes on purpose.</summary>
    private const long MostPageBytes = 1 << 30;

    private readonly PageCodec _codec = new();
    private byte[] _stored = [];
    private long _storedStart;
    private int _storedLength;
    private byte[] _plain = [];
    private ColumnChunk? _chunk;
    private long _offset;
    private long _valuesLeft;
    private int _pageLeft;
    private RunDecoder _repetitions;
    private RunDecoder _definitions;
    private Dictionary? _dictionary;
    private ValueDecoder? _values;

    /// <summary>The value, where <see cref="Definition"/> is the column's greatest.</summary>
    public ColumnValue Value;

    /// <summary>The level at which the value repeats; 0 where it begins a row.</summary>
    public int Repetition { get; private set; }

    /// <summary>How much of the value's path is there.</summary>
    public int Definition { get; private set; }

    /// <summary>No value is left in the row group.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Begins a row group.</summary>
    public void Open(ColumnChunk chunk)
    {
        _chunk = chunk;
        _offset = chunk.Start;
        (_valuesLeft, _pageLeft, _dictionary, _values) = (chunk.ValueCount, 0, null, null);
        _storedLength = 0;
        IsAtEnd = false;
    }

    /// <summary>Goes on to the first value, after <see cref="Open"/>, of the row that is some rows ahead.</summary>
    public void Begin(long rows)
    {
        rows = SkipPages(rows);
        Advance();
        Skip(rows);
    }

    /// <summary>Passes over rows.</summary>
    public void Skip(long rows)
    {
        if (leaf.MostRepetition == 0 && rows > _pageLeft)
        {
            // The rest of the page and the first value of the next are passed; then whole pages.
            rows -= _pageLeft + 1;
            _pageLeft = 0;
            rows = SkipPages(rows);
            Advance();
        }

        for (; rows > 0 && !IsAtEnd; rows--)
        {
            do Advance();
            while (!IsAtEnd && Repetition > 0);
        }
    }

    /// <summary>Goes on to the next value.</summary>
    public void Advance()
    {
        while (_pageLeft == 0)
        {
            if (_valuesLeft == 0)
            {
                (IsAtEnd, Repetition, Definition) = (true, 0, -1);
                return;
            }

            OpenPage(ReadHeader());
        }

        _pageLeft--;
        if (leaf.MostRepetition > 0) Repetition = Level(ref _repetitions, leaf.MostRepetition);
        Definition = leaf.MostDefinition > 0 ? Level(ref _definitions, leaf.MostDefinition) : 0;
        if (Definition == leaf.MostDefinition) _values!.Next(ref Value);
    }

    /// <inheritdoc/>
    public void Dispose() => _codec.Dispose();

    private static int Level(ref RunDecoder levels, int most) =>
        levels.Next() is var level && level <= most ? level : throw new InvalidDataException($"a level of {level}; the greatest is {most}");

    /// <summary>Passes over whole pages without decompressing them, where their headers tell their rows.</summary>
    private long SkipPages(long rows)
    {
        while (rows > 0 && _valuesLeft > 0)
        {
            var header = ReadHeader();
            var isData = header.Kind is PageHeader.DataPage or PageHeader.DataPageV2;
            var inPage = leaf.MostRepetition == 0 ? header.ValueCount : header.RowCount;
            if (!isData || inPage < 0 || inPage > rows)
            {
                OpenPage(header);
                if (isData) break;
                continue;
            }

            Take(header);
            _offset += header.Bytes + header.StoredBytes;
            rows -= inPage;
        }

        return rows;
    }

    private void Take(PageHeader header)
    {
        if (header.ValueCount > _valuesLeft)
            throw new InvalidDataException($"pages of more values than the {_chunk!.ValueCount:N0} that the column declares");
        _valuesLeft -= header.ValueCount;
    }

    private PageHeader ReadHeader()
    {
        for (var size = HeadBytes; ; size *= 2)
        {
            var available = Math.Min(size, end - _offset);
            if (_offset < 0 || available <= 0) throw new InvalidDataException("the column's pages end before its values do");
            Fill(_offset, (int)available);
            try
            {
                var at = (int)(_offset - _storedStart);
                return PageHeader.Read(_stored.AsSpan(at, Math.Min(size, _storedLength - at)));
            }
            catch (InvalidDataException) when (available == size && size < MostHeadBytes)
            {
                // Statistics of long texts can make a header longer than what was read of it.
            }
        }
    }

    /// <summary>Lets the stored bytes from an offset on be in the buffer.</summary>
    private void Fill(long offset, int count)
    {
        if (_storedLength > 0 && offset >= _storedStart && offset + count <= _storedStart + _storedLength) return;
        // More is read than asked for where it is at hand: pages are mostly small, and follow each other.
        var length = (int)Math.Min(Math.Max(count, HeadBytes), end - offset);
        if (length > _stored.Length) _stored = GC.AllocateUninitializedArray<byte>((int)BitOperations.RoundUpToPowerOf2((uint)length));
        _storedLength = 0;
        file.Read(offset, _stored.AsSpan(0, length));
        (_storedStart, _storedLength) = (offset, length);
    }

    private void OpenPage(PageHeader header)
    {
        var page = _offset + header.Bytes;
        if (header.StoredBytes > end - page)
            throw new InvalidDataException($"a page of {header.StoredBytes:N0} bytes, of which {end - page:N0} are in the file");
        _offset = page + header.StoredBytes;
        if (header.Kind is not (PageHeader.DataPage or PageHeader.DataPageV2 or PageHeader.DictionaryPage)) return;
        Fill(page, header.StoredBytes);
        var start = (int)(page - _storedStart);
        if (header.Checksum is { } checksum && (int)Crc.Add32(0, _stored.AsSpan(start, header.StoredBytes)) != checksum)
            throw new InvalidDataException($"a page's checksum isn't the one that its header declares ({(uint)checksum:X8})");
        var bytes = Decompress(header, start);
        if (header.Kind == PageHeader.DictionaryPage)
        {
            if (header.Encoding is not (Encodings.Plain or Encodings.PlainDictionary))
                throw new InvalidDataException($"a dictionary in the encoding {Encodings.NameOf(header.Encoding)}");
            _dictionary = new Dictionary(leaf.Storage, leaf.Width, bytes, header.PlainBytes, header.ValueCount);
            return;
        }

        Take(header);
        _pageLeft = header.ValueCount;
        if (header.ValueCount == 0) return;
        var values = header.Kind == PageHeader.DataPage ? OpenLevels(header, bytes) : OpenLevelsV2(header, bytes);
        _values = ValueDecoder.Open(header.Encoding, leaf.Storage, leaf.Width, bytes, values, header.PlainBytes, _dictionary);
    }

    /// <summary>The page's bytes; a dictionary's in a buffer of their own, since they stay.</summary>
    private byte[] Decompress(PageHeader header, int start)
    {
        var levels = header.Kind == PageHeader.DataPageV2 ? checked(header.RepetitionBytes + header.DefinitionBytes) : 0;
        if (levels > header.StoredBytes || levels > header.PlainBytes)
            throw new InvalidDataException("levels that are longer than their page");
        var codec = header.IsCompressed ? _chunk!.Codec : 0;
        var (stored, plain) = (header.StoredBytes - levels, header.PlainBytes - levels);
        if (plain > MostPageBytes)
            throw new InvalidDataException($"a page declares {plain:N0} bytes; at most {MostPageBytes:N0} are read");
        if (plain > PageCodec.MostOf(codec, stored))
            throw new InvalidDataException($"a page of {stored:N0} bytes in {PageCodec.NameOf(codec)} declares {plain:N0} bytes");
        byte[] bytes;
        if (header.Kind == PageHeader.DictionaryPage)
        {
            bytes = new byte[header.PlainBytes];
        }
        else
        {
            if (header.PlainBytes > _plain.Length)
                _plain = GC.AllocateUninitializedArray<byte>((int)BitOperations.RoundUpToPowerOf2((uint)header.PlainBytes));
            bytes = _plain;
        }

        _stored.AsSpan(start, levels).CopyTo(bytes);
        if (stored > 0) _codec.Decompress(codec, _stored, start + levels, stored, bytes.AsSpan(levels, plain));
        else if (plain > 0) throw new InvalidDataException($"an empty page declares {plain:N0} bytes");
        return bytes;
    }

    private int OpenLevels(PageHeader header, byte[] bytes)
    {
        var at = 0;
        if (leaf.MostRepetition > 0) _repetitions = Levels(header.RepetitionEncoding, leaf.MostRepetition);
        if (leaf.MostDefinition > 0) _definitions = Levels(header.DefinitionEncoding, leaf.MostDefinition);
        return at;

        RunDecoder Levels(int encoding, int most)
        {
            if (encoding != Encodings.Rle) throw new InvalidDataException($"levels in the encoding {Encodings.NameOf(encoding)}");
            if (header.PlainBytes - at < 4) throw new InvalidDataException("a page ends before its levels do");
            var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
            if (length > header.PlainBytes - at - 4) throw new InvalidDataException("levels that are longer than their page");
            var decoder = new RunDecoder(bytes, at + 4, at + 4 + (int)length, BitsOf(most));
            at += 4 + (int)length;
            return decoder;
        }
    }

    private int OpenLevelsV2(PageHeader header, byte[] bytes)
    {
        var values = header.RepetitionBytes + header.DefinitionBytes;
        _repetitions = new RunDecoder(bytes, 0, header.RepetitionBytes, BitsOf(leaf.MostRepetition));
        _definitions = new RunDecoder(bytes, header.RepetitionBytes, values, BitsOf(leaf.MostDefinition));
        return values;
    }

    private static int BitsOf(int most) => BitOperations.Log2((uint)most) + (most > 0 ? 1 : 0);
}
