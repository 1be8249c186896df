using System.Text;
using Pursuit.Data;

namespace Pursuit.Tests.Data;

/// <summary>Files of separated values: a record is an object of its columns' strings, at its own line.</summary>
public sealed class CsvTests : PoolTestBase
{
    private static readonly int[] Blocks = [1, 5, 1 << 20];

    [Fact]
    public void A_row_is_an_object_of_strings_by_the_header_s_names()
    {
        const string text = "\uFEFFid,prompt,completion,note\r\n"
            + "1,Hi,\"Hello, \"\"you\"\"\",\r\n"
            + "\r\n"
            + "2,\"two\nlines\r\nand a third\",back\\slash\tand tab,é\u0001\r\n"
            + "3,say \"no\",ja,last";
        var path = Files.Write("a.csv", text);
        foreach (var block in Blocks)
        {
            using var pool = Open(new PoolOptions { Paths = [path] }, block);
            pool.Sources[0].Shape.ShouldBe(RecordShape.PromptCompletion);
            Copied(pool, 0, 1, 2).ShouldBe(
                """
                {"id":"1","prompt":"Hi","completion":"Hello, \"you\"","note":""}
                {"id":"2","prompt":"two\nlines\r\nand a third","completion":"back\\slash\tand tab","note":"é\u0001"}
                {"id":"3","prompt":"say \"no\"","completion":"ja","note":"last"}

                """);
            Enumerable.Range(0, 3).Select(p => pool.Locator(p).Line).ShouldBe([2, 4, 7]);
            Enumerable.Range(0, 3).Select(p => pool.InputRow(p)).ShouldBe([0, 1, 2]);
            pool.UserId(1).ShouldBe("2");
            pool.Read([2, 0], CancellationToken.None).Select(e => e.Turns[1].Content).ShouldBe(["ja", "Hello, \"you\""]);
        }
    }

    [Fact]
    public void The_same_records_as_CSV_TSV_and_JSON_have_the_same_ids()
    {
        using var json = OpenText("{\"text\":\"a, b\"}\n{\"text\":\"c\\td\"}\n");
        foreach (var (name, text) in new[]
        {
            ("a.csv", "text\n\"a, b\"\nc\td\n"), ("b.tsv", "text\tx\na, b\t1\n\"c\td\"\t2\n"), ("c.csv", "n;text\n1;a, b\n2;c\td\n"),
            ("d.csv", "\"text\",\"x\"\n\"a, b\",1\n\"c\td\",2"),
        })
        {
            using var pool = Open(Files.Write(name, text));
            pool.Fingerprint.ShouldBe(json.Fingerprint, name);
            using var zipped = Open(Files.Write(name + ".gz", Gzip(text)));
            zipped.Fingerprint.ShouldBe(json.Fingerprint, name);
            zipped.Sources[0].Sha256.ShouldBe(pool.Sources[0].Sha256);
        }
    }

    [Fact]
    public void A_row_with_other_fields_than_the_header_is_quarantined_at_its_line()
    {
        var path = Files.Write("a.csv", "a,text\n1,good\n2\n\"3\n\",too,many\n4,\"x\"y\n5,\"x\"\r6\n7,fine\n");
        foreach (var block in Blocks)
        {
            using var pool = Open(new PoolOptions { Paths = [path] }, block);
            pool.Ledger.Quarantined().Select(q => $"{q.Line}: {q.Reason}").ShouldBe(
            [
                "3: 1 fields; expected 2, as the header has", "4: 3 fields; expected 2, as the header has",
                "6: text after the closing quotation mark of field 2; expected a separator or the line's end "
                    + "(a quotation mark within a field is doubled)",
                "7: text after the closing quotation mark of field 2; expected a separator or the line's end "
                    + "(a quotation mark within a field is doubled)",
            ]);
            pool.Read(CancellationToken.None).Select(e => e.Text).ShouldBe(["good", "fine"]);
        }

        Fails(new PoolOptions { Paths = [path], Strict = true }).ShouldStartWith($"{path}, line 3: 1 fields; expected 2");
    }

    [Theory]
    [InlineData("a,b,a\n1,2,3\n", ", line 1: two columns named 'a'; expected a header whose names differ.")]
    [InlineData("a,text\n1,x\n2,\"open\n\n3,y\n", ", line 3: the file ends inside the quoted field of the row that begins here")]
    [InlineData("{\"text\":\"a\"}\n", ": JSON in a file whose name says separated values")]
    [InlineData("text\n", ": no records at all")]
    [InlineData("", ": no records at all")]
    [InlineData("a,b\n1,2\n", ": none of 1 records can be read (first: ")]
    public void A_file_of_no_use_is_refused(string text, string message) =>
        Fails(Files.Write("a.csv", text)).ShouldContain("a.csv" + message);

    [Fact]
    public void Bytes_that_are_no_UTF8_are_quarantined_at_their_row()
    {
        using var pool = Open(Files.Write("a.csv", [.. "text\ngood\nb"u8, 0xE9, .. "d\n"u8]));
        pool.Ledger.Quarantined().Single().Reason.ShouldStartWith("not valid UTF-8");
        pool.Ledger.Quarantined().Single().Line.ShouldBe(3);
    }

    [Fact]
    public void A_field_that_is_never_closed_takes_no_more_memory_than_a_record_may()
    {
        var path = Files.Write("a.csv", "text\ngood\n\"" + new string('x', 4 << 20) + "\"\nlast\n");
        using var pool = Open(new PoolOptions { Paths = [path], MaxRecordBytes = 1 << 16 }, 1 << 12);
        pool.Ledger.Quarantined().Single().Reason.ShouldStartWith("too long: ");
        pool.Count.ShouldBe(2);
    }

    [Fact]
    public void Any_table_written_by_the_rules_is_read_as_it_was()
    {
        var random = new SeededRandom(7, "csv");
        string[] pieces = ["a", ",", "\"", "\n", "\r\n", "\\", "é", "\t", ";", " ", "\u0002", "\uFEFF"];
        for (var trial = 0; trial < 60; trial++)
        {
            var columns = 1 + random.NextInt(4);
            var rows = Enumerable.Range(0, 1 + random.NextInt(6)).Select(_ => Enumerable.Range(0, columns)
                .Select(c => c == 0 ? "t" + Words() : Words()).ToArray()).ToArray();
            var names = Enumerable.Range(0, columns).Select(c => c == 0 ? "text" : $"c{c}\n\"").ToArray();
            var file = new StringBuilder();
            foreach (var row in rows.Prepend(names))
                file.Append(string.Join(',', row.Select(f => $"\"{f.Replace("\"", "\"\"", StringComparison.Ordinal)}\""))).Append("\r\n");
            var path = Files.Write("t.csv", file.ToString());
            using var pool = Open(new PoolOptions { Paths = [path] }, Blocks[trial % 3]);
            pool.Ledger.RowCount.ShouldBe(rows.Length);
            pool.Ledger.QuarantinedCount.ShouldBe(0);
            var expected = rows.Select(r => string.Join('|', r)).ToHashSet();
            foreach (var line in Copied(pool, [.. Enumerable.Range(0, pool.Count)]).Split('\n')[..^1])
            {
                using var json = System.Text.Json.JsonDocument.Parse(line);
                expected.ShouldContain(string.Join('|', names.Select(n => json.RootElement.GetProperty(n).GetString())));
            }
        }

        string Words() => string.Concat(Enumerable.Range(0, random.NextInt(6)).Select(_ => pieces[random.NextInt(pieces.Length)]));
    }
}
