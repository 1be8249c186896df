using System.Buffers;
using Pursuit.Data;
using Pursuit.Formats.Parquet.Writing;
using Pursuit.Formats.Rows;
using Pursuit.Storage;

namespace Pursuit.Formats.Arrow;

/// <summary>
/// The rows of an Arrow file or stream. The file is mapped: only what a row needs is touched, but where buffers are compressed.
/// </summary>
internal sealed class ArrowTable : IStoredRows
{
    private const int MaxDictionaryDepth = 8;

    private readonly FormatFile _file;
    private readonly MappedFile _map;
    private readonly JsonRow _json = new();
    private readonly ArrowMessages _messages;
    private readonly long[] _starts;
    private readonly Dictionary<long, List<ArrowArray>> _dictionaries = [];
    private int _batch = -1;
    private int _before; // dictionaries' messages before the batch
    private ArrowArray[] _columns = [];
    private int _dictionaryDepth;

    private ArrowTable(FormatFile file, MappedFile map)
    {
        (_file, _map) = (file, map);
        if (map.Length >= 4 && map.Bytes(0, 4).SequenceEqual("FEA1"u8))
            throw file.Unsupported(
                "Feather of version 1", "Feather of version 2", "Write it again: pyarrow.feather.write_feather(table, path).");
        _messages = ArrowMessages.Read(map);
        _starts = GroupStarts.Of([.. _messages.Batches.Select(b => b.Batch.RowCount)], map.Length, out var rows);
        RowCount = rows;
    }

    public long RowCount { get; }

    IReadOnlyList<long> IRecordTable.GroupStarts => _starts;

    public string Columns => Names.Describe(_messages.Fields.Select(f => (f.Name, f.Type)));

    /// <summary>The bytes up to the batch that is read.</summary>
    public long BytesRead => _batch < 0 ? 0 : _messages.Batches[_batch].Batch is var batch ? batch.Body + batch.BodyBytes : 0;

    /// <summary>Opens a file, which is closed with the table.</summary>
    /// <exception cref="PursuitException">It is truncated or corrupt.</exception>
    public static ArrowTable Open(FormatFile file)
    {
        MappedFile? map = null;
        try
        {
            map = file.Map();
            return file.Guard(() => new ArrowTable(file, map));
        }
        catch
        {
            map?.Dispose();
            file.Dispose();
            throw;
        }
    }

    public TableSchema StoredSchema => field ??= Stored();

    public long Read(long row, int mostBytes, IBufferWriter<byte> destination)
    {
        Read(row, index => Write(index, mostBytes));
        if (!_json.IsTooLong) destination.Write(_json.Written);
        return _json.Length;
    }

    public void Read(long row, RowBuffer destination) => Read(row, index =>
    {
        var rows = new ArrowRows(destination);
        for (var i = 0; i < _columns.Length; i++) rows.Store(_columns[i], index, StoredSchema.Root.Children[i], repetition: 0);
    });

    public void Dispose()
    {
        _map.Dispose();
        _file.Dispose();
    }

    private TableSchema Stored()
    {
        try
        {
            return new TableSchema([.. _messages.Fields.Select(ArrowColumns.NodeOf)], _messages.KeyValues);
        }
        catch (NotSupportedException e)
        {
            throw _file.Unsupported(e.Message, "types that Parquet has", "Write .jsonl, or leave the column out of the pool.");
        }
    }

    /// <summary>Does something with a row, given its index in its batch, which is open.</summary>
    private void Read(long row, Action<long> use)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RowCount);
        var batch = GroupStarts.Find(_starts, row);
        try
        {
            if (batch != _batch) Open(batch);
            use(row - _starts[batch]);
        }
        catch (Exception e) when (FormatFile.IsOfData(e))
        {
            _batch = -1;
            throw _file.Corrupt(e, () => FormattableString.Invariant($"row {row:N0} (batch {batch:N0})"));
        }
    }

    private void Write(long index, int mostBytes)
    {
        _json.Begin(mostBytes);
        _json.Raw((byte)'{');
        for (var i = 0; i < _columns.Length; i++)
        {
            if (i > 0) _json.Raw((byte)',');
            _json.Raw(_messages.Fields[i].Key);
            _columns[i].Write(_json, index);
        }

        _json.Raw((byte)'}');
    }

    private void Open(int number)
    {
        (_batch, _columns) = (-1, []);
        var (message, dictionaries) = _messages.Batches[number];
        _dictionaryDepth = 0;
        if (dictionaries != _before) _dictionaries.Clear();
        _before = dictionaries;
        _columns = new ArrowBatch(_map, message, message.Header, field => DictionaryOf(field, dictionaries)).Read(_messages.Fields);
        _batch = number;
    }

    /// <summary>A dictionary's parts: the last that was written whole before a batch, and what was added to it.</summary>
    private List<ArrowArray> DictionaryOf(ArrowField field, int before)
    {
        var id = field.Dictionary!.Value;
        if (_dictionaries.TryGetValue(id, out var known)) return known;
        if (++_dictionaryDepth > MaxDictionaryDepth) throw new InvalidDataException("dictionaries within dictionaries");
        var parts = new List<ArrowArray>();
        for (var i = 0; i < before; i++)
        {
            var message = _messages.Dictionaries[i];
            if (message.Header.Int64(0) != id) continue;
            if (!message.Header.Bool(2)) parts.Clear();
            var data = message.Header.Table(1) ?? throw new InvalidDataException("a dictionary without values");
            parts.Add(new ArrowBatch(_map, message, data, inner => DictionaryOf(inner, before)).Read(field.Values()));
        }

        _dictionaryDepth--;
        _dictionaries[id] = parts;
        return parts;
    }
}
