using Pursuit.Data.Hashing;
using Pursuit.Storage;

namespace Pursuit.Data.Reading;

/// <summary>
/// Rows of tables for readings out of order. A row group is compressed as a whole, so rows that are asked for out of order are first
/// copied in their own order to the spool, which reads each row group once; from there they come in any order.
/// </summary>
/// <param name="files">The pool's files.</param>
/// <param name="spool">Gets the rows.</param>
/// <param name="mostBytes">The longest record.</param>
internal sealed class TableSpool(IReadOnlyList<SourceFile> files, Spool spool, int mostBytes) : IDisposable
{
    /// <summary>Rows of a group asked for one by one before the whole group is copied.</summary>
    private const int MostSingles = 3;

    /// <summary>By source and row in one number.</summary>
    private readonly SpillableMap _starts = new(spool.Directory);
    private readonly Dictionary<(int Source, int Group), int> _singles = [];
    private readonly Lock _gate = new();

    /// <summary>Where a row's bytes begin in the spool, if they are in it.</summary>
    public bool TryFind(RecordLocator row, out long start)
    {
        lock (_gate) return _starts.TryGetValue(Key(row.Source, row.Row), out start);
    }

    /// <summary>Copies the tables' rows among those given to the spool, unless they follow each other in the files.</summary>
    /// <param name="rows">The rows in the order in which they will be asked for.</param>
    /// <param name="count">How many they are.</param>
    /// <param name="sources">The files, for their row groups.</param>
    /// <param name="token">Stops the copying.</param>
    public void Prepare(IEnumerable<RecordLocator> rows, int count, IReadOnlyList<PoolSource> sources, CancellationToken token)
    {
        if (count == 1)
        {
            var row = rows.First();
            if (files[row.Source].Format is not null) PrepareSingle(row, sources[row.Source], token);
            return;
        }

        using var keys = new SpillableList<long>(spool.Directory);
        var ascend = true;
        foreach (var row in rows)
        {
            if (files[row.Source].Format is null) continue;
            var key = Key(row.Source, row.Row);
            ascend &= keys.Count == 0 || keys[^1] < key;
            keys.Add(key);
        }

        if (ascend) return;
        keys.Span.Sort();
        Copy(keys, token);
    }

    /// <inheritdoc/>
    public void Dispose() => _starts.Dispose();

    private static long Key(int source, long row) => ((long)source << 32) | row; // a pool has fewer than 2^30 rows

    private void PrepareSingle(RecordLocator row, PoolSource source, CancellationToken token)
    {
        var group = source.GroupOf(row.Line)!.Value;
        lock (_gate)
        {
            if (_starts.TryGetValue(Key(row.Source, row.Row), out _)) return;
            var seen = _singles[(row.Source, group)] = _singles.GetValueOrDefault((row.Source, group)) + 1;
            if (seen <= MostSingles) return;
        }

        var (first, end) = source.RowsOf(group);
        Copy(Range(row.Source, first, end), token);
    }

    private static IEnumerable<long> Range(int source, long first, long end)
    {
        for (var row = first; row < end; row++) yield return Key(source, row);
    }

    private void Copy(IEnumerable<long> keys, CancellationToken token)
    {
        lock (_gate)
        {
            var buffer = new ByteBuffer();
            var (open, table) = (-1, (IRecordTable?)null);
            try
            {
                foreach (var key in keys)
                {
                    token.ThrowIfCancellationRequested();
                    if (_starts.TryGetValue(key, out _)) continue;
                    var (source, row) = ((int)(key >> 32), key & uint.MaxValue);
                    if (source != open)
                    {
                        table?.Dispose();
                        table = null;
                        files[source].RequireUnchanged();
                        (open, table) = (source, files[source].OpenTable());
                    }

                    buffer.Clear();
                    if (table!.Read(row, mostBytes, buffer) > mostBytes) continue; // quarantined: nobody asks for it
                    _starts.Add(key, spool.Append(files[source], buffer.Written));
                }
            }
            finally
            {
                table?.Dispose();
                if (open >= 0) spool.Flush(files[open]); // what was copied stays, also where the copying was stopped
            }
        }
    }
}
