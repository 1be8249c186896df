using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Data.Hashing;
using Pursuit.Data.Indexing;
using Pursuit.Data.Tables;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Jobs.Export;

/// <summary>
/// How a pool's records are written: as lines byte for byte, or as a table, whose columns are those of the pool's tables, or where it has
/// lines are inferred from all of its records. What is impossible is found before the work.
/// </summary>
internal sealed class RecordsOut
{
    private readonly string _path;
    private readonly Pool _pool;
    private readonly IReadOnlyList<AddedField> _added;
    private readonly TableCopy? _tables;
    private readonly ITableJoin? _join;
    private readonly IReadOnlyList<TableColumn>? _columns;

    private RecordsOut(string path, Pool pool, IReadOnlyList<AddedField> added, CancellationToken cancellationToken)
    {
        (_path, _pool, _added) = (path, pool, added);
        var columns = added.Select(a => a.Column).ToArray();
        if (TableFile.IsNamed(path) && pool.Tables is { } tables)
        {
            _tables = tables;
            _join = tables.Join(TableFile.EncoderOf(path), columns);
            return;
        }

        if (TableFile.IsNamed(path))
        {
            _ = TableFile.EncoderOf(path);
            var own = pool.InferColumns(cancellationToken);
            if (columns.FirstOrDefault(c => own.Any(o => o.Name == c.Name)) is { } taken)
                throw AddedColumns.Taken(taken.Name, "the records");
            _columns = [.. own, .. columns];
        }
        else if (added.Count > 0 && pool.FindField([.. added.Select(a => a.Name)], cancellationToken) is { } found)
        {
            throw AddedColumns.Taken(found.Name, found.Place);
        }
    }

    /// <summary>Looks how a pool's records can be written.</summary>
    /// <param name="path">The file that will get them.</param>
    /// <param name="pool">Where they are.</param>
    /// <param name="added">Fields that they get.</param>
    /// <param name="cancellationToken">Stops between records.</param>
    /// <exception cref="PursuitException">They fit in no table, or have a field of an added one's name.</exception>
    public static RecordsOut Prepare(string path, Pool pool, IReadOnlyList<AddedField> added, CancellationToken cancellationToken) =>
        new(path, pool, added, cancellationToken);

    /// <summary>Writes records.</summary>
    /// <param name="rows">The records, in the order in which they are written.</param>
    /// <param name="repeats">Copies of each. [rows]</param>
    /// <param name="cancellationToken">Stops between records; nothing is left under the final name.</param>
    /// <exception cref="PursuitException">The file can't be written, or an input file changed since it was read.</exception>
    public void Write(IReadOnlyList<RankedRow> rows, IReadOnlyList<int> repeats, CancellationToken cancellationToken)
    {
        var ranks = Ranks(repeats);
        if (_join is not null)
        {
            Action<int, IBufferWriter<byte>>? added = _added.Count == 0 ? null : (number, destination) =>
                AddedTo(rows[ranks[number]], ranks[number], destination);
            var locators = new ComputedList<RecordLocator>(ranks.Count, number => _pool.Locator(rows[ranks[number]].Position));
            AtomicFile.Write(_path, stream => _tables!.Write(_join, locators, added, stream, cancellationToken));
        }
        else if (_columns is not null)
        {
            TableFile.Write(_path, _columns, stream => WriteLines(stream, rows, ranks, cancellationToken));
        }
        else
        {
            RecordsFile.Write(_path, stream => WriteLines(stream, rows, ranks, cancellationToken));
        }
    }

    /// <summary>The ranks from 0, each as often as its record is written.</summary>
    private static IReadOnlyList<int> Ranks(IReadOnlyList<int> repeats)
    {
        if (repeats.All(copies => copies == 1)) return new ComputedList<int>(repeats.Count, rank => rank);
        var ranks = new List<int>(repeats.Count);
        for (var rank = 0; rank < repeats.Count; rank++)
            for (var copy = 0; copy < repeats[rank]; copy++) ranks.Add(rank);
        return ranks;
    }

    private void WriteLines(Stream stream, IReadOnlyList<RankedRow> rows, IReadOnlyList<int> ranks, CancellationToken cancellationToken)
    {
        var positions = new ComputedList<int>(ranks.Count, copy => rows[ranks[copy]].Position);
        if (_added.Count == 0)
        {
            _pool.CopyRecords(positions, stream, cancellationToken);
            return;
        }

        var number = 0;
        var fields = new ByteBuffer();
        using var lines = new LineStream(record =>
        {
            fields.Clear();
            AddedTo(rows[ranks[number]], ranks[number], fields);
            number++;
            var open = record[..record.LastIndexOf((byte)'}')].TrimEnd(" \t\r\n"u8);
            stream.Write(open);
            if (open[^1] != (byte)'{') stream.WriteByte((byte)',');
            stream.Write(fields.Written[1..]);
            stream.WriteByte((byte)'\n');
        });
        _pool.CopyRecords(positions, lines, cancellationToken);
    }

    /// <summary>Writes an object with the added fields of a record.</summary>
    private void AddedTo(RankedRow row, int rank, IBufferWriter<byte> destination)
    {
        using var json = new Utf8JsonWriter(destination, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        foreach (var field in _added) field.Write(json, row, rank + 1);
        json.WriteEndObject();
    }
}
