using System.Buffers;
using System.Text;
using Pursuit.Data;
using Pursuit.Data.Tables;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Formats.Tests;

/// <summary>A pool of tables is the pool of the same records as lines.</summary>
public sealed class TablePoolTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Names => [.. Tables.OfRecords];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Content_ids_fates_and_user_ids_are_those_of_the_lines(string name)
    {
        using var lines = Tables.Pool(Tables.PathOf("records.jsonl"));
        using var table = Tables.Pool(Tables.PathOf(name));
        table.Fingerprint.ShouldBe(lines.Fingerprint);
        table.Ledger.DuplicateCount.ShouldBe(1);
        table.Ledger.Rows().Select(r => (r.Row, r.Line, r.Fate, r.DuplicateOf)).ShouldBe(
            lines.Ledger.Rows().Select(r => (r.Row, r.Line, r.Fate, r.DuplicateOf)));
        for (var i = 0; i < lines.Count; i++) table.UserId(i).ShouldBe(lines.UserId(i));
        Encoding.UTF8.GetString(Copied(table, [.. Enumerable.Range(0, table.Count)])).Split('\n').Length.ShouldBe(table.Count + 1);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Records_come_in_any_order_as_they_come_in_their_own(string name)
    {
        using var pool = Tables.Pool(Tables.PathOf(name));
        var all = Encoding.UTF8.GetString(Copied(pool, [.. Enumerable.Range(0, pool.Count)])).Split('\n')[..^1];
        int[] order = [.. Enumerable.Range(0, pool.Count).Select(i => i * 29 % pool.Count), 3, 3, 0];
        Encoding.UTF8.GetString(Copied(pool, order)).Split('\n')[..^1].ShouldBe(order.Select(i => all[i]));
        pool.Read(order, CancellationToken.None).Select(e => e.ContentId).ShouldBe(order.Select(i => pool.ContentIds[i]));
        for (var again = 0; again < 6; again++) pool.Read([pool.Count - 1 - again], CancellationToken.None).Count().ShouldBe(1);
        pool.Read(5, 9, CancellationToken.None).Select(e => e.Id).ShouldBe(Enumerable.Range(5, 9).Select(i => pool.UserId(i)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_index_in_temporary_files_gives_the_same_lines_and_the_same_table(string name)
    {
        var expected = Copies();
        SpillableMemory.Limit = 0;
        Copies().ShouldBe(expected);

        (string Lines, string Table) Copies()
        {
            using var pool = Tables.Pool(Tables.PathOf(name));
            int[] order = [.. Enumerable.Range(0, pool.Count).Select(i => i * 29 % pool.Count), 3, 3, 0];
            using var table = new MemoryStream();
            var tables = pool.Tables!;
            tables.Write(tables.Join(TableFile.Parquet!, []), [.. order.Select(pool.Locator)], null, table, CancellationToken.None);
            return (Encoding.UTF8.GetString(Copied(pool, order)), Convert.ToHexString(table.ToArray()));
        }
    }

    [Fact]
    public void A_directory_may_mix_lines_and_tables_and_each_row_knows_its_row_group()
    {
        foreach (var name in (string[])["zstd.parquet", "file.arrow", "empty.parquet"])
            File.Copy(Tables.PathOf(name), _directory.PathOf(name));
        File.Copy(Tables.PathOf("records.jsonl"), _directory.PathOf("records.jsonl"));
        using var pool = Tables.Pool(_directory.FullPath);
        pool.Sources.Select(s => (Path.GetFileName(s.Path), s.Format, s.Rows)).ShouldBe(
            [("empty.parquet", "Parquet", 0), ("file.arrow", "Arrow", 48), ("records.jsonl", null, 48), ("zstd.parquet", "Parquet", 48)]);
        pool.Count.ShouldBe(47);
        pool.Sources[1].Sha256.ShouldBe(pool.Sources[3].Sha256);
        pool.Ledger[47].RowGroup.ShouldBe(2);
        pool.Ledger[48].RowGroup.ShouldBeNull();
        using var ledger = new MemoryStream();
        pool.Ledger.Write(ledger, null, CancellationToken.None);
        Encoding.UTF8.GetString(ledger.ToArray()).Split('\n')[47].ShouldContain("\"line\":48,\"row_group\":2,");
    }

    [Fact]
    public void An_invalid_row_is_told_by_its_row_and_row_group()
    {
        Tables.Open(Tables.PathOf("types.parquet")).Dispose();
        var fault = Should.Throw<PursuitException>(() => Data.Pool.Open(
            new PoolOptions { Paths = [Tables.PathOf("types.parquet")], Strict = true }, null, CancellationToken.None));
        fault.Message.ShouldContain("types.parquet, row 0 (row group 0): ");
    }

    [Fact]
    public void Where_no_shape_fits_the_columns_are_named_with_their_types()
    {
        var fault = Should.Throw<PursuitException>(() => Tables.Pool(Tables.PathOf("types.parquet")));
        fault.Message.ShouldContain("the columns are day: timestamp, date: date");
    }

    [Fact]
    public void Rows_out_of_order_read_each_row_group_once()
    {
        var format = new CountedFormat();
        RecordFormats.Register(format);
        using var pool = Tables.Pool(_directory.Write("a.counted", "COUNTED"), _directory.Write("b.counted", "COUNTED"));
        pool.Count.ShouldBe(CountedFormat.Rows);
        format.Visits.Clear();
        int[] tenth = [.. Enumerable.Range(0, pool.Count).Where(i => i % 10 == 3).OrderBy(i => i * 7919 % pool.Count)];
        var copied = Encoding.UTF8.GetString(Copied(pool, tenth)).Split('\n')[..^1];
        copied.ShouldBe(tenth.Select(i => CountedFormat.Json(i)));
        format.Visits.Values.ShouldAllBe(visits => visits == 1);
        Copied(pool, tenth).Length.ShouldBe(copied.Sum(c => c.Length + 1));
        pool.Read(tenth, CancellationToken.None).Count().ShouldBe(tenth.Length);
        format.Visits.Values.ShouldAllBe(visits => visits == 1, "the rows are at hand");
    }

    [Fact]
    public void Rows_asked_for_one_by_one_visit_their_row_group_a_few_times_at_most()
    {
        var format = new CountedFormat();
        RecordFormats.Register(format);
        using var pool = Tables.Pool(_directory.Write("a.counted", "COUNTED"));
        format.Visits.Clear();
        for (var i = 99; i >= 0; i--) pool.Read([i], CancellationToken.None).Single().ContentId.ShouldBe(pool.ContentIds[i]);
        format.Visits.Values.ShouldAllBe(visits => visits <= 4);
    }

    private static byte[] Copied(Pool pool, IReadOnlyList<int> positions)
    {
        using var stream = new MemoryStream();
        pool.CopyRecords(positions, stream, CancellationToken.None);
        return stream.ToArray();
    }

    /// <summary>A table of 1,000 rows in groups of 50 that counts how often a group is read from its beginning.</summary>
    private sealed class CountedFormat : IRecordFormat
    {
        public const int Rows = 1_000;
        private const int GroupRows = 50;

        public Dictionary<int, int> Visits { get; } = [];

        public string Name => "Counted";

        public IReadOnlyList<string> Endings => [".counted"];

        public static string Json(long row) => $"{{\"text\":\"row number {row}\"}}";

        public bool Recognizes(ReadOnlySpan<byte> head) => head.StartsWith("COUNTED"u8);

        public IRecordTable Open(string path) => new Table(path, Visits);

        private sealed class Table(string path, Dictionary<int, int> visits) : IRecordTable
        {
            private long _next = -1;

            public long RowCount => Rows;

            public IReadOnlyList<long> GroupStarts { get; } = [.. Enumerable.Range(0, Rows / GroupRows).Select(g => (long)g * GroupRows)];

            public string Columns => "text: string";

            public long BytesRead => 0;

            public long Read(long row, int mostBytes, IBufferWriter<byte> destination)
            {
                var group = (int)(row / GroupRows);
                if (_next < 0 || row < _next || (int)((_next - 1) / GroupRows) != group)
                {
                    var key = group + (path.EndsWith("b.counted", StringComparison.Ordinal) ? 1_000 : 0);
                    visits[key] = visits.GetValueOrDefault(key) + 1;
                }

                _next = row + 1;
                var json = Encoding.UTF8.GetBytes(Json(row));
                destination.Write(json);
                return json.Length;
            }

            public void Dispose()
            {
            }
        }
    }
}
