using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Mpi.Tests;

/// <summary>Methods that read embeddings, by real processes under mpirun: the same files for any number of ranks.</summary>
public sealed class MpiEmbeddingTests : IDisposable
{
    private const int Rows = 3300; // four shards
    private const int Targets = 5;
    private const int Dimension = 24;
    private readonly TemporaryDirectory _directory = new();

    public MpiEmbeddingTests()
    {
        Assert.SkipWhen(Launcher.Missing is not null, $"No runs over MPI here: {Launcher.Missing}");
        var problem = Embeddings.Clustered(Rows, Targets, "1", Dimension);
        _directory.Write(
            "pool.jsonl", string.Concat(Enumerable.Range(0, Rows).Select(i => $$"""{"id":"r{{i}}","text":"text {{i}}"}""" + "\n")));
        NpyFile.Write(_directory.PathOf("pool.npy"), [Rows, Dimension], [.. Embeddings.Rows(problem.Embeddings.Pool!).SelectMany(r => r)]);
        NpyFile.Write(
            _directory.PathOf("target.npy"), [Targets, Dimension], [.. Embeddings.Rows(problem.Embeddings.Target!).SelectMany(r => r)]);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("tsds", new[] { 1, 2, 4 }, "tsds.sigma=0.5")]
    [InlineData("tsds-uniform", new[] { 2 }, "tsds-uniform.index=ivf")]
    [InlineData("rds-round-robin", new[] { 2 })]
    [InlineData("kcenter", new[] { 3 })]
    public void Ranks_write_the_files_of_one_process(string method, int[] ranks, params string[] settings)
    {
        string[] target = method == "kcenter" ? [] : ["--target-features", _directory.PathOf("target.npy")];
        string[] command =
        [
            "select", "--pool", _directory.PathOf("pool.jsonl"), "--features", _directory.PathOf("pool.npy"), .. target,
            "--method", method, "--budget", "24", "--out", _directory.PathOf("out.jsonl"), "--threads", "1", "--no-report",
            .. settings.SelectMany(s => new[] { "--set", s }),
        ];
        var alone = Files(Launcher.Alone(command));
        foreach (var count in ranks) Files(Launcher.Run(count, command)).ShouldBe(alone, $"{count} ranks");
    }

    /// <summary>What a selection wrote, by name; its run is then gone.</summary>
    private SortedDictionary<string, string> Files(Launcher.Outcome run)
    {
        run.ExitCode.ShouldBe(0, run.Error);
        var runPath = _directory.PathOf("out.run");
        string[] names =
        [
            _directory.PathOf("out.jsonl"), _directory.PathOf("out.selection.jsonl"),
            .. Directory.EnumerateFiles(Path.Combine(runPath, "stages", "selection")),
        ];
        var files = new SortedDictionary<string, string>(names.ToDictionary(
            n => Path.GetFileName(n), n => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(n)))));
        Directory.Delete(runPath, recursive: true);
        return files;
    }
}
