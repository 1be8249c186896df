using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Jobs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Jobs;

/// <summary>
/// Several processes choose by embeddings what one does, to the last byte; played by threads here, and by processes in Pursuit.Mpi.Tests.
/// </summary>
public sealed class DistributedEmbeddingTests : IDisposable
{
    private const int Rows = 4300; // five shards
    private const int Targets = 6;
    private const int Dimension = 24;
    private readonly TemporaryDirectory _directory = new();

    public DistributedEmbeddingTests()
    {
        var problem = Embeddings.Clustered(Rows, Targets, "1", Dimension);
        _directory.Write(
            "pool.jsonl", string.Concat(Enumerable.Range(0, Rows).Select(i => $$"""{"id":"r{{i}}","text":"text {{i}}"}""" + "\n")));
        NpyFile.Write(_directory.PathOf("pool.npy"), [Rows, Dimension], [.. Embeddings.Rows(problem.Embeddings.Pool!).SelectMany(r => r)]);
        NpyFile.Write(
            _directory.PathOf("target.npy"), [Targets, Dimension], [.. Embeddings.Rows(problem.Embeddings.Target!).SelectMany(r => r)]);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("tsds", "tsds.sigma=0.5")]
    [InlineData("tsds", "tsds.unit=true", "tsds.alpha=0.2", "tsds.draw=with-replacement")]
    [InlineData("tsds", "tsds.index=ivf", "tsds.lists=40", "tsds.probes=3")]
    // lists that one process alone has rows of
    [InlineData("tsds-uniform", "tsds-uniform.index=ivf", "tsds-uniform.lists=2000", "tsds-uniform.probes=5")]
    [InlineData("tsds", "tsds.compat=authors")]
    [InlineData("tsds-uniform", "tsds-uniform.alpha=0.1")]
    [InlineData("rds")]
    [InlineData("rds-round-robin", "rds-round-robin.similarity=dot")]
    [InlineData("kcenter")]
    [InlineData("dsdm")]
    public void Any_number_of_processes_writes_the_same_files(string method, params string[] settings)
    {
        var one = Files(1, method, settings, out var none);
        none.ShouldBeNull();
        // Seven processes: two of them own no shard.
        foreach (var count in new[] { 2, 7 })
        {
            Files(count, method, settings, out var traffic).ShouldBe(one, $"{count} processes");
            traffic!.Passes.ShouldBeGreaterThan(0);
        }
    }

    [Theory]
    [InlineData("tagcos", "tagcos.clusters=5")]
    [InlineData("density", "density.hashes=30")]
    [InlineData("semdedup", "semdedup.clusters=3")]
    [InlineData("d4", "d4.clusters=3")]
    public void Methods_that_read_all_rows_in_one_process_write_the_same_files_too(string method, params string[] settings) =>
        Files(3, method, settings, out _).ShouldBe(Files(1, method, settings, out _));

    [Fact]
    public void Equal_rows_are_each_taken_once_by_any_number_of_processes()
    {
        NpyFile.Write(_directory.PathOf("pool.npy"), [Rows, Dimension], [.. Enumerable.Repeat(0.5f, Rows * Dimension)]);
        Files(3, "kcenter", [], out _).ShouldBe(Files(1, "kcenter", [], out _));
    }

    [Fact]
    public void A_search_costs_the_queries_out_and_twelve_bytes_per_neighbour_back()
    {
        const int Processes = 3;
        const int Length = 256; // the first search's, which suffices here
        Files(Processes, "tsds-uniform", ["tsds-uniform.scale=none", "tsds-uniform.alpha=0.9"], out var traffic);
        traffic.ShouldNotBeNull();
        traffic.Processes.ShouldBe(Processes);
        // The sample that tells of near-duplicates is a second pass, over rows with mass.
        traffic.Passes.ShouldBe(2);
        traffic.PassesOut.ShouldBeGreaterThan((Processes - 1) * 4L * Targets * Dimension);
        traffic.PassesBack.ShouldBeGreaterThanOrEqualTo((Processes - 1) * 12L * Targets * Length);
        traffic.PassesBack.ShouldBeLessThan((Processes - 1) * (12L * Targets * Length + 12L * Rows));
        traffic.Rows.ShouldBe(0);
    }

    /// <summary>Every file of a selection but those that tell times, by name.</summary>
    private SortedDictionary<string, string> Files(int processes, string method, string[] settings, out Traffic? traffic)
    {
        var options = new SelectJobOptions
        {
            Pool = new PoolOptions { Paths = [_directory.PathOf("pool.jsonl")], Threads = 2 },
            Features = _directory.PathOf("pool.npy"),
            TargetFeatures = MethodRegistry.Find(method).Needs.NeedsTargetFeatures() ? _directory.PathOf("target.npy") : null,
            Budget = Budget.Parse("24"),
            Method = method,
            Settings = settings,
            Out = _directory.PathOf("out.jsonl"),
            RunDirectory = _directory.PathOf("run"),
        };
        var files = TeamSelect.Files(options, processes, out var summary);
        traffic = summary.Traffic;
        return files;
    }
}
