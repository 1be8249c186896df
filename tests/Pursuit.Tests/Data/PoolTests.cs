using Pursuit.Data;

namespace Pursuit.Tests.Data;

public sealed class PoolTests : PoolTestBase
{
    [Fact]
    public void Rows_are_read_in_order_and_repeats_fold_onto_the_first()
    {
        var path = Files.Write("a.jsonl", """
            {"id":"one","text":"first"}

            {"id":"two","text":" first\r\n"}
            {"id":"three","text":
            {"id":4,"text":"second","extra":[1]}
            """);
        using var pool = Open(path);

        pool.Count.ShouldBe(2);
        pool.UserId(0).ShouldBe("one");
        pool.UserId(1).ShouldBe("4");
        pool.InputRow(1).ShouldBe(3);
        pool.Locator(1).Line.ShouldBe(5);
        pool.Read(CancellationToken.None).Select(e => e.Text).ShouldBe(["first", "second"]);
        pool.Ledger.Rows().Select(row => row.Fate).ShouldBe([RowFate.Pool, RowFate.DuplicateOf, RowFate.Quarantined, RowFate.Pool]);
        pool.Ledger[1].DuplicateOf.ShouldBe(0);
        var bad = pool.Ledger.Quarantined().Single();
        (bad.File, bad.Line, bad.Row).ShouldBe((path, 4, 2));
        bad.Reason.ShouldStartWith("not valid JSON: byte 21");
    }

    [Fact]
    public void Records_come_out_as_their_bytes_stand_in_the_input()
    {
        string[] records = ["{\"text\":\"a\\u00e9\"}", "{ \"text\" : \"b\" , \"x\":1.50}", "{\"id\":\"ü\",\"text\":\"c\"}"];
        var plain = Files.Write("a.jsonl", "\uFEFF" + string.Join(" \r\n\r\n", records));
        var gzip = Files.Write("b.jsonl.gz", [.. Gzip(records[0] + "\n"), .. Gzip(records[1] + "\n" + records[2])]);
        var array = Files.Write("c.json", $"[{string.Join(" ,\n", records)}]\n");
        foreach (var path in new[] { plain, gzip, array })
        {
            using var pool = Open(path);
            Copied(pool, 2, 0, 1).ShouldBe($"{records[2]}\n{records[0]}\n{records[1]}\n");
        }
    }

    [Fact]
    public void A_record_over_several_lines_of_an_array_comes_out_on_one()
    {
        using var pool = Open(Files.Write("a.json", "[\r\n  {\r\n    \"text\": \"two  words\",\r\n\t\"x\": [1,\n 2]\r\n  }\r\n]"));
        Copied(pool, 0).ShouldBe("{\"text\": \"two  words\",\"x\": [1,2]}\n");
        pool.Locator(0).Line.ShouldBe(2);
        IdOf(Copied(pool, 0)).ShouldBe(pool.ContentIds[0]);
    }

    [Fact]
    public void Any_run_of_examples_and_any_order_reads_the_same_records()
    {
        var lines = Enumerable.Range(0, 500).Select(i => $$"""{"id":"r{{i}}","text":"{{new string('x', i % 97)}}{{i}}"}""").ToArray();
        var plain = Files.Write("a.jsonl", string.Join('\n', lines[..200]));
        var gzip = Files.Write("b.jsonl.gz", Gzip(string.Join('\n', lines[200..])));
        using var pool = Open(plain, gzip);
        var all = pool.Read(CancellationToken.None).Select(e => e.ToString()).ToArray();
        all.Length.ShouldBe(500);
        foreach (var (start, count) in new[] { (0, 1), (150, 100), (499, 1), (200, 300), (500, 0) })
            pool.Read(start, count, CancellationToken.None).Select(e => e.ToString()).ShouldBe(all[start..(start + count)]);
        int[] order = [.. Enumerable.Range(0, 500).Select(i => i * 211 % 500)];
        pool.Read(order, CancellationToken.None).Select(e => e.ToString()).ShouldBe(order.Select(i => all[i]));
        Copied(pool, order).ShouldBe(string.Concat(order.Select(i => lines[i] + "\n")));
        Enumerable.Range(0, 500).Select(pool.UserId).ShouldBe(Enumerable.Range(0, 500).Select(i => $"r{i}"));
    }

    [Fact]
    public void Equal_user_ids_with_different_words_are_kept_apart_and_counted()
    {
        using var pool = OpenText("""
            {"id":"a","text":"one"}
            {"id":"a","text":"two"}
            {"id":"a","text":"one"}
            {"id":"b","text":"three"}
            {"text":"four"}
            {"text":"five"}
            """);
        pool.Count.ShouldBe(5);
        pool.Ledger.RepeatedUserIdCount.ShouldBe(1);
        pool.Ledger.DuplicateCount.ShouldBe(1);
        pool.UserId(3).ShouldBeNull();
    }

    [Fact]
    public void A_source_tells_its_shape_rows_and_the_hash_of_its_text()
    {
        var plain = Files.Write("a.jsonl", Good + "\nbad\n");
        var gzip = Files.Write("a.jsonl.gz", Gzip(Good + "\nbad\n"));
        using var pool = Open(plain, gzip);
        pool.Sources.Select(s => s.Path).ShouldBe([plain, gzip]);
        pool.Sources.Select(s => s.IsCompressed).ShouldBe([false, true]);
        pool.Sources.Select(s => (s.Shape, s.IsArray, s.Rows, s.ContentBytes)).Distinct().Single()
            .ShouldBe((RecordShape.Messages, false, 2, Good.Length + 5));
        pool.Sources[0].Sha256.ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(plain))));
        pool.Sources[1].Sha256.ShouldBe(pool.Sources[0].Sha256);
    }

    [Fact]
    public void A_file_that_changes_after_it_was_read_is_refused()
    {
        var path = Files.Write("a.jsonl", Good);
        using var pool = Open(path);
        File.AppendAllText(path, "\n");
        Should.Throw<PursuitException>(() => pool.Read(CancellationToken.None).ToList()).Message
            .ShouldContain("the file has changed since it was read (79 bytes then, 80 now)");
        File.Delete(path);
        Should.Throw<PursuitException>(() => Copied(pool, 0)).Message.ShouldContain("gone since it was read");
    }

    [Fact]
    public void Progress_ends_at_all_bytes_and_rows_and_a_cancelled_reading_stops()
    {
        var path = Files.Write("a.jsonl.gz", Gzip(string.Concat(Enumerable.Range(0, 100).Select(i => $"{{\"text\":\"{i}\"}}\n"))));
        var reports = new Reports();
        using (Pool.Open(new PoolOptions { Paths = [path] }, reports, 64, CancellationToken.None))
        {
            reports.All.Count.ShouldBeGreaterThan(10);
            reports.All[^1].ShouldBe(new PoolProgress(new FileInfo(path).Length, new FileInfo(path).Length, 100, path));
        }

        using var source = new CancellationTokenSource();
        source.Cancel();
        foreach (var threads in new[] { 1, 3 })
            Should.Throw<OperationCanceledException>(
                () => Pool.Open(new PoolOptions { Paths = [path], Threads = threads }, null, source.Token));
    }

    private sealed class Reports : IProgress<PoolProgress>
    {
        public List<PoolProgress> All { get; } = [];

        public void Report(PoolProgress value) => All.Add(value);
    }
}
