using System.Buffers;
using System.Buffers.Binary;
using Pursuit.Data;
using Pursuit.Formats.Parquet.Writing;
using Pursuit.Formats.Rows;

namespace Pursuit.Formats.Parquet;

/// <summary>A Parquet file's rows.</summary>
internal sealed class ParquetTable : IStoredRows
{
    private const int TailBytes = 8;
    private const int MostFooterBytes = 1 << 30;

    private readonly FormatFile _file;
    private readonly JsonRow _json = new();
    private readonly ParquetMetadata _metadata;
    private readonly ParquetStruct _record;
    private readonly IReadOnlyList<ParquetLeaf> _leaves;
    private readonly long[] _starts;
    private int _group = -1;
    private long _row = -1;

    private ParquetTable(FormatFile file)
    {
        _file = file;
        var footer = ReadFooter(out var pagesEnd);
        _metadata = ParquetMetadata.Read(footer);
        (_record, _leaves) = ParquetSchema.Build(_metadata.Schema);
        _starts = GroupStarts.Of([.. _metadata.RowGroups.Select(g => g.RowCount)], file.Length, out var rows);
        RowCount = rows;
        for (var i = 0; i < _metadata.RowGroups.Count; i++) Check(i);
        foreach (var leaf in _leaves) leaf.Reader = new ColumnReader(file, leaf, pagesEnd);
    }

    public long RowCount { get; }

    IReadOnlyList<long> IRecordTable.GroupStarts => _starts;

    public string Columns => Names.Describe(_record.Fields.Select(f => (f.Name, f.Type)));

    public long BytesRead => _file.BytesRead;

    /// <summary>Opens a file, which is closed with the table.</summary>
    /// <exception cref="PursuitException">It is truncated, corrupt or encrypted.</exception>
    public static ParquetTable Open(FormatFile file)
    {
        try
        {
            return file.Guard(() => new ParquetTable(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public TableSchema StoredSchema => field ??= TableSchema.Of(_metadata);

    public long Read(long row, int mostBytes, IBufferWriter<byte> destination)
    {
        Read(row, () =>
        {
            _json.Begin(mostBytes);
            _record.Write(_json);
        });
        if (_json.Length <= mostBytes) destination.Write(_json.Written);
        return _json.Length;
    }

    public void Read(long row, RowBuffer destination) => Read(row, () =>
    {
        for (var i = 0; i < _leaves.Count; i++) _leaves[i].Store(i, destination);
    });

    public void Dispose()
    {
        foreach (var leaf in _leaves) leaf.Reader!.Dispose();
        _file.Dispose();
    }

    /// <summary>Lets every column pass over a row.</summary>
    private void Read(long row, Action pass)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RowCount);
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        try
        {
            MoveTo(row);
            pass();
            _row = row + 1;
            RequireRow(atEnd: _row >= _starts[_group] + _metadata.RowGroups[_group].RowCount);
        }
        catch (Exception e) when (FormatFile.IsOfData(e))
        {
            _group = -1;
            throw _file.Corrupt(e, () => FormattableString.Invariant($"row {row:N0} (row group {GroupStarts.Find(_starts, row):N0})"));
        }
    }

    private void MoveTo(long row)
    {
        var group = GroupStarts.Find(_starts, row);
        if (group == _group && row >= _row)
        {
            if (row == _row) return;
            foreach (var leaf in _leaves) leaf.Reader!.Skip(row - _row);
        }
        else
        {
            _group = -1; // until every column stands at the row
            for (var i = 0; i < _leaves.Count; i++)
            {
                _leaves[i].Reader!.Open(_metadata.RowGroups[group].Columns[i]);
                _leaves[i].Reader!.Begin(row - _starts[group]);
            }
        }

        (_group, _row) = (group, row);
        RequireRow(atEnd: false);
    }

    /// <summary>Every column stands at the beginning of a row, or every one at the group's end.</summary>
    private void RequireRow(bool atEnd)
    {
        foreach (var leaf in _leaves)
        {
            var reader = leaf.Reader!;
            if (reader.IsAtEnd == atEnd && reader.Repetition == 0) continue;
            throw new InvalidDataException(reader.IsAtEnd
                ? $"the column '{leaf.Name}' has fewer rows than its row group"
                : $"the column '{leaf.Name}' has more values than its rows");
        }
    }

    private byte[] ReadFooter(out long pagesEnd)
    {
        if (_file.Length < 4 + TailBytes) throw new InvalidDataException($"a file of {_file.Length:N0} bytes");
        Span<byte> tail = stackalloc byte[TailBytes];
        _file.Read(_file.Length - TailBytes, tail);
        if (tail[4..].SequenceEqual("PARE"u8))
            throw _file.Unsupported("an encrypted file", "a file that isn't encrypted", "Decrypt it first.");
        if (!tail[4..].SequenceEqual("PAR1"u8))
            throw new InvalidDataException($"the file ends in the bytes {Convert.ToHexString(tail[4..])}, not in PAR1");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (length > _file.Length - TailBytes - 4 || length > MostFooterBytes)
            throw new InvalidDataException($"a footer of {length:N0} bytes in a file of {_file.Length:N0}");
        pagesEnd = _file.Length - TailBytes - length;
        var footer = new byte[length];
        _file.Read(pagesEnd, footer);
        return footer;
    }

    private void Check(int number)
    {
        var group = _metadata.RowGroups[number];
        if (group.Columns.Count != _leaves.Count)
            throw new InvalidDataException(
                $"row group {number:N0} has {group.Columns.Count:N0} columns, and the schema {_leaves.Count:N0}");
        for (var i = 0; i < _leaves.Count; i++)
        {
            var (chunk, leaf) = (group.Columns[i], _leaves[i]);
            if (chunk.IsEncrypted || (_metadata.IsEncrypted && !chunk.HasMetadata))
                throw _file.Unsupported(
                    $"the column '{leaf.Name}' is encrypted", "a file that isn't encrypted", "Decrypt it first.");
            if (chunk.FilePath is { } other)
                throw _file.Unsupported(
                    $"its pages are in another file, '{other}'", "a file with its own pages", "Name the files of the pages instead.");
            if (!chunk.HasMetadata) throw new InvalidDataException($"the column '{leaf.Name}' has no pages");
            if (!PageCodec.IsKnown(chunk.Codec))
                throw _file.Unsupported(
                    $"the column '{leaf.Name}' is compressed by {PageCodec.NameOf(chunk.Codec)}",
                    "UNCOMPRESSED, SNAPPY, GZIP, BROTLI, LZ4, ZSTD or LZ4_RAW", "Write the file with another compression.");
            if (chunk.Type != leaf.Storage)
                throw new InvalidDataException(
                    $"the column '{leaf.Name}' is of type {leaf.Storage}, and in row group {number:N0} {chunk.Type}");
            if (chunk.ValueCount < 0) throw new InvalidDataException($"the column '{leaf.Name}' declares {chunk.ValueCount:N0} values");
        }
    }
}
