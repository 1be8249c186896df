using Pursuit.Data.Deduplication;
using Pursuit.Data.Filtering;
using Pursuit.Data.Shapes;

namespace Pursuit.Data;

/// <summary>What to read as a pool or a target, and within which limits.</summary>
public sealed record PoolOptions
{
    /// <summary>Files, directories and globs (<c>*</c>, <c>?</c>, <c>**</c>), read in this order. Required.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>The shape of every record; null (the default) detects it per file.</summary>
    public RecordShape? Shape { get; init; }

    /// <summary>What to make of preference rows. Default <see cref="PreferenceReading.Quarantine"/>.</summary>
    public PreferenceReading Preference { get; init; }

    /// <summary>
    /// Names of columns that stand for fields with a meaning here: <c>prompt</c> to <c>question</c> reads each record's question as its
    /// prompt. A record without that column is read by its own names. Null (the default) for none. At least one record of the first
    /// 1,024 of some file must have each of the columns.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Columns { get; init; }

    /// <summary>
    /// A condition on records' own fields, such as <c>lang = "en" and length(text) &gt; 200</c> (docs/formats/filters.md): records that
    /// don't fulfill it are left out, as <see cref="RowFate.Filtered"/>. Null (the default) keeps all.
    /// </summary>
    public string? Where { get; init; }

    /// <summary>Some record must have each of the columns.</summary>
    internal bool RequiresColumns { get; init; } = true;

    /// <summary>Stop at the first invalid record instead of quarantining it. Default false.</summary>
    public bool Strict { get; init; }

    /// <summary>What the ledger says of a row that <see cref="Excluded"/> names.</summary>
    public const string ExcludedReason = "an example of the target, excluded as asked";

    /// <summary>
    /// Content ids that don't get into the pool, such as a target's. Null (the default) for none. Their rows are quarantined with
    /// <see cref="ExcludedReason"/>, in strict mode too.
    /// </summary>
    public IReadOnlySet<ContentId>? Excluded { get; init; }

    /// <summary>
    /// Keeps near duplicates of earlier examples out of the pool too; null (the default) for exact ones alone, which never get into it.
    /// </summary>
    public NearDuplicateOptions? NearDuplicates { get; init; }

    /// <summary>How deeply a record's JSON may nest. Default 256, range 2 to 1,024.</summary>
    public int MaxDepth { get; init; } = 256;

    /// <summary>The longest record, in bytes; longer ones are quarantined. Default 64 MiB, range 16 bytes to 1 GiB.</summary>
    public int MaxRecordBytes { get; init; } = 64 << 20;

    /// <summary>
    /// Threads that parse and hash; results don't depend on it. Default 1, range 1 to 256. Each holds about 1 MiB, more
    /// only while it works on a longer record.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>
    /// Where compressed files are unpacked for random access, and near duplicates are sorted; null (the default) means the system's
    /// temporary directory.
    /// </summary>
    public string? SpoolDirectory { get; init; }

    /// <summary>How other files beside the pool are read, such as a target's: without what leaves records of the pool out.</summary>
    internal PoolOptions Beside(IReadOnlyList<string> paths) =>
        this with { Paths = paths, NearDuplicates = null, Where = null, RequiresColumns = false, Excluded = null };

    /// <summary>Checks all options.</summary>
    /// <exception cref="PursuitException">Lists every fault.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Paths is null || Paths.Count == 0)
            faults.Add("no paths; expected at least one file, directory or glob");
        else if (Paths.Any(string.IsNullOrWhiteSpace))
            faults.Add("a path is empty; expected a file, directory or glob");
        if (Shape is { } shape && !Enum.IsDefined(shape))
            faults.Add($"shape is {(int)shape}; expected one of {string.Join(", ", RecordShapeNames.All)}");
        if (!Enum.IsDefined(Preference))
            faults.Add($"preference is {(int)Preference}; expected {PreferenceReading.Quarantine} or {PreferenceReading.Chosen}");
        Range(nameof(MaxDepth), MaxDepth, 2, 1024);
        Range(nameof(MaxRecordBytes), MaxRecordBytes, 16, 1 << 30);
        Range(nameof(Threads), Threads, 1, 256);
        if (faults.Count > 0)
            throw new PursuitException(FaultKind.Option, $"Pool options: {string.Join("; ", faults)}.");
        NearDuplicates?.Validate();
        ValidateColumns();
        if (Where is not null) RecordFilter.Parse(Where);

        void Range(string name, int value, int low, int high)
        {
            if (value < low || value > high)
                faults.Add(FormattableString.Invariant($"{name} is {value:N0}; expected {low:N0} to {high:N0}"));
        }
    }

    private void ValidateColumns()
    {
        foreach (var (field, column) in Columns ?? new Dictionary<string, string>())
        {
            if (!ColumnMap.Fields.Contains(field))
                throw PursuitException.At(
                    ApiName.Columns, $"'{field}' = '{column}'", $"one of the fields {string.Join(", ", ColumnMap.Fields)}",
                    Suggestion.For(field, ColumnMap.Fields));
            if (Columns!.Count(c => c.Value == column) > 1)
                throw PursuitException.At(ApiName.Columns, $"the column '{column}' for two fields", "a column for each");
        }
    }
}

/// <summary>What to make of rows that pair an answer to give with one not to give (<c>chosen</c>, <c>rejected</c>).</summary>
public enum PreferenceReading
{
    /// <summary>They are quarantined: such a row is no example of anything until somebody says which answer counts.</summary>
    Quarantine,

    /// <summary>
    /// The chosen answer is the example's; the rejected one is kept in <see cref="Example.RejectedTurns"/> and never learned.
    /// </summary>
    Chosen,
}

/// <summary>How far reading has come.</summary>
/// <param name="BytesRead">Bytes read of the files as they lie on disk.</param>
/// <param name="BytesTotal">Bytes of all files on disk.</param>
/// <param name="RowsRead">Rows read, good or bad.</param>
/// <param name="File">The file being read.</param>
public readonly record struct PoolProgress(long BytesRead, long BytesTotal, long RowsRead, string File)
{
    /// <summary>
    /// What is done to <see cref="RowsRead"/> rows after all are read, such as "comparing texts"; null while they are read.
    /// </summary>
    public string? Work { get; init; }

    /// <summary>Rows of that work in all.</summary>
    public long RowsTotal { get; init; }
}

/// <summary>One file of a pool.</summary>
/// <param name="Path">Its path as it was given or found.</param>
/// <param name="Shape">The shape its records are read by; null where no record told one.</param>
/// <param name="IsCompressed">True where its first bytes say so: gzip, zstd, bzip2, xz, LZ4.</param>
/// <param name="IsArray">True where records may span lines: one JSON array, plain or inside an object, or objects one after the
/// other.</param>
/// <param name="Bytes">Its size on disk; of a file within an archive its own.</param>
/// <param name="ContentBytes">Its size when decompressed; of a table that of its rows as lines of JSON.</param>
/// <param name="Rows">Its records, good or bad.</param>
/// <param name="Sha256">
/// SHA-256 of its decompressed bytes, lower-case hexadecimal: the same for a file and its .gz; of a table and of separated values that
/// of their rows as lines of JSON.
/// </param>
public sealed record PoolSource(
    string Path, RecordShape? Shape, bool IsCompressed, bool IsArray, long Bytes, long ContentBytes, long Rows, string Sha256)
{
    /// <summary>The format of its table, such as "Parquet"; null for JSON text.</summary>
    public string? Format { get; init; }

    /// <summary>The first row of each row group; null for text.</summary>
    internal IReadOnlyList<long>? GroupStarts { get; init; }

    /// <summary>The row group or batch of a table's row, from 0; null for text.</summary>
    /// <param name="line">The row's line: its number in the file from 1.</param>
    public int? GroupOf(long line) => GroupOf(GroupStarts, line);

    internal static int? GroupOf(IReadOnlyList<long>? starts, long line)
    {
        if (starts is null) return null;
        int low = 0, high = starts.Count - 1;
        while (low < high)
        {
            // Empty groups share a first row with the next: the last of them holds the row.
            var middle = (low + high + 1) >>> 1;
            if (starts[middle] < line) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    /// <summary>The rows of a group: the first, and the one after the last.</summary>
    internal (long First, long End) RowsOf(int group) =>
        (GroupStarts![group], group + 1 < GroupStarts.Count ? GroupStarts[group + 1] : Rows);
}
