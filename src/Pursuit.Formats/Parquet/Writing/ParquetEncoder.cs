using System.Buffers;
using Pursuit.Data;
using Pursuit.Data.Hashing;
using Pursuit.Data.Tables;
using Pursuit.Formats.Rows;

namespace Pursuit.Formats.Parquet.Writing;

/// <summary>Writes Parquet from JSON, and from the rows of tables with their own types.</summary>
internal sealed class ParquetEncoder : ITableEncoder
{
    public ITableWriter Begin(Stream destination, IReadOnlyList<TableColumn> columns) => new JsonTable(destination, columns);

    public ITableJoin Join(IReadOnlyList<(string Path, Func<IRecordTable> Open)> tables, IReadOnlyList<TableColumn> added) =>
        new TableJoin(tables, added);

    /// <summary>A table of rows that come as JSON.</summary>
    private sealed class JsonTable : ITableWriter
    {
        private readonly JsonRows _rows;
        private readonly ParquetWriter _writer;
        private readonly RowCopier _copier;
        private readonly ByteBuffer _row = new();

        public JsonTable(Stream destination, IReadOnlyList<TableColumn> columns)
        {
            _rows = new JsonRows(columns);
            _writer = new ParquetWriter(destination, _rows.Schema);
            _copier = new RowCopier(_rows.Schema, _rows.Schema);
        }

        public void Write(ReadOnlySpan<byte> json)
        {
            _rows.Read(json);
            _row.Clear();
            _rows.Row.CopyTo(_row);
            _copier.Copy(_row.Written, _writer);
            _writer.EndRow();
        }

        public void Complete() => _writer.Complete();

        public void Dispose() => _writer.Dispose();
    }
}

/// <summary>Tables of schemas that fit together.</summary>
internal sealed class TableJoin : ITableJoin
{
    /// <summary>Arrow's own schema, which tells of all columns in order and would contradict others.</summary>
    private const string ArrowSchemaKey = "ARROW:schema";

    private readonly List<TableSchema> _parts = [];
    private readonly int[] _partOf;
    private readonly TableSchema _own;
    private readonly IReadOnlyList<TableColumn> _added;
    private readonly TableSchema _all;
    private RowBuffer? _row;

    public TableJoin(IReadOnlyList<(string Path, Func<IRecordTable> Open)> tables, IReadOnlyList<TableColumn> added)
    {
        _added = added;
        _partOf = new int[tables.Count];
        var known = new Dictionary<string, int>();
        TableSchema? joined = null;
        for (var i = 0; i < tables.Count; i++)
        {
            using var table = tables[i].Open();
            var schema = Stored(table, tables[i].Path).StoredSchema;
            // Most files of a pool have one schema.
            var key = schema.Key();
            if (known.TryGetValue(key, out _partOf[i])) continue;
            if (schema.Leaves.Count == 0) throw PursuitException.At(tables[i].Path, "no columns", "a table with columns", "Leave it out.");
            RequireNames(schema.Root, tables[i].Path);
            joined = joined is null ? schema : SchemaMerge.Of(joined, tables[0].Path, schema, tables[i].Path);
            known.Add(key, _partOf[i] = _parts.Count);
            _parts.Add(schema);
        }

        _own = joined ?? throw new ArgumentException("no tables", nameof(tables));
        if (added.FirstOrDefault(a => _own.Root.Children.Any(c => c.Element.Name == a.Name)) is { } taken)
            throw AddedColumns.Taken(taken.Name, "the pool's tables");
        var fields = _own.Root.Children.Concat(added.Select(JsonColumns.NodeOf)).ToArray();
        _all = new TableSchema(fields, [.. _own.Metadata.Where(m => added.Count == 0 || m.Key != ArrowSchemaKey)]);
    }

    public void Read(IRecordTable table, long row, IBufferWriter<byte> destination)
    {
        var stored = (IStoredRows)table;
        var columns = stored.StoredSchema.Leaves.Count;
        if (_row?.Count != columns) _row = new RowBuffer(columns);
        _row.Clear();
        stored.Read(row, _row);
        _row.CopyTo(destination);
    }

    public ITableJoinWriter Begin(Stream destination) => new Writer(this, destination);

    /// <summary>Refuses fields of one name, which neither records of JSON have nor most readers.</summary>
    private static void RequireNames(SchemaNode group, string path)
    {
        if (group.Children.GroupBy(c => c.Element.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw PursuitException.At(path, $"two columns named '{twice.Key}'", "a name for each", "Write .jsonl.");
        foreach (var child in group.Children) RequireNames(child, path);
    }

    private static IStoredRows Stored(IRecordTable table, string path) => table as IStoredRows
        ?? throw PursuitException.At(path, "a table of another format", "Parquet or Arrow", "Write .jsonl.");

    private sealed class Writer(TableJoin join, Stream destination) : ITableJoinWriter
    {
        private readonly ParquetWriter _writer = new(destination, join._all);
        private readonly RowCopier?[] _copiers = new RowCopier?[join._parts.Count];
        private readonly JsonRows? _added = join._added.Count > 0 ? new JsonRows(join._added) : null;
        private readonly ByteBuffer _addedRow = new();
        private RowCopier? _addedCopier;

        public void Write(int table, ReadOnlySpan<byte> row, ReadOnlySpan<byte> added)
        {
            var part = join._partOf[table];
            (_copiers[part] ??= new RowCopier(join._own, join._parts[part])).Copy(row, _writer);
            if (_added is not null)
            {
                _added.Read(added);
                _addedRow.Clear();
                _added.Row.CopyTo(_addedRow);
                (_addedCopier ??= new RowCopier(_added.Schema, _added.Schema)).Copy(_addedRow.Written, _writer, join._own.Leaves.Count);
            }

            _writer.EndRow();
        }

        public void Complete() => _writer.Complete();

        public void Dispose() => _writer.Dispose();
    }
}
