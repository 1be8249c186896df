using System.Text;
using Pursuit.Data;

namespace Pursuit.Tests.Data;

public sealed class PoolTests : IDisposable
{
    private readonly TemporaryFiles _files = new();

    public void Dispose() => _files.Dispose();

    private static Pool Open(params string[] paths) => Pool.Open(new PoolOptions { Paths = paths }, null, CancellationToken.None);

    [Fact]
    public void Rows_are_read_in_order_and_repeats_fold_onto_the_first()
    {
        var path = _files.Write("a.jsonl", """
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
        var plain = _files.Write("a.jsonl", "\uFEFF" + string.Join("\r\n", records));
        var gzip = _files.WriteGzip("b.jsonl.gz", records[0] + "\n", records[1] + "\n" + records[2]);
        foreach (var path in new[] { plain, gzip })
        {
            using var pool = Open(path);
            using var output = new MemoryStream();
            pool.CopyRecords([2, 0, 1], output, CancellationToken.None);
            Encoding.UTF8.GetString(output.ToArray()).ShouldBe($"{records[2]}\n{records[0]}\n{records[1]}\n");
        }
    }
}
