using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Pursuit.Data.Indexing;
using Pursuit.Data.Tables;
using Pursuit.Storage;

namespace Pursuit.Data;

/// <summary>What became of an input row when the pool was read.</summary>
public enum RowFate
{
    /// <summary>It is an example of the pool.</summary>
    Pool,

    /// <summary>It says the same as an earlier row, which is in the pool.</summary>
    DuplicateOf,

    /// <summary>It is no valid record.</summary>
    Quarantined,

    /// <summary>It nearly says the same as an earlier row, which is in the pool.</summary>
    NearDuplicateOf,

    /// <summary>It doesn't fulfill <see cref="PoolOptions.Where"/>.</summary>
    Filtered,
}

/// <summary>One invalid record.</summary>
/// <param name="File">Its file.</param>
/// <param name="Line">The 1-based line of its first byte; of a table's row its number in the file from 1.</param>
/// <param name="Row">Its number over all input rows, from 0.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record QuarantinedRecord(string File, long Line, long Row, string Reason)
{
    /// <summary>Its row group in a table; null in text.</summary>
    public int? RowGroup { get; init; }
}

/// <summary>One input row's fate.</summary>
/// <param name="Row">Its number over all input rows, from 0.</param>
/// <param name="File">Its file.</param>
/// <param name="Line">The 1-based line of its first byte; of a table's row its number in the file from 1.</param>
/// <param name="Fate">What became of it.</param>
/// <param name="Position">Its position in the pool, or -1.</param>
/// <param name="DuplicateOf">The row it repeats, nearly or exactly, or -1.</param>
/// <param name="Reason">Why it is quarantined, or what it is a near duplicate of, or null.</param>
public readonly record struct LedgerRow(long Row, string File, long Line, RowFate Fate, int Position, long DuplicateOf, string? Reason)
{
    /// <summary>A near duplicate's Jaccard similarity to the row it resembles; null for any other row.</summary>
    public double? Similarity { get; init; }

    /// <summary>Its row group in a table; null in text.</summary>
    public int? RowGroup { get; init; }
}

/// <summary>
/// The account of every input row: <c>pool + duplicates + near duplicates + filtered + quarantined = rows read</c>. Whether a row of
/// the pool is then selected is for the selection to say.
/// </summary>
public sealed class Ledger
{
    /// <summary>From this many rows on, <see cref="WriteTo"/> compresses.</summary>
    public const int CompressFromRows = 100_000;

    private const string LinesName = "ledger.jsonl";
    private const string CompressedName = "ledger.jsonl.gz";
    private const string TableName = "ledger.parquet";
    private static readonly string[] Names = [LinesName, CompressedName, TableName];

    /// <summary>What <see cref="Write"/> writes, as a table has it; a file that isn't read has no row.</summary>
    private static readonly TableColumn[] Columns =
    [
        new("row", ColumnKind.Integer), new("source_file", ColumnKind.Text, IsRequired: true), new("line", ColumnKind.Integer),
        new("row_group", ColumnKind.Integer), new("fate", ColumnKind.Text, IsRequired: true), new("duplicate_of", ColumnKind.Integer),
        new("similarity", ColumnKind.Number), new("reason", ColumnKind.Text),
    ];

    private readonly RowIndex _rows;
    private readonly IReadOnlyList<PoolSource> _sources;
    private readonly IReadOnlyList<int> _poolRows;
    private readonly UserIdList _userIds;

    internal Ledger(
        RowIndex rows, IReadOnlyList<PoolSource> sources, IReadOnlyList<int> poolRows, UserIdList userIds,
        IReadOnlyList<FileNotRead> notRead)
    {
        NotRead = notRead;
        (_rows, _sources, _poolRows, _userIds) = (rows, sources, poolRows, userIds);
        (RowCount, PoolCount) = (rows.Count, poolRows.Count);
        RepeatedUserIdCount = userIds.CountRepeated();
        QuarantinedCount = ReasonCounts.Sum(r => (long)r.Count);
        DuplicateCount = Enumerable.Range(0, rows.Count).LongCount(row => rows.Fate(row) == RowFate.DuplicateOf);
        NearDuplicateCount = RowCount - PoolCount - DuplicateCount - FilteredCount - QuarantinedCount;
    }

    /// <summary>Rows read, good or bad.</summary>
    public long RowCount { get; }

    /// <summary>Rows that are in the pool.</summary>
    public long PoolCount { get; }

    /// <summary>Rows that say the same as an earlier one.</summary>
    public long DuplicateCount { get; }

    /// <summary>
    /// Rows that nearly say the same as an earlier one, with exact copies of such; 0 where <see cref="PoolOptions.NearDuplicates"/> is
    /// null.
    /// </summary>
    public long NearDuplicateCount { get; }

    /// <summary>Rows that don't fulfill <see cref="PoolOptions.Where"/>; whether they are valid records isn't looked at.</summary>
    public long FilteredCount => _rows.FilteredCount;

    /// <summary>Rows that are no valid record.</summary>
    public long QuarantinedCount { get; }

    /// <summary>
    /// Pool examples whose user's id an earlier example has already, with other content: distinguished by their content ids.
    /// </summary>
    public int RepeatedUserIdCount { get; }

    /// <summary>The quarantine's reasons with the rows of each, the most common first.</summary>
    public IReadOnlyList<(string Reason, int Count)> ReasonCounts => _rows.ReasonCounts();

    /// <summary>Things in the pool's directories that aren't read though they may hold records.</summary>
    public IReadOnlyList<FileNotRead> NotRead { get; }

    /// <summary>One row's fate.</summary>
    public LedgerRow this[long row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(row);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RowCount);
            return At((int)row, _rows.Source((int)row));
        }
    }

    /// <summary>All rows in input order.</summary>
    public IEnumerable<LedgerRow> Rows()
    {
        for (var source = 0; source < _rows.SourceCount; source++)
        {
            for (var row = _rows.FirstRow(source); row < _rows.FirstRow(source + 1); row++) yield return At(row, source);
        }
    }

    /// <summary>The invalid records in input order.</summary>
    public IEnumerable<QuarantinedRecord> Quarantined() =>
        Rows().Where(row => row.Fate == RowFate.Quarantined).Select(row =>
            new QuarantinedRecord(row.File, row.Line, row.Row, row.Reason!) { RowGroup = row.RowGroup });

    /// <summary>
    /// Writes one JSON line per row into a directory: <c>ledger.jsonl</c>, or <c>ledger.jsonl.gz</c> from
    /// <see cref="CompressFromRows"/> rows on.
    /// </summary>
    /// <param name="directory">Where to write.</param>
    /// <param name="fateOfPosition">What to call the fate of a pool position, such as "selected"; by default "pool".</param>
    /// <param name="token">Stops the writing; nothing is left then.</param>
    /// <returns>The file's path.</returns>
    public string WriteTo(string directory, Func<int, string>? fateOfPosition, CancellationToken token) =>
        WriteAs(asTable: false, directory, fateOfPosition, token);

    /// <summary>
    /// Writes what <see cref="WriteTo"/> writes, as a table where asked: <c>ledger.parquet</c>. Deletes what was written in another form.
    /// </summary>
    internal string WriteAs(bool asTable, string directory, Func<int, string>? fateOfPosition, CancellationToken token)
    {
        var written = asTable ? WriteTable(directory, fateOfPosition, token) : WriteLines(directory, fateOfPosition, token);
        // Of two forms of one account the earlier would be taken for this one's.
        foreach (var name in Names.Where(name => name != Path.GetFileName(written))) Disk.Delete(Path.Combine(directory, name));
        return written;
    }

    private string WriteTable(string directory, Func<int, string>? fateOfPosition, CancellationToken token)
    {
        var path = Path.Combine(directory, TableName);
        TableFile.Write(path, Columns, stream => Write(stream, fateOfPosition, token));
        return path;
    }

    private string WriteLines(string directory, Func<int, string>? fateOfPosition, CancellationToken token)
    {
        var path = Path.Combine(directory, RowCount >= CompressFromRows ? CompressedName : LinesName);
        AtomicFile.Write(path, stream =>
        {
            if (!path.EndsWith(".gz", StringComparison.Ordinal))
            {
                Write(stream, fateOfPosition, token);
                return;
            }

            using var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true);
            Write(gzip, fateOfPosition, token);
        });
        return path;
    }

    /// <summary>
    /// Writes one JSON line per row: <c>{"row","source_file","line","fate"}</c> and, where they apply, <c>row_group</c>,
    /// <c>duplicate_of</c>, <c>similarity</c> and <c>reason</c>; then one per file that isn't read:
    /// <c>{"source_file","fate":"not read","reason"}</c>.
    /// </summary>
    public void Write(Stream destination, Func<int, string>? fateOfPosition, CancellationToken token)
    {
        using var json = new Utf8JsonWriter(
            destination, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        foreach (var row in Rows())
        {
            token.ThrowIfCancellationRequested();
            json.WriteStartObject();
            json.WriteNumber("row", row.Row);
            json.WriteString("source_file", row.File);
            json.WriteNumber("line", row.Line);
            if (row.RowGroup is { } group) json.WriteNumber("row_group", group);
            switch (row.Fate)
            {
                case RowFate.Pool:
                    json.WriteString("fate", fateOfPosition?.Invoke(row.Position) ?? "pool");
                    break;
                case RowFate.DuplicateOf:
                    json.WriteString("fate", "duplicate of");
                    json.WriteNumber("duplicate_of", row.DuplicateOf);
                    break;
                case RowFate.NearDuplicateOf:
                    json.WriteString("fate", "near duplicate of");
                    json.WriteNumber("duplicate_of", row.DuplicateOf);
                    json.WriteNumber("similarity", Math.Round(row.Similarity!.Value, 4));
                    json.WriteString("reason", row.Reason);
                    break;
                case RowFate.Filtered:
                    json.WriteString("fate", "filtered");
                    break;
                default:
                    json.WriteString("fate", "quarantined");
                    json.WriteString("reason", row.Reason);
                    break;
            }

            EndLine();
        }

        foreach (var file in NotRead)
        {
            json.WriteStartObject();
            json.WriteString("source_file", file.Path);
            json.WriteString("fate", "not read");
            json.WriteString("reason", file.What);
            EndLine();
        }

        void EndLine()
        {
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            destination.WriteByte((byte)'\n');
        }
    }

    private LedgerRow At(int row, int source)
    {
        var fate = _rows.Fate(row);
        return new LedgerRow(
            row,
            _sources[source].Path,
            _rows.Line(row),
            fate,
            fate == RowFate.Pool ? _rows.Position(row) : -1,
            fate is RowFate.DuplicateOf or RowFate.NearDuplicateOf ? _poolRows[_rows.Position(row)] : -1,
            fate switch
            {
                RowFate.Quarantined => _rows.Reason(row),
                RowFate.NearDuplicateOf => Resemblance(_rows.Position(row), _rows.Similarity(row)),
                _ => null,
            })
        {
            Similarity = fate == RowFate.NearDuplicateOf ? _rows.Similarity(row) : null,
            RowGroup = _sources[source].GroupOf(_rows.Line(row)),
        };
    }

    /// <summary>"near duplicate of X (0.87)", rounded down: only sets that are equal are at 1.00.</summary>
    private string Resemblance(int position, double similarity)
    {
        var name = _userIds.Get(position) ?? string.Create(CultureInfo.InvariantCulture, $"row {_poolRows[position]}");
        return string.Create(CultureInfo.InvariantCulture, $"near duplicate of {name} ({Math.Floor(similarity * 100 + 1e-9) / 100:0.00})");
    }
}
