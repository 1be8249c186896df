using System.Buffers;
using System.Text;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Formats.Parquet.Writing;
using Pursuit.Formats.Rows;
using Pursuit.Storage;

namespace Pursuit.Formats.Arrow;

/// <summary>
/// A data set as <c>datasets</c> saves it with rows chosen or shuffled: a <c>state.json</c> that names the files of the data, and files
/// whose numbers say which of their rows it has, in which order.
/// </summary>
internal sealed class SavedDataset : IStoredRows
{
    private const string Column = "indices";

    private readonly List<ArrowTable> _data = [];
    private readonly List<ArrowTable> _indices = [];
    private readonly List<long> _dataStarts = [];
    private readonly List<long> _indexStarts = [];
    private readonly List<long> _groups = [];
    private readonly ArrayBufferWriter<byte> _number = new();
    private readonly string _path;
    private readonly long _dataRows;

    private SavedDataset(string path)
    {
        _path = path;
        using var state = JsonFile.Open(path, JsonFile.LargestConfiguration, "a saved data set's state");
        try
        {
            _dataRows = OpenAll(state.Root["_data_files"], _data, _dataStarts);
            RowCount = state.Root["_indices_data_files"].IsNull
                ? throw PursuitException.At(path, "no _indices_data_files", "a state that maps rows", "Name the folder instead.")
                : OpenAll(state.Root["_indices_data_files"], _indices, _indexStarts);
        }
        catch
        {
            Dispose();
            throw;
        }

        for (var i = 0; i < _indices.Count; i++)
            _groups.AddRange(((IRecordTable)_indices[i]).GroupStarts.Select(start => _indexStarts[i] + start));
    }

    public long RowCount { get; }

    public IReadOnlyList<long> GroupStarts => _groups;

    public string Columns => _data.Count == 0 ? "" : _data[0].Columns;

    public long BytesRead => 0;

    public TableSchema StoredSchema => field ??= Stored();

    /// <summary>Whether a file's beginning is that of such a state: its first key in the order in which it is written.</summary>
    public static bool IsState(ReadOnlySpan<byte> head) =>
        head.StartsWith("{"u8) && head[1..].TrimStart(" \t\r\n"u8).StartsWith("\"_data_file"u8);

    public static SavedDataset Open(string path) => new(path);

    public long Read(long row, int mostBytes, IBufferWriter<byte> destination)
    {
        var index = IndexOf(row);
        var file = Find(_dataStarts, index);
        return _data[file].Read(index - _dataStarts[file], mostBytes, destination);
    }

    public void Read(long row, RowBuffer destination)
    {
        var index = IndexOf(row);
        var file = Find(_dataStarts, index);
        _data[file].Read(index - _dataStarts[file], destination);
    }

    public void Dispose()
    {
        foreach (var table in _data.Concat(_indices)) table.Dispose();
    }

    private TableSchema Stored()
    {
        var schemas = _data.Select(table => table.StoredSchema).ToArray();
        if (schemas.Length > 0 && schemas.Select(s => s.Key()).Distinct().Count() == 1) return schemas[0];
        throw PursuitException.At(
            _path, schemas.Length == 0 ? "a data set without data" : "data files of different columns", "files of the same columns",
            "Write .jsonl, or save the data set again.");
    }

    private long OpenAll(JsonField files, List<ArrowTable> tables, List<long> starts)
    {
        var rows = 0L;
        foreach (var entry in files.Items())
        {
            var name = entry["filename"].Text();
            if (Path.IsPathRooted(name) || name.Split('/', '\\').Contains("..")) throw entry["filename"].Fault("a file beside the state");
            var file = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(_path))!, name);
            tables.Add(ArrowTable.Open(new FormatFile(file, ArrowFormat.FormatName)));
            starts.Add(rows);
            rows += tables[^1].RowCount;
        }

        return rows;
    }

    private long IndexOf(long row)
    {
        var file = Find(_indexStarts, row);
        _number.ResetWrittenCount();
        _indices[file].Read(row - _indexStarts[file], 4096, _number);
        var reader = new Utf8JsonReader(_number.WrittenSpan);
        var isColumn = false;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName) isColumn = reader.ValueTextEquals(Encoding.UTF8.GetBytes(Column));
            else if (isColumn && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var index)
                && index >= 0 && index < _dataRows)
                return index;
        }

        throw PursuitException.At(
            FormattableString.Invariant($"{_path}, row {row:N0}"), Encoding.UTF8.GetString(_number.WrittenSpan),
            FormattableString.Invariant($"the number of one of {_dataRows:N0} rows in a column '{Column}'"), "Save the data set again.");
    }

    private static int Find(List<long> starts, long row)
    {
        var found = starts.BinarySearch(row);
        if (found < 0) return ~found - 1;
        while (found + 1 < starts.Count && starts[found + 1] == row) found++; // empty files share a first row with the next
        return found;
    }
}
