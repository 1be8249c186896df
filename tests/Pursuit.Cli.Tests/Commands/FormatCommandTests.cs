using System.Text;
using Pursuit.Data;
using Pursuit.Formats;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>What commands make of columns, filters, compressed files and row numbers.</summary>
[Collection(nameof(InProcess))]
public sealed class FormatCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_file_by_zstd_gives_the_records_of_the_plain_one_and_is_refused_cut_or_damaged()
    {
        CompressionFormats.Register();
        var whole = File.ReadAllBytes(RepositoryFiles.Fixture("compression", "records.jsonl.zst"));
        using var plain = Open(RepositoryFiles.Fixture("compression", "records.jsonl.bz2"));
        foreach (var name in new[] { "records.jsonl.zst", "records.tar.zst" })
        {
            using var pool = Open(RepositoryFiles.Fixture("compression", name));
            pool.Fingerprint.ShouldBe(plain.Fingerprint);
            pool.Read([100, 3], CancellationToken.None).Select(e => e.Text![..10]).ShouldBe(["record 101", "record 4, "]);
        }

        var shorter = 0;
        for (var length = 12; length < whole.Length; length++)
        {
            var path = _directory.Write("a.zst", whole.AsSpan(0, length));
            if (Fault(path) is { } fault) fault.ShouldStartWith($"{path}: the zstd data is truncated");
            else shorter++;
        }

        shorter.ShouldBe(3); // between two frames it is a whole file
        for (var i = 4; i < whole.Length; i += 3)
        {
            var damaged = whole.ToArray();
            damaged[i] ^= 0x20;
            var path = _directory.Write("b.zst", damaged);
            if (Fault(path) is not null) continue;
            using var pool = Open(path);
            pool.Fingerprint.ShouldBe(plain.Fingerprint, $"byte {i}");
        }

        Fault(_directory.Write("c.zst", [.. whole, .. "more"u8]))!.ShouldContain("corrupt or followed by other bytes");
    }

    [Fact]
    public void Columns_and_a_filter_apply_to_the_pool_and_are_counted_and_replayed()
    {
        _directory.Write("pool.csv", "question,answer,lang\nHi,Hello,en\nTag,Hallo,de\nBye,\"Good\nbye\",en\nHi,Hello,en\n");
        _directory.Write("target.jsonl", "{\"prompt\":\"Good day\",\"completion\":\"Hello\"}\n");
        string[] select =
        [
            "select", "--pool", "pool.csv", "--columns", "prompt=question,completion=answer", "--where", "lang = 'en'", "--method", "bm25",
            "--target", "target.jsonl", "--budget", "2", "--indices", "rows.txt", "--json",
        ];
        var run = Cli.RunIn(_directory.FullPath, select);
        run.ExitCode.ShouldBe(0, run.Error);
        run.Error.ShouldContain("Read      4 rows: 2 examples, 1 exact duplicates, 1 filtered, 0 invalid records");
        run.Error.ShouldContain("1 of 4 rows are filtered: they don't fulfill lang = 'en'");
        run.Json.GetProperty("input").GetProperty("filtered").GetInt64().ShouldBe(1);
        File.ReadAllLines(_directory.PathOf("selected.jsonl")).ShouldBe(
        [
            """{"question":"Hi","answer":"Hello","lang":"en"}""", """{"question":"Bye","answer":"Good\nbye","lang":"en"}""",
        ]);
        File.ReadAllText(_directory.PathOf("rows.txt")).ShouldBe("0\n2\n");
        File.ReadAllText(_directory.PathOf("selected.run/ledger.jsonl")).ShouldContain("\"line\":3,\"fate\":\"filtered\"");
        File.ReadAllText(_directory.PathOf("selected.run/report.html")).ShouldContain("filtered");
        var explained = Cli.RunIn(_directory.FullPath, "explain", "selected.run", "--id", "pool.csv:3");
        (explained.Output + explained.Error).ShouldContain("it doesn't fulfill lang = 'en'");

        File.Delete(_directory.PathOf("rows.txt"));
        var again = Cli.RunIn(_directory.FullPath, "select", "--config", "selected.run/options.yaml", "--json");
        again.ExitCode.ShouldBe(0, again.Error);
        again.Json.GetProperty("reused").GetBoolean().ShouldBeTrue();
        File.ReadAllText(_directory.PathOf("rows.txt")).ShouldBe("0\n2\n");

        var other = Cli.RunIn(_directory.FullPath, [.. select, "--where", "lang != 'de'", "--json"]);
        other.ExitCode.ShouldBe(2); // twice
        var filterOfNothing = select.Select(w => w == "lang = 'en'" ? "lang in ('en', 'fr')" : w).ToArray();
        Cli.RunIn(_directory.FullPath, filterOfNothing).Json.GetProperty("reused").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public void What_is_wrong_with_columns_and_filters_is_said_with_the_option_s_name()
    {
        _directory.Write("pool.jsonl", "{\"question\":\"Hi\",\"answer\":\"Hello\"}\n");
        Refusal("--where", "lang = 'en' an x").ShouldStartWith("--where: column 13: 'an'; expected 'and', 'or' or the end.");
        Refusal("--columns", "prompt=quesion").ShouldStartWith(
            "--columns: no record has a field 'quesion'; expected fields that exist: question, answer. Did you mean 'question'?");
        Refusal("--columns", "prompt").ShouldStartWith("--columns: 'prompt'; expected FIELD=COLUMN, such as prompt=question.");
        Refusal("--columns", "prompt=question,prompt=answer").ShouldStartWith("--columns: two columns for 'prompt'; expected one.");
        Refusal("--columns", "promt=question").ShouldContain("Did you mean 'prompt'?");
        Refusal("--out", "x.jsonl.xz").ShouldContain("--out: 'x.jsonl.xz' ends in .xz, and records are written as lines of JSON");
        Refusal("--indices", "x.arrow").ShouldContain("--indices: 'x.arrow'; expected a name that ends in .npy");

        string Refusal(params string[] words)
        {
            var run = Cli.RunIn(_directory.FullPath, ["select", "--pool", "pool.jsonl", "--method", "random", "--budget", "1", .. words]);
            run.ExitCode.ShouldBe(2, run.Error);
            File.Exists(_directory.PathOf("selected.jsonl")).ShouldBeFalse();
            return run.Error.Split("pursuit: ")[^1];
        }
    }

    [Fact]
    public void Row_numbers_of_several_files_and_records_by_zstd_are_written()
    {
        _directory.Write("a.jsonl", "{\"text\":\"one\"}\n\nbroken\n{\"text\":\"two\"}\n");
        _directory.Write("b.jsonl", "{\"text\":\"one\"}\n{\"text\":\"three\"}\n");
        string[] select =
            ["select", "--pool", "a.jsonl", "b.jsonl", "--method", "random", "--budget", "3", "--no-report", "--out", "x.jsonl.zst"];
        foreach (var indices in new[] { "rows.npy", "rows.txt" })
        {
            var run = Cli.RunIn(_directory.FullPath, [.. select, "--indices", indices]);
            run.ExitCode.ShouldBe(0, run.Error);
        }

        CompressionFormats.Register();
        using var chosen = Open(_directory.PathOf("x.jsonl.zst"));
        var texts = chosen.Read(CancellationToken.None).Select(e => e.Text!).ToArray();
        texts.Order().ShouldBe(["one", "three", "two"]);
        var places = new Dictionary<string, (long Row, string Line)>
        {
            ["one"] = (0, "a.jsonl\t0"),
            ["two"] = (2, "a.jsonl\t2"),
            ["three"] = (4, "b.jsonl\t1"),
        };
        File.ReadAllLines(_directory.PathOf("rows.txt")).ShouldBe(texts.Select(t => places[t].Line));
        var array = File.ReadAllBytes(_directory.PathOf("rows.npy"));
        Encoding.ASCII.GetString(array).ShouldContain("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }");
        Enumerable.Range(0, 3).Select(i => BitConverter.ToInt64(array, array.Length - 24 + (8 * i))).ShouldBe(
            texts.Select(t => places[t].Row));
    }

    private static Pool Open(string path) => Pool.Open(new PoolOptions { Paths = [path] });

    private static string? Fault(string path)
    {
        try
        {
            Open(path).Dispose();
            return null;
        }
        catch (PursuitException e)
        {
            return e.Message;
        }
    }
}
