using System.IO.Compression;
using System.Text.Json.Nodes;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>Commands take tables wherever they take lines, and choose the same.</summary>
public sealed class TableCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_selection_from_tables_is_that_from_lines_but_for_the_files_names()
    {
        var lines = Select("records.jsonl");
        var parquet = Select("zstd.parquet");
        var arrow = Select("stream.arrow");
        parquet.Facts.Count.ShouldBe(9);
        parquet.Facts.ShouldBe(lines.Facts);
        arrow.Facts.ShouldBe(lines.Facts);
        arrow.Records.ShouldBe(parquet.Records);
        parquet.Records.Select(IdOf).ShouldBe(lines.Records.Select(IdOf));
    }

    [Fact]
    public void A_damaged_table_is_bad_input_and_leaves_nothing()
    {
        var bytes = File.ReadAllBytes(RepositoryFiles.Fixture("tables", "zstd.parquet"));
        _directory.Write("a.parquet", bytes.AsSpan(0, 5_000));
        var run = Cli.RunIn(
            _directory.FullPath, "select", "--pool", "a.parquet", "--method", "random", "--budget", "5",
            "--out", "out.jsonl", "--no-report");
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain("a.parquet: the file ends in the bytes");
        File.Exists(_directory.PathOf("out.jsonl")).ShouldBeFalse();
    }

    [Fact]
    public void A_split_of_a_folder_is_read_and_a_run_replays_it()
    {
        var fixture = RepositoryFiles.Fixture("tables", "zstd.parquet");
        Directory.CreateDirectory(_directory.PathOf("set/data"));
        File.Copy(fixture, _directory.PathOf("set/data/train-00000-of-00001.parquet"));
        File.Copy(RepositoryFiles.Fixture("tables", "lz4.parquet"), _directory.PathOf("set/data/test-00000-of-00001.parquet"));
        string[] select = ["select", "--pool", "set", "--method", "random", "--budget", "5", "--out", "out.jsonl", "--no-report"];
        var unnamed = Cli.RunIn(_directory.FullPath, select);
        unnamed.ExitCode.ShouldBe(2);
        unnamed.Error.ShouldContain("set: the splits test, train; expected one of its splits");
        var named = Cli.RunIn(_directory.FullPath, [.. select, "--split", "train"]);
        named.ExitCode.ShouldBe(0, named.Error);
        var chosen = File.ReadAllText(_directory.PathOf("out.jsonl"));
        File.Delete(_directory.PathOf("out.jsonl"));
        var replayed = Cli.RunIn(Path.GetTempPath(), "select", "--config", _directory.PathOf("out.run/options.yaml"));
        replayed.ExitCode.ShouldBe(0, replayed.Error);
        File.ReadAllText(_directory.PathOf("out.jsonl")).ShouldBe(chosen);
    }

    [Fact]
    public void An_explanation_and_the_ledger_name_the_row_and_its_row_group()
    {
        File.Copy(RepositoryFiles.Fixture("tables", "zstd.parquet"), _directory.PathOf("pool.parquet"));
        var run = Cli.RunIn(
            _directory.FullPath, "select", "--pool", "pool.parquet", "--method", "random", "--budget", "5",
            "--out", "out.jsonl", "--no-report");
        run.ExitCode.ShouldBe(0, run.Error);
        File.ReadLines(_directory.PathOf("out.run/ledger.jsonl")).ElementAt(40)
            .ShouldContain("\"line\":41,\"row_group\":2,\"fate\":\"duplicate of\"");
        var explained = Cli.RunIn(_directory.FullPath, "explain", "out.run", "--id", "pool.parquet:41");
        explained.ExitCode.ShouldBe(0, explained.Error);
        (explained.Output + explained.Error).ShouldContain("row 40 (row group 2)");
    }

    [Fact]
    public void A_table_in_an_archive_is_selected_from_and_explained_by_its_place()
    {
        var table = _directory.Write("in/data/pool.parquet", File.ReadAllBytes(RepositoryFiles.Fixture("tables", "zstd.parquet")));
        ZipFile.CreateFromDirectory(_directory.PathOf("in"), _directory.PathOf("pool.zip"));
        string[] select = ["select", "--method", "random", "--budget", "5", "--no-report", "--with", "weight,rank,score=found", "--pool"];
        var archive = Cli.RunIn(_directory.FullPath, [.. select, "pool.zip", "--out", "a.parquet", "--indices", "rows.txt"]);
        archive.ExitCode.ShouldBe(0, archive.Error);
        var plain = Cli.RunIn(_directory.FullPath, [.. select, table, "--out", "b.parquet", "--indices", "same.txt"]);
        plain.ExitCode.ShouldBe(0, plain.Error);
        File.ReadAllBytes(_directory.PathOf("a.parquet")).ShouldBe(File.ReadAllBytes(_directory.PathOf("b.parquet")));
        File.ReadAllText(_directory.PathOf("rows.txt")).ShouldBe(File.ReadAllText(_directory.PathOf("same.txt")));
        var explained = Cli.RunIn(_directory.FullPath, "explain", "a.run", "--id", "pool.zip/data/pool.parquet:41");
        explained.ExitCode.ShouldBe(0, explained.Error);
        (explained.Output + explained.Error).ShouldContain("pool.zip/data/pool.parquet, row 40 (row group 2)");
    }

    private static string? IdOf(string record) => (string?)JsonNode.Parse(record)!["id"];

    private (IReadOnlyList<string> Facts, IReadOnlyList<string> Records) Select(string name)
    {
        var run = Cli.RunIn(
            _directory.FullPath, "select", "--pool", RepositoryFiles.Fixture("tables", name), "--method", "random", "--budget", "9",
            "--out", name + ".jsonl", "--no-report");
        run.ExitCode.ShouldBe(0, run.Error);
        var facts = File.ReadAllLines(_directory.PathOf(name + ".selection.jsonl")).Select(line =>
        {
            var fact = JsonNode.Parse(line)!.AsObject();
            fact.Remove("source_file");
            return fact.ToJsonString();
        });
        return ([.. facts], File.ReadAllLines(_directory.PathOf(name + ".jsonl")));
    }
}
