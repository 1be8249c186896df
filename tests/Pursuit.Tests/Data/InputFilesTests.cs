using Pursuit.Data.Reading;
using Pursuit.TestKit;

namespace Pursuit.Tests.Data;

public sealed class InputFilesTests : IDisposable
{
    private readonly TemporaryDirectory _files = new();

    public InputFilesTests()
    {
        foreach (var name in new[]
        {
            "b.jsonl", "a.json", "c.jsonl.gz", "d.txt", ".hidden.jsonl", "deep/e.jsonl", "deep/er/f.json.gz", "deep/er/G.JSONL",
            "deep/er/[x]*.jsonl", ".git/g.jsonl",
        })
            _files.Write(name, "x");
    }

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("", "a.json b.jsonl c.jsonl.gz deep/e.jsonl deep/er/G.JSONL deep/er/[x]*.jsonl deep/er/f.json.gz")]
    [InlineData("deep", "deep/e.jsonl deep/er/G.JSONL deep/er/[x]*.jsonl deep/er/f.json.gz")]
    [InlineData("*.json*", "a.json b.jsonl c.jsonl.gz")]
    [InlineData("?.jsonl", "b.jsonl")]
    [InlineData("**/*.jsonl", "b.jsonl deep/e.jsonl deep/er/[x]*.jsonl")]
    [InlineData("deep/**/f*", "deep/er/f.json.gz")]
    [InlineData("d*/*.jsonl", "deep/e.jsonl")]
    [InlineData("*/er/f.json.gz", "deep/er/f.json.gz")]
    [InlineData("deep/**", "deep/e.jsonl deep/er/G.JSONL deep/er/[x]*.jsonl deep/er/f.json.gz")]
    [InlineData(".h*", ".hidden.jsonl")]
    [InlineData("d.txt", "d.txt")]
    [InlineData("deep/er/[x]*.jsonl", "deep/er/[x]*.jsonl")]
    public void A_path_stands_for_its_files_in_ordinal_order(string path, string files) =>
        Expand(path).ShouldBe(files.Split(' '));

    [Fact]
    public void Arguments_keep_their_order_and_a_file_named_twice_is_read_once() =>
        Expand("deep/e.jsonl", "*.jsonl", "deep/../b.jsonl", "deep")
            .ShouldBe(["deep/e.jsonl", "b.jsonl", "deep/er/G.JSONL", "deep/er/[x]*.jsonl", "deep/er/f.json.gz"]);

    [Fact]
    public void A_directory_linked_into_itself_is_not_walked_for_ever()
    {
        Directory.CreateSymbolicLink(_files.PathOf("deep/loop"), _files.FullPath);
        Expand("deep").Length.ShouldBe(4);
        Expand("deep/loop/a.j*").ShouldBe(["deep/loop/a.json"]);
    }

    [Fact]
    public void In_a_directory_every_spelling_of_JSON_lines_is_read_and_other_data_is_named()
    {
        foreach (var name in new[]
        {
            "more/1.ndjson", "more/2.jsonlines", "more/3.NDJSON.gz", "more/4.jsonl.zst", "more/5.parquet", "more/6.csv", "more/7.json.bz2",
            "more/8.csv.gz", "more/9.txt.gz", "more/a.zip", "more/b.tar.xz", "more/README.md", "more/x.selection.jsonl",
        })
            _files.Write(name, "x");
        Expand("more").ShouldBe(
            [
                "more/1.ndjson", "more/2.jsonlines", "more/3.NDJSON.gz", "more/4.jsonl.zst", "more/6.csv", "more/7.json.bz2",
                "more/8.csv.gz", "more/a.zip", "more/b.tar.xz",
            ]);
        InputFiles.Expand([_files.PathOf("more")]).NotRead.Select(file => $"{Path.GetFileName(file.Path)}: {file.What}").ShouldBe(
            ["5.parquet: a .parquet file", "9.txt.gz: a .gz file"]);
        InputFiles.Expand([_files.PathOf("more"), _files.PathOf("more/9.txt.gz")]).NotRead.Count.ShouldBe(1);
    }

    [Fact]
    public void A_pipe_in_a_directory_is_named_and_never_opened()
    {
        if (!OperatingSystem.IsLinux()) return; // pipes with names are told from files there alone
        var pipe = _files.PathOf("deep/pipe.jsonl");
        using (var made = System.Diagnostics.Process.Start("mkfifo", pipe)) made.WaitForExit();
        Expand("deep").ShouldNotContain("deep/pipe.jsonl");
        InputFiles.Expand([_files.PathOf("deep")]).NotRead.ShouldHaveSingleItem()
            .ShouldBe(new Pursuit.Data.FileNotRead(pipe, "a pipe, a socket or a device"));
        Should.Throw<PursuitException>(() => new SourceFile(pipe)).Message
            .ShouldStartWith($"{pipe}: it is a pipe or a device; expected a file that can be read more than once.");
    }

    [Theory]
    [InlineData("", "*", true)]
    [InlineData("abc", "a*c", true)]
    [InlineData("abc", "a*b", false)]
    [InlineData("aXbXc", "*X*X*", true)]
    [InlineData("abc", "????", false)]
    [InlineData("abc", "**?", true)]
    public void A_star_is_any_run_and_a_question_mark_any_one(string name, string pattern, bool matches) =>
        InputFiles.Matches(name, pattern).ShouldBe(matches);

    [Fact]
    public void A_pattern_of_many_stars_ends_in_good_time() =>
        InputFiles.Matches(new string('a', 2000), string.Concat(Enumerable.Repeat("a*", 500)) + "b").ShouldBeFalse();

    private string[] Expand(params string[] paths) =>
        [.. InputFiles.Expand([.. paths.Select(_files.PathOf)]).Files.Select(file => Path.GetRelativePath(_files.FullPath, file))];
}
