using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Jobs;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Jobs;

/// <summary>
/// Several processes choose what one does, to the last byte; played by threads here, and by processes in Pursuit.Mpi.Tests.
/// </summary>
public sealed class DistributedSelectTests : IDisposable
{
    private const int Rows = 2200; // three shards
    private const int Dimension = 24;
    private const int Blocks = 2;
    private readonly TemporaryDirectory _directory = new();
    private MemoryUse? _memory;

    public DistributedSelectTests()
    {
        var problem = Gradients.Realistic(Rows, 24, "1", Blocks, Dimension);
        _directory.Write(
            "pool.jsonl", string.Concat(Enumerable.Range(0, Rows).Select(i => $$"""{"id":"r{{i}}","text":"text {{i}}"}""" + "\n")));
        Write("pool.npy", (MemoryFeatures)problem.Gradients.Pool!);
        Write("target.npy", (MemoryFeatures)problem.Gradients.Target!);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("gtp")]
    [InlineData("gtp", "gtp.centre=true", "gtp.batch=0")]
    [InlineData("gtp", "gtp.schedule=paper", "gtp.fill=peel", "gtp.normalise=none")]
    [InlineData("gtp", "gtp.schedule=shortlist", "gtp.shortlist=24", "gtp.centre=true")]
    [InlineData("gtp", "gtp.noise-floor=held-out")]
    [InlineData("gtp", "gtp.rounds=2", "gtp.parts=3")]
    [InlineData("gtp", "gtp.rounds=2", "gtp.parts=7", "gtp.centre=true", "gtp.schedule=paper", "gtp.fill=none")]
    [InlineData("omp")]
    [InlineData("less-round-robin", "less-round-robin.centre=true")]
    [InlineData("tracin-self")]
    [InlineData("random")]
    public void Any_number_of_processes_writes_the_same_files(string method, params string[] settings)
    {
        var one = Files(1, method, settings, out _);
        foreach (var count in new[] { 2, 5 }) Files(count, method, settings, out _).ShouldBe(one, $"{count} processes");
    }

    [Fact]
    public void In_domain_clusters_of_the_pool_are_the_same_for_any_number_of_processes()
    {
        var one = Files(1, "gtp", ["gtp.clusters=3"], out _, target: false);
        Files(3, "gtp", ["gtp.clusters=3"], out _, target: false).ShouldBe(one);
    }

    [Fact]
    public void Without_room_for_rows_they_travel_again_and_the_files_stay_the_same()
    {
        string[] settings = ["gtp.noise-floor=off"];
        var one = Files(1, "gtp", settings, out _);
        Files(3, "gtp", settings, out var plenty).ShouldBe(one);
        Files(3, "gtp", settings, out _, memory: _memory!.Planned - 1).ShouldBe(one);
        Files(3, "gtp", settings, out var little, memory: _memory.Planned).ShouldBe(one, "not a byte left for other processes' rows");
        (_memory.KeptRows, _memory.BytesReread > 0).ShouldBe((false, true));
        little!.Rows.ShouldBeGreaterThan(plenty!.Rows);
    }

    [Fact]
    public void A_pass_costs_a_residual_out_and_two_numbers_per_candidate_back()
    {
        const int Processes = 4;
        var iterations = 12;
        Files(
            Processes, "gtp",
            [
                $"gtp.iterations={iterations}", "gtp.swap-rounds=0", "gtp.fill=none", "gtp.groups=one", "gtp.noise-floor=off",
                "gtp.tolerance=0", "gtp.residual=0",
            ],
            out var traffic);
        traffic.ShouldNotBeNull();
        traffic.Processes.ShouldBe(Processes);
        traffic.Passes.ShouldBeLessThanOrEqualTo(iterations);

        // Out to each other process: R (4 D bytes) and, within a small multiple of the 24 rows' numbers, what can't be chosen.
        var residual = 4L * Blocks * Dimension;
        traffic.PassesOut.ShouldBeGreaterThan((Processes - 1) * traffic.Passes * residual);
        traffic.PassesOut.ShouldBeLessThan((Processes - 1) * traffic.Passes * (residual + 5 * 4 * 24 + 512));

        // Back: 8 bytes for each candidate of each other process, at most 1.25 of the 2 wanted per pass in each of four rounds.
        traffic.PassesBack.ShouldBeLessThanOrEqualTo((Processes - 1) * traffic.Passes * 4 * (2 + 1) * 8L);
        traffic.RowsBack.ShouldBe(traffic.Rows * residual);
        traffic.GainsBack.ShouldBeLessThanOrEqualTo(traffic.Passes * 4L * Rows);
    }

    [Fact]
    public void Each_row_belongs_to_one_process_and_shards_are_never_cut()
    {
        using var features = new MemoryFeatures("rows", 1, [new float[10_000]]);
        foreach (var count in new[] { 1, 2, 3, 9, 10, 11, 64 })
        {
            var ranges = Enumerable.Range(0, count).Select(rank => RowRange.Share(features, rank, count)).ToArray();
            ranges[0].First.ShouldBe(0);
            ranges[^1].End.ShouldBe(features.Rows);
            for (var i = 1; i < count; i++) ranges[i].First.ShouldBe(ranges[i - 1].End);
            ranges.ShouldAllBe(r => r.First % FeatureManifest.ShardRows == 0 || r.First == features.Rows);
            (ranges.Max(r => r.Count) - ranges.Min(r => r.Count)).ShouldBeLessThanOrEqualTo(2 * FeatureManifest.ShardRows);
        }
    }

    /// <summary>Every file of a selection but those that tell times, by name.</summary>
    private SortedDictionary<string, string> Files(
        int processes, string method, string[] settings, out Traffic? traffic, bool target = true, long? memory = null)
    {
        var options = new SelectJobOptions
        {
            Pool = new PoolOptions { Paths = [_directory.PathOf("pool.jsonl")], Threads = 2 },
            Features = _directory.PathOf("pool.npy"),
            TargetFeatures = target ? _directory.PathOf("target.npy") : null,
            Budget = Budget.Parse("24"),
            Method = method,
            Settings = settings,
            Out = _directory.PathOf("out.jsonl"),
            RunDirectory = _directory.PathOf("run"),
            Memory = memory,
        };
        var files = TeamSelect.Files(options, processes, out var summary);
        traffic = summary.Traffic;
        _memory = summary.Memory;
        return files;
    }

    private void Write(string name, MemoryFeatures features) =>
        NpyFile.Write(
            _directory.PathOf(name), [Blocks, features.Rows, Dimension],
            Gradients.Blocks(features, [.. Enumerable.Range(0, features.Rows)]).SelectMany(b => b).ToArray());
}
