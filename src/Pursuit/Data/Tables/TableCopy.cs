using System.Buffers;
using Pursuit.Data.Hashing;
using Pursuit.Data.Reading;

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
            var places = Spooled(join, rows, token);
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

    private Places Spooled(ITableJoin join, IReadOnlyList<RecordLocator> rows, CancellationToken token)
    {
        var keys = rows.Select(KeyOf).Distinct().ToArray();
        Array.Sort(keys);
        var (starts, lengths, count) = (new long[keys.Length], new int[keys.Length], 0);
        Read(join, keys, (key, bytes) =>
        {
            (starts[count], lengths[count]) = (spool.Append(open.Files[(int)(key >> 32)], bytes.Written), bytes.Length);
            count++;
        }, token);
        if (keys.Length > 0) spool.Flush(open.Files[(int)(keys[^1] >> 32)]);
        return new Places(keys, starts, lengths);
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

    /// <summary>Where rows are in the spool: 20 bytes a row.</summary>
    private sealed record Places(long[] Keys, long[] Starts, int[] Lengths)
    {
        public (long Start, int Length) Of(long key)
        {
            var at = Array.BinarySearch(Keys, key);
            return (Starts[at], Lengths[at]);
        }
    }
}
