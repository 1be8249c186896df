using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pursuit.Data;
using Pursuit.Formats;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>Commands write records, facts, ledgers, scores and row numbers as Parquet where a name ends so.</summary>
[Collection(nameof(InProcess))]
public sealed class TableOutCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TableOutCommandTests() => TableFormats.Register();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("zstd.parquet")]
    [InlineData("stream.arrow")]
    [InlineData("records.jsonl")]
    public void A_selection_as_Parquet_has_the_records_of_the_one_as_lines_in_their_order(string name)
    {
        var pool = RepositoryFiles.Fixture("tables", name);
        Select("lines.jsonl", pool);
        Select("rows.parquet", pool);
        using var lines = Open("lines.jsonl");
        using var rows = Open("rows.parquet");
        rows.Count.ShouldBe(9);
        rows.ContentIds.ToArray().ShouldBe(lines.ContentIds.ToArray());
        if (name != "records.jsonl") Rows("rows.parquet").ShouldBe(File.ReadAllLines(_directory.PathOf("lines.jsonl")));

        // The facts and the ledger are those of the lines, and are read by whoever reads those.
        Facts(Rows("rows.selection.parquet")).ShouldBe(Facts(File.ReadAllLines(_directory.PathOf("lines.selection.jsonl"))));
        Facts(Rows("rows.run/ledger.parquet")).ShouldBe(Facts(File.ReadAllLines(_directory.PathOf("lines.run/ledger.jsonl"))));
        File.Exists(_directory.PathOf("rows.run/ledger.jsonl")).ShouldBeFalse();
        var explained = Cli.RunIn(_directory.FullPath, "explain", "rows.run", "--id", lines.UserId(0)!);
        explained.ExitCode.ShouldBe(0, explained.Error);
    }

    [Fact]
    public void Everything_selected_from_a_pool_as_Parquet_is_the_pool()
    {
        File.Copy(RepositoryFiles.Fixture("tables", "nested.parquet"), _directory.PathOf("pool.parquet"));
        var run = Select("out.parquet", "pool.parquet", "--budget", "100%", "--where", "text is not null");
        run.Error.ShouldContain("1 filtered");
        using var pool = Open("pool.parquet", "text is not null");
        using var copy = Open("out.parquet");
        copy.ContentIds.ToArray().Order().ShouldBe(pool.ContentIds.ToArray().Order());
        var rows = Rows("pool.parquet");
        Rows("out.parquet").Order().ShouldBe(rows.Where(r => (int)JsonNode.Parse(r)!["number"]! is not (2 or 3)).Order());
    }

    [Fact]
    public void Fields_are_added_to_lines_and_as_columns_under_names_that_records_lack()
    {
        _directory.Write("pool.jsonl", "{\"text\":\"one\", \"rank\":7 }\n{}\n{\"text\":\"two\"}\n");
        Select("out.jsonl", "pool.jsonl", "--budget", "2", "--with", "weight,rank=place", "--with", "score");
        var facts = File.ReadAllLines(_directory.PathOf("out.selection.jsonl")).Select(l => JsonNode.Parse(l)!).ToArray();
        var lines = File.ReadAllLines(_directory.PathOf("out.jsonl"));
        for (var i = 0; i < 2; i++)
        {
            var own = lines[i].Contains("one", StringComparison.Ordinal) ? "{\"text\":\"one\", \"rank\":7" : "{\"text\":\"two\"";
            lines[i].ShouldBe($"{own},\"weight\":1,\"place\":{i + 1},\"score\":{facts[i]["score"]}}}");
        }

        Select("out.parquet", "pool.jsonl", "--budget", "2", "--with", "weight,rank=place,score");
        Rows("out.parquet").Select(r => (double)JsonNode.Parse(r)!["score"]!).ShouldBe(facts.Select(f => (double)f["score"]!));
        Rows("out.parquet")[1].ShouldContain(",\"weight\":1.0,\"place\":2,");

        Refusal("--with", "rank").ShouldStartWith(
            "--with: 'rank' is a field of pool.jsonl, line 1 already; expected names that records lack.");
        Refusal("--with", "rank", "--out", "x.parquet").ShouldStartWith("--with: 'rank' is a field of the records already");
        Refusal("--with", "loss").ShouldStartWith(
            "--with: 'loss'; expected some of weight, rank, score, each with =NAME for another name.");
        Refusal("--with", "rank=a,score=a").ShouldStartWith("--with: 'a' twice; expected a name for each.");
        Refusal("--with", "rank=").ShouldStartWith("--with: 'rank='");
    }

    [Fact]
    public void What_fits_in_no_table_is_refused_before_the_work_and_leaves_nothing()
    {
        _directory.Write("pool.jsonl", "{\"text\":\"one\",\"x\":1}\n{\"text\":\"two\",\"x\":\"1\"}\n");
        Refusal("--out", "x.parquet").ShouldStartWith(
            "--out: the column 'x' has an integer in pool.jsonl, line 1 and a text in pool.jsonl, line 2; expected one type for a column, "
                + "for Parquet. Write .jsonl");
        Refusal("--out", "x.parquet.gz").ShouldStartWith("--out: 'x.parquet.gz'; expected a name that ends in .parquet");
        Refusal("--out", "x.arrow").ShouldStartWith("--out: 'x.arrow' ends in .arrow, and records are written as lines of JSON");
        Directory.GetFiles(_directory.FullPath).Select(Path.GetFileName).ShouldBe(["pool.jsonl"]);
    }

    [Fact]
    public void Row_numbers_name_file_row_group_rank_and_weight()
    {
        File.Copy(RepositoryFiles.Fixture("tables", "zstd.parquet"), _directory.PathOf("b.parquet"));
        _directory.Write("a.jsonl", "{\"text\":\"one\"}\n");
        Directory.CreateDirectory(_directory.PathOf("out"));
        Select("out/x.jsonl", "*.*", "--budget", "48", "--indices", "out/rows.parquet");
        var rows = Rows("out/rows.parquet").Select(r => JsonNode.Parse(r)!).ToArray();
        rows.Select(r => (int)r["rank"]!).ShouldBe(Enumerable.Range(1, 48));
        rows.Select(r => (long)r["index"]!).Order().ShouldBe(Enumerable.Range(0, 49).Where(i => i != 41).Select(i => (long)i));
        foreach (var row in rows)
        {
            var isLine = (string)row["file"]! == "a.jsonl";
            ((long)row["row"]!).ShouldBe((long)row["index"]! - (isLine ? 0 : 1));
            ((int?)row["row_group"]).ShouldBe(isLine ? null : (int)(long)row["row"]! / 20);
            ((double)row["weight"]!).ShouldBe(1);
        }
    }

    [Fact]
    public void Scores_and_what_is_kept_without_duplicates_are_tables_too()
    {
        _directory.Write("pool.jsonl", "{\"id\":\"a\",\"text\":\"one two three\"}\n{\"text\":\"four five\"}\n{\"text\":\"four five\"}\n");
        foreach (var name in (string[])["scores.jsonl", "scores.parquet"])
        {
            var score = Cli.RunIn(_directory.FullPath, "score", "--pool", "pool.jsonl", "--methods", "zip", "--out", name);
            score.ExitCode.ShouldBe(0, score.Error);
        }

        Facts(Rows("scores.parquet")).ShouldBe(Facts(File.ReadAllLines(_directory.PathOf("scores.jsonl"))));
        var dedup = Cli.RunIn(_directory.FullPath, "dedup", "--pool", "pool.jsonl", "--out", "kept.parquet");
        dedup.ExitCode.ShouldBe(0, dedup.Error);
        Rows("kept.parquet").ShouldBe(["""{"id":"a","text":"one two three"}""", """{"id":null,"text":"four five"}"""]);
        Rows("kept.run/ledger.parquet")[2].ShouldContain("\"fate\":\"duplicate of\",\"duplicate_of\":1");
    }

    [Fact]
    public void Lengths_of_an_earlier_selection_are_imitated_by_its_table_as_by_its_lines()
    {
        var pool = RepositoryFiles.Fixture("tables", "records.jsonl");
        foreach (var name in (string[])["first.jsonl", "first.parquet"])
        {
            Select(name, pool);
            Select($"by-{name}.jsonl", pool, "--method", "length-matched-random", "--match", SelectionPath(name));
        }

        File.ReadAllText(_directory.PathOf("by-first.parquet.jsonl")).ShouldBe(File.ReadAllText(_directory.PathOf("by-first.jsonl.jsonl")));

        static string SelectionPath(string name) => Path.ChangeExtension(name, ".selection" + Path.GetExtension(name));
    }

    [Fact]
    public void Facts_beside_records_are_not_read_as_records()
    {
        File.Copy(RepositoryFiles.Fixture("tables", "zstd.parquet"), _directory.PathOf("pool.parquet"));
        Directory.CreateDirectory(_directory.PathOf("out"));
        Select("out/a.parquet", "pool.parquet");
        using var again = Open("out");
        again.Count.ShouldBe(9);
    }

    /// <summary>Rows without their nulls, and with numbers as numbers: a table spells a one as 1.0.</summary>
    private static IEnumerable<string> Facts(IEnumerable<string> rows) => rows.Select(row => Plain(JsonNode.Parse(row)!).ToJsonString());

    private static JsonNode Plain(JsonNode node) => node switch
    {
        JsonObject fields => new JsonObject(
            fields.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Key, (JsonNode?)Plain(f.Value!)))),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => JsonValue.Create((double)value),
        _ => node.DeepClone(),
    };

    private Cli.Outcome Select(string name, string pool, params string[] more)
    {
        string[] budget = more.Contains("--budget") ? [] : ["--budget", "9"];
        string[] method = more.Contains("--method") ? [] : ["--method", "random"];
        var run = Cli.RunIn(
            _directory.FullPath, ["select", "--pool", pool, "--out", name, "--no-report", .. budget, .. method, .. more]);
        run.ExitCode.ShouldBe(0, run.Error);
        return run;
    }

    private string Refusal(params string[] words)
    {
        var run = Cli.RunIn(
            _directory.FullPath, ["select", "--pool", "pool.jsonl", "--method", "random", "--budget", "1", "--no-report", .. words]);
        run.ExitCode.ShouldBe(2, run.Error);
        return run.Error.Split("pursuit: ")[^1];
    }

    private Pool Open(string name, string? where = null) =>
        Pool.Open(new PoolOptions { Paths = [_directory.PathOf(name)], Where = where }, null, CancellationToken.None);

    private List<string> Rows(string name)
    {
        using var table = RecordFormats.Of("PAR1"u8)!.Open(_directory.PathOf(name));
        var rows = new List<string>();
        for (var row = 0L; row < table.RowCount; row++)
        {
            var bytes = new ArrayBufferWriter<byte>();
            table.Read(row, 1 << 20, bytes);
            rows.Add(Encoding.UTF8.GetString(bytes.WrittenSpan));
        }

        return rows;
    }
}
