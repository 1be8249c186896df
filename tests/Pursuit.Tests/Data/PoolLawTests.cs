using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Pursuit.Data;

namespace Pursuit.Tests.Data;

/// <summary>What holds of any mixture of good, bad and repeated records, however it is stored and cut.</summary>
public sealed class PoolLawTests : PoolTestBase
{
    private static readonly string[] Bad =
    [
        "{", "{\"text\":1}", "[1]", "null", "{\"text\":\"a\",\"text\":\"b\"}", "{\"text\":\"\\ud800\"}", "{\"x\":1}", "{\"text\":\" \"}",
        "{\"text\":\"a\"} x",
        "{\"id\":\"" + new string('i', 1025) + "\",\"text\":\"a\"}", "{\"text\":\"" + new string('y', 5000) + "\"}", new string('[', 70),
    ];

    /// <summary>A seeded mixture; structurally whole lines only where they are to stand in an array too.</summary>
    private static List<string> Mixture(ulong seed, int rows, bool forArray)
    {
        var stream = new SeededRandom(seed, "test/mixture");
        var lines = new List<string>();
        var bad = forArray ? Bad.Where(b => b is not ("{" or "{\"text\":\"a\"} x") && b[0] != '[').ToArray() : Bad;
        for (var i = 0; i < rows; i++)
        {
            var pick = stream.NextInt(10);
            if (pick == 0) lines.Add(bad[stream.NextInt(bad.Length)]);
            else if (pick == 1 && lines.Count > 0) lines.Add(lines[stream.NextInt(lines.Count)]);
            else
                lines.Add($$"""{"id":{{i}},"text":"{{new string((char)('a' + stream.NextInt(20)), stream.NextInt(60))}} é \"["""
                    + $$"""{,\\ {{stream.NextInt(rows)}}", "more" : [ {"a":"]"} , 1 ]}""");
        }

        lines.Insert(0, "{\"text\":\"the first is good\"}");
        return lines;
    }

    private static PoolOptions Options(params string[] paths) => new() { Paths = paths, MaxRecordBytes = 4096 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_ledger_accounts_for_every_row(int seed)
    {
        var lines = Mixture((ulong)seed, 2000, forArray: false);
        using var pool = Open(Options(Files.Write("a.jsonl", string.Join('\n', lines))));
        var ledger = pool.Ledger;

        ledger.RowCount.ShouldBe(lines.Count);
        (ledger.PoolCount + ledger.DuplicateCount + ledger.QuarantinedCount).ShouldBe(ledger.RowCount);
        ledger.PoolCount.ShouldBe(pool.Count);
        pool.ContentIds.ToArray().Distinct().Count().ShouldBe(pool.Count);
        ledger.QuarantinedCount.ShouldBe(lines.Count(Bad.Contains));
        ledger.ReasonCounts.Sum(r => r.Count).ShouldBe(lines.Count(Bad.Contains));
        ledger.Quarantined().Select(q => lines[(int)q.Line - 1]).ShouldAllBe(line => Bad.Contains(line));

        var position = 0;
        foreach (var row in ledger.Rows())
        {
            row.ShouldBe(ledger[row.Row]);
            switch (row.Fate)
            {
                case RowFate.Pool:
                    row.Position.ShouldBe(position);
                    pool.InputRow(position++).ShouldBe(row.Row);
                    break;
                case RowFate.DuplicateOf:
                    row.DuplicateOf.ShouldBeLessThan(row.Row);
                    ledger[row.DuplicateOf].Fate.ShouldBe(RowFate.Pool);
                    IdOf(lines[(int)row.Row]).ShouldBe(pool.ContentIds[ledger[row.DuplicateOf].Position]);
                    break;
                default:
                    row.Reason.ShouldNotBeNullOrEmpty();
                    break;
            }
        }
    }

    [Fact]
    public void Lines_arrays_compressed_and_split_files_are_the_same_pool()
    {
        var lines = Mixture(7, 1200, forArray: true);
        using var expected = Open(Options(Files.Write("a.jsonl", string.Join('\n', lines))));
        var described = Describe(expected);
        string[][] forms =
        [
            [Files.Write("crlf.jsonl", "\uFEFF\r\n" + string.Join("\r\n\r\n", lines) + "\r\n")],
            [Files.Write("array.json", "[" + string.Join(",", lines) + "]")],
            [Files.Write("spread.json", "\n [\r\n\t" + string.Join("\n ,\n", lines) + "\n]\n\n")],
            [Files.Write("array.json.gz", Gzip("[" + string.Join(", ", lines) + "]"))],
            [Files.Write(
                "members.jsonl.gz",
                [
                    .. Gzip(string.Join('\n', lines[..500]) + "\n"), .. Gzip(""),
                    .. Gzip(string.Join('\n', lines[500..]), CompressionLevel.NoCompression),
                ])],
            [
                Files.Write("1.jsonl", string.Join('\n', lines[..300])), Files.Write("none.jsonl", "\n \n"),
                Files.Write("2.json", "[" + string.Join(',', lines[300..700]) + "]"),
                Files.Write("plain-name", Gzip(string.Join('\n', lines[700..]))),
            ],
        ];
        foreach (var form in forms)
        {
            using var pool = Open(Options(form));
            Describe(pool).ShouldBe(described, form[0]);
        }
    }

    [Fact]
    public void No_buffer_size_or_thread_count_changes_a_pool()
    {
        var lines = Mixture(8, 300, forArray: true);
        string[] paths =
        [
            Files.Write("a.jsonl", "\uFEFF" + string.Join("\r\n", lines)),
            Files.Write("b.json.gz", Gzip(" [" + string.Join(",\n", Mixture(9, 300, forArray: true)) + "] ")),
        ];
        using var expected = Open(Options(paths));
        foreach (var (block, threads) in new[] { (1, 1), (2, 3), (3, 1), (7, 2), (64, 1), (4096, 4), (4097, 1), (1 << 20, 3) })
        {
            using var pool = Open(Options(paths) with { Threads = threads }, block);
            Describe(pool).ShouldBe(Describe(expected));
            pool.Ledger.Rows().ShouldBe(expected.Ledger.Rows());
            pool.Sources.ShouldBe(expected.Sources);
            Enumerable.Range(0, pool.Count).Select(pool.Locator).ShouldBe(Enumerable.Range(0, pool.Count).Select(expected.Locator));
        }
    }

    [Fact]
    public void Every_line_of_the_written_ledger_is_JSON_and_the_counts_agree()
    {
        using var pool = Open(Options(Files.Write("a.jsonl", string.Join('\n', Mixture(11, 400, forArray: false)))));
        var path = pool.Ledger.WriteTo(Files.FullPath, position => position % 2 == 0 ? "selected" : "not selected", CancellationToken.None);
        Path.GetFileName(path).ShouldBe("ledger.jsonl");
        var rows = File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        rows.Select((row, i) => row.GetProperty("row").GetInt64() == i).ShouldAllBe(inOrder => inOrder);
        var fates = rows.CountBy(row => row.GetProperty("fate").GetString()!).ToDictionary();
        fates["selected"].ShouldBe((pool.Count + 1) / 2);
        fates["not selected"].ShouldBe(pool.Count / 2);
        fates["duplicate of"].ShouldBe((int)pool.Ledger.DuplicateCount);
        fates["quarantined"].ShouldBe((int)pool.Ledger.QuarantinedCount);
        rows.Where(row => row.GetProperty("fate").GetString() == "quarantined")
            .ShouldAllBe(row => row.GetProperty("reason").GetString()!.Length > 0);
    }

    [Fact]
    public void A_long_ledger_is_compressed()
    {
        using var pool = Open(Files.Write("a.jsonl", string.Concat(Enumerable.Repeat("{\"text\":\"a\"}\n", Ledger.CompressFromRows))));
        var path = pool.Ledger.WriteTo(Files.FullPath, null, CancellationToken.None);
        path.ShouldEndWith("ledger.jsonl.gz");
        using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip, Encoding.UTF8);
        reader.ReadToEnd().Count(c => c == '\n').ShouldBe(Ledger.CompressFromRows);
    }
}
