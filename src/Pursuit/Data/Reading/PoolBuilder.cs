using System.Security.Cryptography;
using Pursuit.Data.Hashing;
using Pursuit.Data.Indexing;
using Pursuit.Data.Reading.Archives;
using Pursuit.Storage;

namespace Pursuit.Data.Reading;

/// <summary>Reads all files once and builds the pool's index. Batches are parsed by several threads and added in order.</summary>
internal sealed class PoolBuilder(PoolOptions options, int blockBytes, IProgress<PoolProgress>? progress) : IDisposable
{
    private readonly List<(string Where, string Reason)> _firstBad = [];
    private readonly Stack<RecordBatch> _freeBatches = [];
    private readonly Stack<RecordParser> _freeParsers = [];
    private readonly Lock _gate = new();
    private readonly List<FileNotRead> _notRead = [];
    private IReadOnlyList<long>? _starts; // the row groups of the file being read
    private string? _columns; // of the first table
    private long _bytesBefore;
    private long _goodRows;
    private long _bytesTotal;

    public RowIndex Rows { get; } = new(options.SpoolDirectory);

    public UserIdList UserIds { get; } = new(options.SpoolDirectory);

    public List<PoolSource> Sources { get; } = [];

    public List<SourceFile> Files { get; } = [];

    public SpillableList<ContentId> ContentIds { get; } = new(options.SpoolDirectory);

    public SpillableList<int> PoolRows { get; } = new(options.SpoolDirectory);

    /// <summary>Things in directories that aren't read though they may hold records.</summary>
    public IReadOnlyList<FileNotRead> NotRead => _notRead;

    /// <summary>Where texts are unpacked that are read out of order; owned by the pool.</summary>
    public Spool Spool { get; } = new(options.SpoolDirectory);

    /// <summary>What a person should know of the files, a sentence each.</summary>
    public List<string> Notes { get; } = [];

    public void Build(CancellationToken token)
    {
        TextNormalizer.RequireNfc();
        var input = InputFiles.Expand(options.Paths);
        _notRead.AddRange(input.NotRead);
        foreach (var path in input.Files) AddFiles(new SourceFile(path), token);
        NoteNotRead();
        ColumnCheck.Require(Files, options, blockBytes);
        _bytesTotal = Files.Sum(file => file.Bytes);
        using var ids = new ContentIdTable(ContentIds, options.SpoolDirectory);
        foreach (var file in Files)
        {
            ReadFile(file, ids, token);
            _bytesBefore += file.Bytes;
        }

        RequireExamples();
        if (Rows.FilteredCount > 0)
            Notes.Add(FormattableString.Invariant($"{Rows.FilteredCount:N0} of {Rows.Count:N0} rows are filtered: ")
                + $"they don't fulfill {options.Where}");
        _freeBatches.Clear();
        _freeParsers.Clear();
    }

    /// <summary>Gives back what a pool would have taken over.</summary>
    public void Dispose()
    {
        Rows.Dispose();
        UserIds.Dispose();
        ContentIds.Dispose();
        PoolRows.Dispose();
        Spool.Dispose();
    }

    /// <summary>Adds a file, or those within it.</summary>
    private void AddFiles(SourceFile file, CancellationToken token)
    {
        if (file.IsZip || file.IsTar) Files.AddRange(ArchiveFile.Members(file, Spool, _notRead, token));
        else Files.Add(file);
    }

    private void ReadFile(SourceFile file, ContentIdTable ids, CancellationToken token)
    {
        var shape = options.Shape ?? ShapeDetector.Detect(file, options, blockBytes);
        Rows.BeginSource();
        var firstRow = Rows.Count;
        var goodBefore = _goodRows;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var reader = file.OpenRecords(options.MaxRecordBytes, blockBytes, hash);
        _starts = reader.GroupStarts;
        _columns ??= reader.Columns;
        var pending = new Queue<Task<RecordBatch>>();
        while (true)
        {
            token.ThrowIfCancellationRequested();
            var batch = Take(_freeBatches, () => new RecordBatch());
            if (!reader.Next(batch)) break;
            batch.FilePosition = reader.FilePosition;
            if (options.Threads == 1)
            {
                Add(file, ids, Parse(batch, shape, token));
                continue;
            }

            pending.Enqueue(Task.Run(() => Parse(batch, shape, token), token));
            if (pending.Count > options.Threads) Add(file, ids, pending.Dequeue().GetAwaiter().GetResult());
        }

        while (pending.TryDequeue(out var task)) Add(file, ids, task.GetAwaiter().GetResult());
        file.RequireUnchanged();
        if (_goodRows == goodBefore && Rows.Count - firstRow > 1 && Rows.Fate(firstRow) == RowFate.Quarantined)
            Notes.Add(FormattableString.Invariant($"{file.Path}: none of its {Rows.Count - firstRow:N0} rows can be read; ")
                + $"the first, {RecordPlace.Within(Rows.Line(firstRow), GroupOf(Rows.Line(firstRow)))}: {Rows.Reason(firstRow)}"
                + (reader.Columns is { } columns ? $". Its columns are {MessageText.Shortened(columns)}" : ""));
        var digest = Convert.ToHexStringLower(hash.GetHashAndReset());
        Sources.Add(new PoolSource(
            file.Path, shape, file.IsCompressed, reader.IsArray, file.Bytes, reader.BytesRead, Rows.Count - firstRow, digest)
        {
            Format = file.Format?.Name,
            GroupStarts = reader.GroupStarts,
        });
    }

    private RecordBatch Parse(RecordBatch batch, RecordShape? shape, CancellationToken token)
    {
        var parser = Take(_freeParsers, () => new RecordParser(options));
        parser.Parse(batch, shape, token);
        lock (_gate) _freeParsers.Push(parser);
        return batch;
    }

    private T Take<T>(Stack<T> free, Func<T> create)
    {
        lock (_gate)
        {
            if (free.TryPop(out var item)) return item;
        }

        return create();
    }

    private void Add(SourceFile file, ContentIdTable ids, RecordBatch batch)
    {
        var userIdStart = 0;
        for (var i = 0; i < batch.Entries.Count; i++)
        {
            var entry = batch.Entries[i];
            var result = batch.Results[i];
            if (Rows.Count == RowIndex.MaxRows || entry.Line > uint.MaxValue)
                throw PursuitException.At(
                    file.Path, FormattableString.Invariant($"line {entry.Line:N0} is row {Rows.Count:N0}"),
                    FormattableString.Invariant($"at most {RowIndex.MaxRows:N0} rows in a pool and {uint.MaxValue:N0} lines in a file"),
                    "Split the pool.");
            if (result.IsFiltered)
            {
                Rows.AddFiltered(entry);
                continue;
            }

            if (result.Reason is not null)
            {
                Quarantine(file, entry, result.Reason);
                continue;
            }

            _goodRows++;
            var hasId = result.UserIdLength >= 0;
            if (options.Excluded?.Contains(result.ContentId) == true)
            {
                SetAside(file, entry, PoolOptions.ExcludedReason);
                if (hasId) userIdStart += result.UserIdLength;
                continue;
            }

            var isNew = ContentIds.Count;
            var position = ids.AddOrFind(result.ContentId);
            if (position == isNew)
            {
                PoolRows.Add(Rows.Count);
                UserIds.Add(batch.UserIds.Written.Slice(userIdStart, hasId ? result.UserIdLength : 0), hasId);
                Rows.Add(entry, RowFate.Pool, position);
            }
            else
            {
                Rows.Add(entry, RowFate.DuplicateOf, position);
            }

            if (hasId) userIdStart += result.UserIdLength;
        }

        progress?.Report(new PoolProgress(_bytesBefore + batch.FilePosition, _bytesTotal, Rows.Count, file.Path));
        lock (_gate) _freeBatches.Push(batch);
    }

    private void NoteNotRead()
    {
        if (NotRead.Count == 0) return;
        if (options.Strict)
            throw PursuitException.At(
                NotRead[0].Path,
                FormattableString.Invariant($"{NotRead[0].What} in a directory that is read; there are {NotRead.Count:N0} such"),
                $"nothing but files that end in {InputFiles.EndingsRead} (strict)",
                "Convert it, move it, or name the files one by one or by a glob.");
        var named = string.Join(", ", NotRead.Take(MostNamed).Select(file => $"{file.Path} ({file.What})"));
        Notes.Add("not read: "
            + $"{named}{(NotRead.Count > MostNamed ? FormattableString.Invariant($" and {NotRead.Count - MostNamed:N0} more") : "")}; "
            + $"of a directory only files that end in {InputFiles.EndingsRead} are");
    }

    private const int MostNamed = 5;

    private void Quarantine(SourceFile file, RecordBatch.Entry entry, string reason)
    {
        if (options.Strict)
            throw PursuitException.At(
                Where(file, entry), reason, "only good records (strict)", "Correct the record, or omit strict to quarantine such records.");
        SetAside(file, entry, reason);
    }

    private void SetAside(SourceFile file, RecordBatch.Entry entry, string reason)
    {
        var where = Where(file, entry);
        if (_firstBad.Count < 3) _firstBad.Add((where, reason));
        Rows.AddQuarantined(entry, reason);
    }

    private string Where(SourceFile file, RecordBatch.Entry entry) => RecordPlace.Of(file.Path, entry.Line, GroupOf(entry.Line));

    private int? GroupOf(long line) => PoolSource.GroupOf(_starts, line);

    private void RequireExamples()
    {
        if (ContentIds.Count > 0) return;
        var names = string.Join(", ", Files.Take(3).Select(f => f.Path))
            + (Files.Count > 3 ? FormattableString.Invariant($" and {Files.Count - 3} more") : "");
        if (Rows.Count == 0)
            throw PursuitException.At(names, "no records at all", "at least one record", "Check that the right files were named.");
        if (Rows.FilteredCount == Rows.Count)
            throw PursuitException.At(
                names, FormattableString.Invariant($"none of {Rows.Count:N0} records fulfills {ApiName.Where} {options.Where}"),
                "some that do",
                "Check the names of its fields against a record.");
        if (_goodRows > 0)
            throw PursuitException.At(
                names, FormattableString.Invariant($"all {_goodRows:N0} good records are the target's own"), "some that aren't",
                $"Omit {ApiName.ExcludeTarget}, or add other records.");
        var columns = _columns is null ? "" : MessageText.Shortened($"; the columns are {_columns}");
        var reasons = string.Join("; ", _firstBad.Select(bad => $"{bad.Where}: {bad.Reason}"));
        throw PursuitException.At(
            names,
            FormattableString.Invariant($"none of {Rows.Count - Rows.FilteredCount:N0} records can be read (first: {reasons}{columns})"),
            "records of one of the shapes " + string.Join(", ", RecordShapeNames.All),
            "Compare a record with docs/formats/records.md, or name the shape.");
    }
}
