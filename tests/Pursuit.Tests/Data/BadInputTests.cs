using System.Text;
using Pursuit.Data;

namespace Pursuit.Tests.Data;

/// <summary>Every refusal says what was found, expected, where, and what to do.</summary>
public sealed class BadInputTests : PoolTestBase
{
    private string Path(string name) => Files.PathOf(name);

    [Fact]
    public void All_faults_of_the_options_are_in_one_message()
    {
        Fails(new PoolOptions { Paths = [], MaxDepth = 1, MaxRecordBytes = 3, Threads = 0, Shape = (RecordShape)9 }).ShouldBe(
            "Pool options: no paths; expected at least one file, directory or glob; shape is 9; expected one of messages, sharegpt, "
                + "alpaca, prompt-completion, text; MaxDepth is 1; expected 2 to 1,024; MaxRecordBytes is 3; expected 16 to 1,073,741,824; "
                + "Threads is 0; expected 1 to 256.");
        Fails(" ").ShouldBe("Pool options: a path is empty; expected a file, directory or glob.");
    }

    [Fact]
    public void A_path_that_leads_nowhere_is_refused()
    {
        Fails(Path("nothing.jsonl")).ShouldBe($"{Path("nothing.jsonl")}: no such file or directory; expected a file, a directory or a "
            + $"glob. Check the path; it is looked for from {Directory.GetCurrentDirectory()}.");
        Fails(Path("*.jsonl")).ShouldStartWith($"{Path("*.jsonl")}: the glob matches no file; expected at least one.");
        Fails(Path("no/such/**/*.jsonl")).ShouldContain("the glob matches no file");
        Files.Write("directory/readme.md", "x");
        Fails(Path("directory")).ShouldStartWith($"{Path("directory")}: the directory holds no file that ends in .jsonl, .json, .ndjson, "
            + ".jsonlines, .csv, .tsv, these with .gz, .zst, .bz2, .xz or .lz4, and .zip and .tar of them; expected at least one.");
    }

    [Fact]
    public void An_empty_pool_is_refused()
    {
        foreach (var empty in new[] { "", " \r\n\n", "\uFEFF", "[]", "\n[ \n] \n" })
            Fails(Files.Write("a.jsonl", empty)).ShouldStartWith($"{Path("a.jsonl")}: no records at all; expected at least one record.");
        Fails(Files.Write("a.jsonl.gz", Gzip(""))).ShouldContain("no records at all");
    }

    [Fact]
    public void A_pool_with_no_readable_record_names_the_first_three_reasons()
    {
        var path = Files.Write("a.jsonl", "x\n{\"a\":1}\n\n[2]\n{\n");
        Fails(path).ShouldBe(
            $"{path}: none of 4 records can be read (first: {path}, line 1: not valid JSON: byte 0 of the record: "
                + "'x' is an invalid start of a value; " +
            $"{path}, line 2: no known shape: keys: a; expected one of messages, sharegpt, alpaca, prompt-completion, text; "
                + $"{path}, line 4: not a record: a list; expected an object); " +
            "expected records of one of the shapes messages, sharegpt, alpaca, prompt-completion, text. "
                + "Compare a record with docs/formats/records.md, or name the shape.");
    }

    [Fact]
    public void Strict_stops_at_the_first_bad_record()
    {
        var path = Files.Write("a.jsonl", Good + "\n\n{\"messages\":[]}\nx");
        foreach (var threads in new[] { 1, 2 })
        {
            Fails(new PoolOptions { Paths = [path], Strict = true, Threads = threads }).ShouldBe(
                $"{path}, line 3: no messages: the list is empty; expected only good records (strict). Correct the record, or omit strict "
                    + "to quarantine such records.");
        }
    }

    [Fact]
    public void A_gzip_file_cut_anywhere_is_refused()
    {
        var whole = (byte[])
        [
            .. Gzip(string.Concat(Enumerable.Range(0, 40).Select(i => $"{{\"text\":\"{i * i}\"}}\n"))),
            .. Gzip("{\"text\":\"x\"}\n", System.IO.Compression.CompressionLevel.NoCompression),
        ];
        var firstMember = Gzip(string.Concat(Enumerable.Range(0, 40).Select(i => $"{{\"text\":\"{i * i}\"}}\n"))).Length;
        for (var length = 2; length < whole.Length; length++)
        {
            if (length == firstMember) continue; // a whole gzip file in its own right
            Fails(Files.Write("a.jsonl.gz", whole.AsSpan(0, length)))
                .ShouldContain("a.jsonl.gz: the gzip data is truncated, corrupt, or followed by other bytes");
        }

        Open(Files.Write("a.jsonl.gz", whole)).Dispose();
    }

    [Fact]
    public void A_gzip_file_with_a_wrong_check_sum_or_length_or_garbage_behind_is_refused()
    {
        var whole = Gzip("{\"text\":\"x\"}\n{\"text\":\"y\"}\n");
        for (var i = 1; i <= 8; i++)
        {
            var broken = whole.ToArray();
            broken[^i] ^= 0x10;
            Fails(Files.Write("a.jsonl.gz", broken)).ShouldContain("the gzip data is truncated, corrupt");
        }

        Fails(Files.Write("a.jsonl.gz", [.. whole, 0])).ShouldContain("followed by other bytes");
        Fails(Files.Write("a.jsonl.gz", [.. whole, .. "{\"text\":\"z\"}\n"u8])).ShouldContain("followed by other bytes");
    }

    [Theory]
    [InlineData("[{\"text\":\"a\"}]\n{\"text\":\"b\"}\n", "line 2: more data after the end of the JSON array")]
    [InlineData("[]\n\n[]", "line 3: more data after the end of the JSON array")]
    [InlineData("{\"text\":\"a\"}\n\n[{\"text\":\"b\"}]", "line 3: a JSON array of records begins after lines of JSON")]
    [InlineData("{\"text\":\"a\"}\n[\n{\"text\":\"b\"}\n]", "line 2: a JSON array of records begins after lines of JSON")]
    [InlineData("[\n{\"text\":\"a\"},\n{\"text\":\"b\"", "line 3: the file ends before the JSON array's closing bracket")]
    [InlineData("[\n{\"text\":\"a\"},\n{\"text\":\"b\"}\n", "line 3: the file ends before the JSON array's closing bracket")]
    [InlineData("[", "line 1: the file ends before the JSON array's closing bracket")]
    [InlineData("[{\"text\":\"a},{\"text\":\"b\"}]", "line 1: the file ends before the JSON array's closing bracket")]
    public void A_file_that_is_both_array_and_lines_or_no_whole_array_is_refused(string text, string message)
    {
        var path = Files.Write("a.json", text);
        foreach (var block in new[] { 1, 5, 1 << 20 })
            Should.Throw<PursuitException>(() => Open(new PoolOptions { Paths = [path] }, block)).Message
                .ShouldStartWith($"{path}, {message}");
    }

    [Theory]
    [InlineData("50415231", "a Parquet file")]
    [InlineData("FFFE7B00", "text in UTF-16")]
    public void What_is_no_JSON_in_UTF8_at_all_is_refused_by_name(string head, string name)
    {
        var path = Files.Write("a.jsonl", Convert.FromHexString(head));
        Fails(path).ShouldBe($"{path}: the file is {name}; expected text in UTF-8, plain or compressed "
            + "(.gz, .zst, .bz2, .xz or .lz4). Convert it first.");
    }

    [Fact]
    public void Bad_bytes_too_much_length_and_too_much_depth_are_quarantined()
    {
        byte[] lines =
        [
            .. "{\"text\":\"good\"}\n{\"text\":\"a"u8, 0xC3, .. "\"}\n{\"text\":\""u8, 0xED, 0xA0, 0x80, .. "\"}\n"u8,
            .. Encoding.UTF8.GetBytes($"{{\"text\":\"{new string('a', 2000)}\"}}\n"
                + $"{{\"text\":\"a\",\"x\":{new string('[', 20)}{new string(']', 20)}}}\n"
                + $"{{\"id\":\"{new string('a', 1025)}\",\"text\":\"a\"}}\n"),
        ];
        using var pool = Open(new PoolOptions { Paths = [Files.Write("a.jsonl", lines)], MaxRecordBytes = 1500, MaxDepth = 16 });
        pool.Ledger.Quarantined().Select(q => $"{q.Line}: {q.Reason}").ShouldBe(
        [
            "2: not valid UTF-8: byte 10 of the record",
            "3: not valid UTF-8: byte 9 of the record",
            "4: too long: 2,011 bytes; expected at most 1,500",
            "5: nested too deep: more than 16 lists and objects inside each other at byte 31 of the record; expected at most 16",
            "6: too long an id: 1,025 bytes; expected at most 1,024",
        ]);
    }

    [Fact]
    public void An_element_too_many_or_too_little_in_an_array_is_one_bad_row()
    {
        using var pool = Open(Files.Write("a.json", "[{\"text\":\"a\"},,{\"text\":\"b\"} {\"text\":\"c\"},}, {\"text\":\"d\"},]"));
        pool.Read(CancellationToken.None).Select(e => e.Text).ShouldBe(["a", "d"]);
        pool.Ledger.Quarantined().Select(q => (q.Row, q.Reason)).ShouldBe(
        [
            (1L, "an empty element: a comma too many"),
            (2L, "not valid JSON: byte 13 of the record: '{' is invalid after a single JSON value. Expected end of data"),
            (3L, "not valid JSON: byte 0 of the record: '}' is an invalid start of a value"),
            (5L, "an empty element: a comma too many"),
        ]);
    }

    [Fact]
    public void A_temporary_directory_that_cannot_be_written_is_named()
    {
        var path = Files.Write("a.jsonl.gz", Gzip("{\"text\":\"x\"}\n{\"text\":\"y\"}"));
        using var pool = Open(new PoolOptions { Paths = [path], SpoolDirectory = Path("absent") });
        pool.Read(CancellationToken.None).Select(e => e.Text).ShouldBe(["x", "y"]);
        Should.Throw<PursuitException>(() => Copied(pool, 0)).Message.ShouldContain($"the temporary copy of {path} couldn't be written");
    }
}
