using Pursuit.Data;

namespace Pursuit.Tests.Data;

/// <summary>Files as people have them: pretty-printed, wrapped, joined, or something else altogether.</summary>
public sealed class FileLayoutTests : PoolTestBase
{
    private const string Pretty = """
        {
          "messages": [
            {
              "role": "user",
              "content": "q}{\"["
            },
            {"role": "assistant", "content": "a"}
          ]
        }
        """;

    private static readonly int[] Blocks = [1, 7, 64, 1 << 20];

    /// <summary>Reads a file with several block sizes, which must all give the same pool, and says what became of its rows.</summary>
    private string Rows(string text)
    {
        var path = Files.Write($"{Guid.NewGuid():N}.json", text);
        var seen = Blocks.Select(block =>
        {
            using var pool = Open(new PoolOptions { Paths = [path] }, block);
            var rows = pool.Ledger.Rows().Select(row => $"{row.Line}:{row.Fate}{(row.Reason is null ? "" : " " + row.Reason)}");
            return $"{string.Join("; ", rows)} = {Copied(pool, [.. Enumerable.Range(0, pool.Count)])}";
        }).Distinct().ToList();
        return seen.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("{\n \"text\": \"a\"\n}", "1:Pool = {\"text\": \"a\"}\n")]
    [InlineData(
        "\uFEFF\n{\n \"text\": \"a\"\n}\n{ \"text\":\n\"b\" }\n\n{\"text\": \"c\"}\n",
        "2:Pool; 5:Pool; 8:Pool = {\"text\": \"a\"}\n{ \"text\":\"b\" }\n{\"text\": \"c\"}\n")]
    [InlineData(
        "{\n\"text\": \"a\"\n},\n{\n\"text\": \"b\"\n}",
        "1:Pool; 3:Quarantined not valid JSON: byte 0 of the record: a comma after the record; expected one record per line and nothing "
            + "between them; 4:Pool = {\"text\": \"a\"}\n{\"text\": \"b\"}\n")]
    [InlineData(
        "{\"version\":\"1\",\"data\":[{\"text\":\"a\"},{\"text\":\"b\"}],\"x\":{\"]\":[\"}\"]}}\n",
        "1:Pool; 1:Pool = {\"text\":\"a\"}\n{\"text\":\"b\"}\n")]
    [InlineData(
        "{\n \"rows\": [\n  {\n   \"text\": \"a\"\n  },\n  {\"text\": \"b\"}\n ]\n}",
        "3:Pool; 6:Pool = {\"text\": \"a\"}\n{\"text\": \"b\"}\n")]
    [InlineData("{\"schema\":{\"data\":[{}]},\"examples\":[{\"text\":\"a\"}]}", "1:Pool = {\"text\":\"a\"}\n")]
    [InlineData(
        "{\"data\":[{\"k\":1}],\"text\":\"a\"}\n{\"data\":[{\"k\":2}],\"text\":\"b\"}",
        "1:Pool; 2:Pool = {\"data\":[{\"k\":1}],\"text\":\"a\"}\n{\"data\":[{\"k\":2}],\"text\":\"b\"}\n")]
    [InlineData("{\"data\":[{\"k\":1}],\"text\":\"a\"}", "1:Pool = {\"data\":[{\"k\":1}],\"text\":\"a\"}\n")]
    [InlineData(
        "{\"text\":\"a\"\n{\"text\":\"b\"}\n",
        "1:Quarantined not valid JSON: byte 11 of the record: Expected depth to be zero at the end of the JSON payload. "
            + "There is an open JSON object or array that should be closed; 2:Pool = {\"text\":\"b\"}\n")]
    [InlineData(
        "{\"text\":\"a\n{\"text\":\"b\"}\n",
        "1:Quarantined not valid JSON: byte 10 of the record: Expected end of string, but instead reached end of data; "
            + "2:Pool = {\"text\":\"b\"}\n")]
    [InlineData("{\"text\":\"a\"}\n\uFEFF{\"text\":\"b\"}\n \uFEFF \n", "1:Pool; 2:Pool = {\"text\":\"a\"}\n{\"text\":\"b\"}\n")]
    public void Records_are_found_however_they_are_laid_out(string text, string rows) => Rows(text).ShouldBe(rows);

    [Fact]
    public void A_pretty_printed_record_is_copied_on_one_line()
    {
        using var pool = Open(Files.Write("a.json", Pretty + "\n" + Pretty.Replace("\"a\"", "\"b\"", StringComparison.Ordinal)));
        pool.Sources[0].IsArray.ShouldBeTrue();
        pool.Count.ShouldBe(2);
        Copied(pool, 1).ShouldBe("""{"messages": [{"role": "user","content": "q}{\"["},{"role": "assistant", "content": "b"}]}""" + "\n");
    }

    [Fact]
    public void A_wrapped_list_of_pretty_printed_records_is_read_whole_and_compressed()
    {
        var many = "{\n\"version\": 1,\n\"data\": [\n"
            + string.Join(",\n", Enumerable.Range(0, 300).Select(i => Pretty.Replace("\"a\"", $"\"{i}\"", StringComparison.Ordinal)))
            + "\n]\n}\n";
        foreach (var path in new[] { Files.Write("a.json", many), Files.Write("a.json.gz", Gzip(many)) })
        {
            using var pool = Open(new PoolOptions { Paths = [path] }, 100);
            (pool.Count, pool.Ledger.RowCount).ShouldBe((300, 300L));
            pool.Read([299], CancellationToken.None).Single().Turns[1].Content.ShouldBe("299");
        }
    }

    [Theory]
    [InlineData("{\n\"text\": \"a\"\n}\n{\n\"text\": ", "line 4: the file ends inside the JSON object that begins here")]
    [InlineData("{\"data\":[{\"text\":\"a\"}]", "line 1: the file ends before the JSON array's closing bracket")]
    [InlineData("{\"data\":[{\"text\":\"a\"},\n{\"text\":\"b\"", "line 2: the file ends before the JSON array's closing bracket")]
    public void A_file_cut_short_is_refused(string text, string message)
    {
        var path = Files.Write("a.json", text);
        foreach (var block in Blocks)
            Should.Throw<PursuitException>(() => Open(new PoolOptions { Paths = [path] }, block)).Message
                .ShouldStartWith($"{path}, {message}");
    }

    [Theory]
    [InlineData("prompt,completion\n\"a\",\"b\"\n\"c\",\"d\"\n", "a CSV file, not JSON, that isn't named so;")]
    [InlineData("prompt\tcompletion\na\tb\n", "a TSV file, not JSON, that isn't named so;")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "a Git LFS pointer, not the file itself;")]
    [InlineData("<!DOCTYPE html>\n<p>Sign in</p>\n", "HTML or XML, not JSON;")]
    [InlineData("some words\nand more\n", "text that isn't JSON: no line begins with '{' or '[';")]
    public void A_file_without_JSON_is_one_row_that_says_what_it_is(string text, string reason)
    {
        var good = Files.Write("good.jsonl", "{\"text\":\"a\"}");
        var path = Files.Write("other.txt", text);
        foreach (var block in Blocks)
        {
            using var pool = Open(new PoolOptions { Paths = [good, path] }, block);
            pool.Ledger.RowCount.ShouldBe(2);
            pool.Ledger[1].Reason!.ShouldStartWith(reason);
            pool.Sources[1].ContentBytes.ShouldBe(new FileInfo(path).Length);
            pool.FindOutside("x", CancellationToken.None).ShouldBeEmpty();
        }

        Fails(path).ShouldContain(reason);
    }

    [Theory]
    [InlineData(
        "{\"text\":\"b\",\"score\":NaN}",
        "NaN isn't JSON; expected a number or null (Python's json.dumps writes it; pandas' to_json writes null)")]
    [InlineData("{\"text\":\"b\",\"score\":[1,-Infinity]}", "Infinity isn't JSON; expected")]
    [InlineData("{\"text\":\"b\",\"score\":Infinity}", "Infinity isn't JSON; expected")]
    [InlineData("{\"text\":\"b\"},", "a comma after the record; expected one record per line and nothing between them")]
    [InlineData("{\"text\":\uFEFF\"b\"}", "a byte-order mark within the file; expected none but at its beginning")]
    [InlineData("{'text':'b'}", "a single quote; expected double quotes (Python's str() isn't JSON, json.dumps() is)")]
    public void Known_mistakes_are_called_by_their_names(string record, string reason)
    {
        using var pool = OpenText($"{{\"text\":\"a\"}}\n{record}\n");
        pool.Ledger[1].Reason!.ShouldContain(reason);
        pool.Notes.ShouldBeEmpty();
    }

    [Fact]
    public void A_file_without_a_good_record_is_noted_once()
    {
        var good = Files.Write("good.jsonl", "{\"text\":\"a\"}");
        var bad = Files.Write("bad.jsonl", "{\"text\":NaN}\n{\"text\":NaN}\n");
        using var pool = Open(good, bad);
        pool.Notes.ShouldHaveSingleItem().ShouldStartWith(
            $"{bad}: none of its 2 rows can be read; the first, line 1: not valid JSON: byte 8 of the record: NaN isn't JSON");
    }

    [Fact]
    public void What_a_directory_holds_beside_records_is_noted_written_to_the_ledger_and_refused_where_strict()
    {
        Files.Write("all/a.jsonl", "{\"text\":\"a\"}");
        Files.Write("all/b.parquet", "x");
        var directory = Files.PathOf("all");
        using (var pool = Open(directory))
        {
            pool.Notes.ShouldHaveSingleItem().ShouldBe($"not read: {directory}/b.parquet (a .parquet file); of a directory only files that "
                + "end in .jsonl, .json, .ndjson, .jsonlines, .csv, .tsv, these with .gz, .zst, .bz2, .xz or .lz4, "
                + "and .zip and .tar of them are");
            using var ledger = new MemoryStream();
            pool.Ledger.Write(ledger, null, CancellationToken.None);
            System.Text.Encoding.UTF8.GetString(ledger.ToArray()).Split('\n')[1]
                .ShouldBe($$"""{"source_file":"{{directory}}/b.parquet","fate":"not read","reason":"a .parquet file"}""");
        }

        Fails(new PoolOptions { Paths = [directory], Strict = true }).ShouldStartWith($"{directory}/b.parquet: "
            + "a .parquet file in a directory that is read; there are 1 such; expected nothing but files that end in");
    }
}
