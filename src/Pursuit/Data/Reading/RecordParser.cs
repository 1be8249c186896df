using Pursuit.Data.Filtering;
using Pursuit.Data.Hashing;
using Pursuit.Data.Shapes;

namespace Pursuit.Data.Reading;

/// <summary>Parses, validates and hashes records; keeps its buffers, so one per thread.</summary>
internal sealed class RecordParser(PoolOptions options)
{
    /// <summary>Ids are kept in memory; the longest that is of use to a person is far shorter.</summary>
    public const int MaxUserIdBytes = 1024;

    private readonly RecordDraft _draft = new(options.MaxDepth, ColumnMap.Of(options.Columns));
    private readonly RecordFilter? _filter = options.Where is { } where ? RecordFilter.Parse(where) : null;
    private readonly ContentHasher _hasher = new();

    /// <summary>Keys and items looked at so far: what parsing costs beside the bytes.</summary>
    public long Steps => _draft.Tape.Steps;

    /// <summary>Works out what becomes of every record of a batch.</summary>
    public void Parse(RecordBatch batch, RecordShape? shape, CancellationToken token)
    {
        foreach (var entry in batch.Entries)
        {
            token.ThrowIfCancellationRequested();
            batch.Results.Add(Parse(batch, entry, shape));
        }
    }

    /// <summary>Reads one good record again as an example.</summary>
    /// <returns>Null where it isn't the good record any more that it was.</returns>
    public Example? ReadExample(byte[] bytes, int length, RecordShape? shape, ContentId id, RecordLocator locator) =>
        _draft.Tape.Read(bytes, 0, length) is null && Read(shape) is null ? ExampleMaker.Make(_draft, id, locator) : null;

    /// <summary>The shape a record names, or null where it names none or isn't JSON.</summary>
    public RecordShape? Recognize(RecordBatch batch, RecordBatch.Entry entry)
    {
        if (entry.IsTooLong || entry.Fault is not null || _draft.Tape.Read(batch.Bytes, entry.Start, entry.Length) is not null) return null;
        _draft.Begin();
        return ShapeReader.Recognize(_draft);
    }

    /// <summary>True where the filter leaves out the record that was read or recognised last.</summary>
    public bool IsFiltered => _filter?.LeavesOut(_draft.Tape) == true;

    private string? Read(RecordShape? shape) => ShapeReader.Read(_draft, shape, isDetected: options.Shape is null, options.Preference);

    private RecordBatch.Result Parse(RecordBatch batch, RecordBatch.Entry entry, RecordShape? shape)
    {
        if (entry.IsTooLong)
            return Bad(FormattableString.Invariant($"too long: {entry.Length:N0} bytes; expected at most {options.MaxRecordBytes:N0}"));
        if (entry.Fault is { } foreign) return Bad(foreign);
        if (entry.Length == 0) return Bad("an empty element: a comma too many");
        if (_draft.Tape.Read(batch.Bytes, entry.Start, entry.Length) is { } fault) return Bad(fault);
        if (IsFiltered) return new RecordBatch.Result(default, null, -1, IsFiltered: true);
        if (Read(shape) is { } mismatch) return Bad(mismatch);
        if (_hasher.Hash(_draft, out var id) is { } unhashed) return Bad(unhashed);
        var before = batch.UserIds.Length;
        if (!_draft.AppendUserId(batch.UserIds)) return new RecordBatch.Result(id, null, -1);
        var idLength = batch.UserIds.Length - before;
        if (idLength <= MaxUserIdBytes) return new RecordBatch.Result(id, null, idLength);
        batch.UserIds.Truncate(before);
        return Bad(FormattableString.Invariant($"too long an id: {idLength:N0} bytes; expected at most {MaxUserIdBytes:N0}"));
    }

    private static RecordBatch.Result Bad(string reason) => new(default, reason, -1);
}
