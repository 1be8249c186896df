using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pursuit.Data.Deduplication;
using Pursuit.Data.Indexing;
using Pursuit.Data.Json;
using Pursuit.Data.Reading;
using Pursuit.Data.Tables;
using Pursuit.Storage;
using static System.FormattableString;

namespace Pursuit.Data;

/// <summary>
/// The unique, valid examples of some files in canonical order (that of their first occurrence in the input), as an index; where asked,
/// without near duplicates of earlier ones:
/// ids and places are kept, about 60 to 100 bytes a row, the texts are read again when they are asked for.
/// </summary>
/// <remarks>
/// Safe for several threads. Compressed files are read forward for a pass over everything; for any other access they are
/// unpacked once into a nameless temporary file, kept until the pool is disposed. So is what is kept of the rows of a large pool: it takes
/// no memory of the process's own, and can't be read once the pool is disposed.
/// </remarks>
public sealed class Pool : IDisposable
{
    private readonly PoolOptions _options;
    private readonly RowIndex _rows;
    private readonly UserIdList _userIds;
    private readonly Spool _spool;
    private readonly OpenFiles _files;
    private readonly TableSpool _tables;
    private readonly SpillableList<ContentId> _contentIds;
    private readonly SpillableList<int> _poolRows;

    private Pool(PoolOptions options, PoolBuilder built)
    {
        (_options, _rows, _userIds, _contentIds, _poolRows) = (options, built.Rows, built.UserIds, built.ContentIds, built.PoolRows);
        _spool = built.Spool;
        _tables = new TableSpool(built.Files, _spool, options.MaxRecordBytes);
        _files = new OpenFiles(built.Files, _spool);
        Sources = built.Sources;
        Notes = built.Notes;
        Count = _contentIds.Count;
        Ledger = new Ledger(_rows, Sources, _poolRows, _userIds, built.NotRead);
        Fingerprint = ComputeFingerprint(_contentIds, null, options.Where);
    }

    /// <summary>What stays of a pool, which it takes the place of.</summary>
    private Pool(Pool pool, NearDuplicateOptions options, IReadOnlyList<NearDuplicate> duplicates)
    {
        (_options, _rows, _spool, _files, _tables, Sources) =
            (pool._options, pool._rows, pool._spool, pool._files, pool._tables, pool.Sources);
        (_contentIds, _poolRows) = (pool._contentIds, pool._poolRows);
        var moved = new int[pool.Count];
        for (var i = 0; i < duplicates.Count; i++) moved[duplicates[i].Position] = ~i;
        var kept = Enumerable.Range(0, pool.Count).Where(p => moved[p] >= 0).ToArray();
        _userIds = pool._userIds.Only(kept);
        Count = kept.Length;
        for (var i = 0; i < kept.Length; i++)
        {
            moved[kept[i]] = i;
            // In place: a kept example never moves to a later position.
            (_contentIds[i], _poolRows[i]) = (_contentIds[kept[i]], _poolRows[kept[i]]);
        }

        _contentIds.Truncate(Count);
        _poolRows.Truncate(Count);
        _rows.Drop(duplicates, moved);
        try
        {
            Ledger = new Ledger(_rows, Sources, _poolRows, _userIds, pool.Ledger.NotRead);
        }
        catch
        {
            _userIds.Dispose(); // the rest is the other pool's, which is disposed
            throw;
        }

        pool._userIds.Dispose();
        Notes = [.. pool.Notes, Resemblances(Ledger.NearDuplicateCount, options)];
        Fingerprint = ComputeFingerprint(_contentIds, options, _options.Where);
    }

    /// <summary>Reads the files once: validates, hashes and indexes every record.</summary>
    /// <param name="options">What to read.</param>
    /// <param name="progress">Told after every batch of about 1 MiB, or null.</param>
    /// <param name="token">Stops the reading.</param>
    /// <exception cref="PursuitException">
    /// A path leads nowhere; a file is broken, or both array and lines; no record can be read; or, in strict mode, one can't.
    /// </exception>
    public static Pool Open(PoolOptions options, IProgress<PoolProgress>? progress = null, CancellationToken token = default) =>
        Open(options, progress, blockBytes: 1 << 20, token);

    /// <summary>Reads files that are small, such as a target's, whole.</summary>
    /// <inheritdoc cref="Open(PoolOptions, IProgress{PoolProgress}?, CancellationToken)"/>
    public static IReadOnlyList<Example> ReadAll(PoolOptions options, CancellationToken token = default)
    {
        using var pool = Open(options, progress: null, token);
        return pool.Read(token).ToList();
    }

    /// <summary>Opens with buffers of a given size, down to a few bytes, for tests.</summary>
    internal static Pool Open(PoolOptions options, IProgress<PoolProgress>? progress, int blockBytes, CancellationToken token)
    {
        options.Validate();
        var builder = new PoolBuilder(options, blockBytes, progress);
        Pool pool;
        try
        {
            builder.Build(token);
            pool = new Pool(options, builder);
        }
        catch
        {
            builder.Dispose();
            throw;
        }

        if (options.NearDuplicates is not { } near) return pool;
        try
        {
            return new Pool(pool, near, new NearDuplicateFinder(pool, near, options, progress, token).Find());
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }

    /// <summary>Examples in the pool.</summary>
    public int Count { get; }

    /// <summary>The files, in the order read.</summary>
    public IReadOnlyList<PoolSource> Sources { get; }

    /// <summary>
    /// What a person should know of the files, a sentence each: what isn't read in a directory, and files without a good
    /// record.
    /// </summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Handles that are open for reading records again: bounded, however many files there are.</summary>
    internal int OpenFileCount => _files.Count;

    /// <summary>The examples' content ids in canonical order; the span must not be used once the pool is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public ReadOnlySpan<ContentId> ContentIds => _contentIds.Span;

    /// <summary>The same as a list, for what keeps them; it can be read until the pool is disposed.</summary>
    internal IReadOnlyList<ContentId> ContentIdList => _contentIds;

    /// <summary>Every input row's fate.</summary>
    public Ledger Ledger { get; }

    /// <summary>
    /// SHA-256 of the ordered content ids, lower-case hexadecimal: equal for the same examples in the same order, however
    /// they are spelled, split or compressed. Of a pool without near duplicates it also covers what those are, of a filtered one the
    /// filter.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>Where an example is in the input.</summary>
    public RecordLocator Locator(int position) => _rows.Locator(_poolRows[position]);

    /// <summary>A record's place for messages: its file with the line, or the row and its row group.</summary>
    internal string Place(RecordLocator locator)
    {
        var source = Sources[locator.Source];
        return RecordPlace.Of(source.Path, locator.Line, source.GroupOf(locator.Line));
    }

    /// <summary>The position of an example's file among <see cref="Sources"/>.</summary>
    internal int SourceOf(int position) => _rows.Source(_poolRows[position]);

    /// <summary>All positions.</summary>
    private ComputedList<int> All => new(Count, position => position);

    /// <summary>An example's number over all input rows of all files, from 0, bad and duplicate rows counted: its "index".</summary>
    public long InputRow(int position) => _poolRows[position];

    /// <summary>The user's own id of an example (its <c>id</c>, a text or a number), or null.</summary>
    public string? UserId(int position) => _userIds.Get(position);

    /// <summary>All examples in canonical order.</summary>
    public IEnumerable<Example> Read(CancellationToken token = default) => Read(0, Count, token);

    /// <summary>A run of examples, such as a shard, in canonical order.</summary>
    /// <remarks>From the start of a compressed file to its end nothing is unpacked on disk; from within, the file is, once.</remarks>
    /// <exception cref="PursuitException">A file has changed since it was read.</exception>
    public IEnumerable<Example> Read(int start, int count, CancellationToken token = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count - start);
        return ReadEach(new ComputedList<int>(count, i => start + i), forward: count == Count, token);
    }

    /// <summary>Selected examples, in the order given.</summary>
    /// <exception cref="PursuitException">A file has changed since it was read.</exception>
    public IEnumerable<Example> Read(IReadOnlyList<int> positions, CancellationToken token = default) =>
        ReadEach(positions, forward: false, token);

    /// <summary>
    /// Writes selected records exactly as in the input, one per line, in the order given. A record of a JSON array
    /// that spans several lines is put on one: its line breaks and the white space after them go, nothing else does.
    /// </summary>
    /// <exception cref="PursuitException">A file has changed since it was read.</exception>
    public void CopyRecords(IReadOnlyList<int> positions, Stream destination, CancellationToken token = default)
    {
        var forward = positions.Count == Count && positions.SequenceEqual(All);
        using var fetcher = Fetcher(forward ? null : positions, token);
        foreach (var position in positions)
        {
            token.ThrowIfCancellationRequested();
            var locator = Locator(position);
            WriteLine(fetcher.Fetch(locator).AsSpan(0, locator.Length), Sources[locator.Source].IsArray, destination);
        }
    }

    /// <summary>Copies rows with their own types where every file is a table; null where one is text.</summary>
    internal TableCopy? Tables => _files.Files.All(f => f.Format is not null) ? new TableCopy(_files, _spool) : null;

    /// <summary>
    /// The columns in which every record fits, as JSON. Reads all records.
    /// </summary>
    /// <param name="token">Stops between records.</param>
    /// <exception cref="PursuitException">There are none, and why; or a file has changed since it was read.</exception>
    internal IReadOnlyList<TableColumn> InferColumns(CancellationToken token)
    {
        var columns = new ColumnInference(_options.MaxDepth, position => Place(Locator(position)));
        using var lines = new LineStream(columns.Add);
        CopyRecords(All, lines, token);
        return columns.Columns();
    }

    /// <summary>The first example whose record has one of some top-level fields, with the field; null where there is none.</summary>
    /// <param name="names">The fields.</param>
    /// <param name="token">Stops between records.</param>
    /// <exception cref="PursuitException">A file has changed since it was read.</exception>
    internal (string Name, string Place)? FindField(IReadOnlyList<string> names, CancellationToken token)
    {
        using var fetcher = Fetcher(outOfOrder: null, token);
        var tape = new JsonTape(_options.MaxDepth);
        var fields = names.Select(Encoding.UTF8.GetBytes).ToArray();
        for (var position = 0; position < Count; position++)
        {
            token.ThrowIfCancellationRequested();
            var locator = Locator(position);
            if (tape.Read(fetcher.Fetch(locator), 0, locator.Length) is not null) throw Changed(locator);
            var found = Array.FindIndex(fields, field => tape.Find(JsonTape.Root, field) >= 0);
            if (found >= 0) return (names[found], Place(locator));
        }

        return null;
    }

    /// <summary>Reads a top-level field of every example's record, in canonical order: its text, or null where it has none.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="token">Stops between records.</param>
    /// <exception cref="PursuitException">A file has changed since it was read.</exception>
    public IEnumerable<string?> ReadField(string name, CancellationToken token = default)
    {
        using var fetcher = Fetcher(outOfOrder: null, token);
        var tape = new JsonTape(_options.MaxDepth);
        var field = Encoding.UTF8.GetBytes(name);
        for (var position = 0; position < Count; position++)
        {
            token.ThrowIfCancellationRequested();
            var locator = Locator(position);
            if (tape.Read(fetcher.Fetch(locator), 0, locator.Length) is not null) throw Changed(locator);
            var value = tape.Find(JsonTape.Root, field);
            yield return value >= 0 && tape.IsString(value) ? tape.Text(value) : null;
        }
    }

    /// <summary>
    /// The input rows outside the pool (copies, and bad records that are JSON nonetheless) that carry a user's id. Reads those
    /// records again.
    /// </summary>
    /// <param name="userId">The id, a text or a number as it is written.</param>
    /// <param name="token">Stops between records.</param>
    /// <exception cref="PursuitException">A file has changed since it was read.</exception>
    public IEnumerable<long> FindOutside(string userId, CancellationToken token = default)
    {
        using var fetcher = new RecordFetcher(_files, _tables, forward: false, token);
        var tape = new JsonTape(_options.MaxDepth);
        var name = Encoding.UTF8.GetBytes(_options.Columns?.GetValueOrDefault("id") ?? "id");
        for (var row = 0; row < _rows.Count; row++)
        {
            token.ThrowIfCancellationRequested();
            if (_rows.Fate(row) == RowFate.Pool) continue;
            var locator = _rows.Locator(row);
            if (locator.Length > _options.MaxRecordBytes || tape.Read(fetcher.Fetch(locator), 0, locator.Length) is not null) continue;
            var id = tape.Find(JsonTape.Root, name);
            if (id < 0) continue;
            if (tape.IsString(id)
                ? tape.Text(id) == userId
                : tape.Kind(id) == JsonTokenType.Number && tape.Raw(id).SequenceEqual(Encoding.UTF8.GetBytes(userId)))
                yield return row;
        }
    }

    /// <summary>Closes the files and deletes the temporary ones.</summary>
    public void Dispose()
    {
        _rows.Dispose();
        _userIds.Dispose();
        _contentIds.Dispose();
        _poolRows.Dispose();
        _tables.Dispose();
        _files.Dispose();
        _spool.Dispose();
    }

    private IEnumerable<Example> ReadEach(IReadOnlyList<int> positions, bool forward, CancellationToken token)
    {
        using var fetcher = Fetcher(forward ? null : positions, token);
        var parser = new RecordParser(_options);
        foreach (var position in positions)
        {
            token.ThrowIfCancellationRequested();
            var locator = Locator(position);
            var source = Sources[locator.Source];
            yield return parser.ReadExample(fetcher.Fetch(locator), locator.Length, source.Shape, _contentIds[position], locator)
                ?? throw Changed(locator);
        }
    }

    /// <summary>What fetches records: all in the pool's order, or those of some positions in theirs.</summary>
    private RecordFetcher Fetcher(IReadOnlyList<int>? outOfOrder, CancellationToken token)
    {
        if (outOfOrder is not null && Sources.Any(s => s.Format is not null))
            _tables.Prepare(outOfOrder.Select(Locator), outOfOrder.Count, Sources, token);
        return new RecordFetcher(_files, _tables, forward: outOfOrder is null, token);
    }

    private PursuitException Changed(RecordLocator locator) => PursuitException.At(
        Place(locator),
        "the record isn't the one that was read before", "input files that do not change during a run", "Run again from the start.");

    private static void WriteLine(ReadOnlySpan<byte> record, bool isArray, Stream destination)
    {
        while (isArray)
        {
            // Raw line breaks stand only between tokens of valid JSON, never inside a text.
            var lineBreak = record.IndexOfAny((byte)'\n', (byte)'\r');
            if (lineBreak < 0) break;
            destination.Write(record[..lineBreak]);
            record = record[lineBreak..].TrimStart(" \t\r\n"u8);
        }

        destination.Write(record);
        destination.WriteByte((byte)'\n');
    }

    private static string Resemblances(long rows, NearDuplicateOptions options)
    {
        var unit = options.Unit.ToString().ToLowerInvariant();
        var what = rows == 1 ? "row is a near duplicate" : "rows are near duplicates";
        return Invariant($"{rows:N0} {what} of earlier rows and not in the pool: a Jaccard similarity of {options.Threshold} or more, ")
            + Invariant($"of {options.GramSize}-grams of {unit}");
    }

    private static string ComputeFingerprint(SpillableList<ContentId> ids, NearDuplicateOptions? near, string? where)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("pursuit pool v1\0"u8);
        Span<byte> bytes = stackalloc byte[ContentId.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, ids.Count);
        hash.AppendData(bytes[..sizeof(long)]);
        foreach (ref readonly var id in ids.Span)
        {
            id.CopyTo(bytes);
            hash.AppendData(bytes);
        }

        if (near is not null) hash.AppendData(Encoding.UTF8.GetBytes(near.Describe()));
        if (where is not null) hash.AppendData(Encoding.UTF8.GetBytes("\0where " + where));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
