using System.Buffers;
using Pursuit.Data.Hashing;
using Pursuit.Data.Reading;
using Pursuit.Storage;

namespace Pursuit.Data.Tables;

/// <summary>
/// Copies rows of a pool's tables, with their own types, into one table. Rows that are asked for out of order are first copied in their
/// own order to the spool, which reads each row group once.
/// </summary>
/// <param name="open">The pool's files, all tables.</param>
/// <param name="spool">Gets the rows that are out of order.</param>
internal sealed class TableCopy(OpenFiles open, Spool spool)
{
    /// <summary>The columns of all the files together.</summary>
    /// <param name="encoder">Writes the table.</param>
    /// <param name="added">Columns behind them.</param>
    public ITableJoin Join(ITableEncoder encoder, IReadOnlyList<TableColumn> added) =>
        encoder.Join([.. open.Files.Select(f => (f.Path, (Func<IRecordTable>)f.OpenTable))], added);

    /// <summary>Writes rows.</summary>
    /// <param name="join">What they have together.</param>
    /// <param name="rows">The rows, in the order in which they are written; one may come again.</param>
    /// <param name="added">Writes added columns' values, by the row's number among <paramref name="rows"/>; null for none.</param>
    /// <param name="destination">Gets the table.</param>
    /// <param name="token">Stops between rows.</param>
    /// <exception cref="PursuitException">A file has changed since it was read, or is damaged.</exception>
    public void Write(
        ITableJoin join, IReadOnlyList<RecordLocator> rows, Action<int, IBufferWriter<byte>>? added, Stream destination,
        CancellationToken token)
    {
        using var writer = join.Begin(destination);
        var values = new ByteBuffer();
        var number = 0;
        var ascends = true;
        for (var i = 1; i < rows.Count && ascends; i++) ascends = KeyOf(rows[i - 1]) < KeyOf(rows[i]);
        if (ascends) Read(join, rows.Select(KeyOf), (key, bytes) => Write((int)(key >> 32), bytes.Written), token);
        else WriteSpooled();
        writer.Complete();

        void WriteSpooled()
        {
            using var places = new Places(spool.Directory);
            Spooled(join, rows, places, token);
            var row = new byte[4096];
            foreach (var locator in rows)
            {
                token.ThrowIfCancellationRequested();
                var (start, length) = places.Of(KeyOf(locator));
                if (length > row.Length) row = new byte[Math.Max(length, 2 * row.Length)];
                open.ReadSpool(locator.Source, start, row.AsSpan(0, length));
                Write(locator.Source, row.AsSpan(0, length));
            }
        }

        void Write(int source, ReadOnlySpan<byte> row)
        {
            values.Clear();
            added?.Invoke(number, values);
            writer.Write(source, row, values.Written);
            number++;
        }
    }

    private static long KeyOf(RecordLocator row) => ((long)row.Source << 32) | row.Row; // a pool has fewer than 2^30 rows

    private void Spooled(ITableJoin join, IReadOnlyList<RecordLocator> rows, Places places, CancellationToken token)
    {
        using var keys = new SpillableList<long>(spool.Directory);
        foreach (var row in rows) keys.Add(KeyOf(row));
        keys.Span.Sort();
        Read(join, Distinct(keys), (key, bytes) =>
            places.Add(key, spool.Append(open.Files[(int)(key >> 32)], bytes.Written), bytes.Length), token);
        if (keys.Count > 0) spool.Flush(open.Files[(int)(keys[^1] >> 32)]);
    }

    private static IEnumerable<long> Distinct(SpillableList<long> sorted)
    {
        for (var i = 0; i < sorted.Count; i++)
            if (i == 0 || sorted[i] != sorted[i - 1]) yield return sorted[i];
    }

    /// <summary>Reads rows in the files' order: each row group once.</summary>
    private void Read(ITableJoin join, IEnumerable<long> keys, Action<long, ByteBuffer> use, CancellationToken token)
    {
        var buffer = new ByteBuffer();
        var (at, table) = (-1, (IRecordTable?)null);
        try
        {
            foreach (var key in keys)
            {
                token.ThrowIfCancellationRequested();
                var (source, row) = ((int)(key >> 32), key & uint.MaxValue);
                if (source != at)
                {
                    table?.Dispose();
                    table = null;
                    open.Files[source].RequireUnchanged();
                    (at, table) = (source, open.Files[source].OpenTable());
                }

                buffer.Clear();
                join.Read(table!, row, buffer);
                use(key, buffer);
            }
        }
        finally
        {
            table?.Dispose();
        }
    }

    /// <summary>Where rows are in the spool, in the order of their keys: 20 bytes a row.</summary>
    private sealed class Places(string? directory) : IDisposable
    {
        private readonly SpillableList<long> _keys = new(directory);
        private readonly SpillableList<long> _starts = new(directory);
        private readonly SpillableList<int> _lengths = new(directory);

        public void Add(long key, long start, int length)
        {
            _keys.Add(key);
            _starts.Add(start);
            _lengths.Add(length);
        }

        public (long Start, int Length) Of(long key)
        {
            var at = _keys.Span.BinarySearch(key);
            return (_starts[at], _lengths[at]);
        }

        public void Dispose()
        {
            _keys.Dispose();
            _starts.Dispose();
            _lengths.Dispose();
        }
    }
}
