using System.Diagnostics;
using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Mpi.Tests;

/// <summary>Real processes under mpirun: the same files for any number of ranks, and an end within seconds where one fails.</summary>
public sealed class MpiSelectTests : IDisposable
{
    private const int Rows = 2200; // three shards
    private const int Dimension = 24;
    private readonly TemporaryDirectory _directory = new();

    public MpiSelectTests()
    {
        Assert.SkipWhen(Launcher.Missing is not null, $"No runs over MPI here: {Launcher.Missing}");
        var problem = Gradients.Realistic(Rows, 24, "1", 2, Dimension);
        var lines = Enumerable.Range(0, Rows).Select(i => $$"""{"id":"r{{i}}","messages":[{"role":"user","content":"q {{i}}"},"""
            + $$"""{"role":"assistant","content":"a {{i * 7}}"}]}""" + "\n").ToArray();
        _directory.Write("pool.jsonl", string.Concat(lines));
        _directory.Write("target.jsonl", string.Concat(lines.Take(20)));
        Write("pool.npy", (MemoryFeatures)problem.Gradients.Pool!);
        Write("target.npy", (MemoryFeatures)problem.Gradients.Target!);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("gtp")]
    [InlineData("less")]
    public void One_two_and_four_ranks_write_the_files_of_one_process(string method)
    {
        var alone = Files(Launcher.Alone(Brought(method)));
        foreach (var ranks in method == "gtp" ? [1, 2, 4] : new[] { 2 })
            Files(Launcher.Run(ranks, Brought(method))).ShouldBe(alone, $"{ranks} ranks");
    }

    [Fact]
    public void Features_that_ranks_make_together_are_those_of_one_process()
    {
        var alone = Files(Launcher.Alone(Computed));
        var store = Store();
        Clear();
        Files(Launcher.Run(3, Computed)).ShouldBe(alone);
        Store().ShouldBe(store);
    }

    [Fact]
    public void The_bytes_that_were_exchanged_are_told()
    {
        var run = Launcher.Run(3, [.. Brought("gtp"), "--json"]);
        run.ExitCode.ShouldBe(0, run.Error);
        var traffic = JsonDocument.Parse(run.Output).RootElement.GetProperty("traffic");
        traffic.GetProperty("processes").GetInt32().ShouldBe(3);
        traffic.GetProperty("passes_out").GetInt64().ShouldBeGreaterThan(0);
        run.Error.ShouldContain("over 3 processes");
    }

    [Fact]
    public void A_pursuit_that_goes_all_the_way_exchanges_what_was_planned()
    {
        var options = new GtpOptions { Iterations = 8, SwapRounds = 2, SwapShare = 0.25 };
        var run = Launcher.Run(3,
        [
            .. Brought("gtp"), "--json", "--set", "gtp.iterations=8", "gtp.swap-rounds=2", "gtp.swap-share=0.25", "gtp.noise-floor=off",
            "gtp.tolerance=0", "gtp.residual=0", "gtp.batch=0", "gtp.fill=none",
        ]);
        run.ExitCode.ShouldBe(0, run.Error);
        using var json = JsonDocument.Parse(run.Output);
        var traffic = json.RootElement.GetProperty("traffic");
        var planned = PlannedTraffic.Of(
            options, Rows, 2 * Dimension, 24,
            json.RootElement.GetProperty("details").GetProperty("values").GetProperty("groups").GetArrayLength(), 3);
        long Of(string name) => traffic.GetProperty(name).GetInt64();
        Of("passes").ShouldBe(planned.Passes);
        // To the byte but for rows that fits dropped: they aren't named again, and others are offered in their place.
        ((double)Of("passes_out")).ShouldBe(planned.PassesOut, 0.02 * planned.PassesOut);
        Of("passes_back").ShouldBe(planned.PassesBack);
        // Of the best rows of all, these three shards hold more or less than their share.
        ((double)Of("rows_back")).ShouldBe(planned.RowsBack, 0.25 * planned.RowsBack);
        // Of the rows that are offered, those that were fetched before aren't named again.
        ((double)Of("other")).ShouldBeInRange(0.5 * planned.Other, planned.Other);
        // Shares are whole shards, here of 1,024, 1,024 and 152 rows; a plan takes them as equal.
        var planWithShares = planned.GainsBack * (Rows - FeatureManifest.ShardRows) * 3.0 / (2 * Rows);
        ((double)Of("gains_back")).ShouldBe(planWithShares, 0.01 * planWithShares);
        ((double)Of("total")).ShouldBe(planned.Total, 0.25 * planned.Total);
    }

    [Fact]
    public async Task A_killed_rank_ends_the_job_and_the_same_command_continues_to_the_same_bytes()
    {
        var alone = Files(Launcher.Alone(Computed));
        Clear();
        using (var job = Launcher.Start(2, Computed))
        {
            var error = job.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var shard = Path.Combine(RunPath, "stages", "pool-gradients", "store", "shard-00000.safetensors");
            var clock = Stopwatch.StartNew();
            while (!File.Exists(shard) && !job.HasExited && clock.Elapsed < TimeSpan.FromMinutes(2))
                await Task.Delay(20, TestContext.Current.CancellationToken);
            File.Exists(shard).ShouldBeTrue("the job came as far as a shard");
            Process.GetProcessById(Launcher.RanksOf(job).Max()).Kill();
            job.WaitForExit(60_000).ShouldBeTrue("the job ended");
            job.ExitCode.ShouldNotBe(0);
            (await error).ShouldContain("signal 9");
        }

        Files(Launcher.Run(2, Computed)).ShouldBe(alone);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Killed_in_its_pursuit_the_same_command_continues_with_any_number_of_ranks(bool killsRank0)
    {
        string[] command = Brought("omp", 200);
        var alone = Files(Launcher.Alone(command));
        var journal = Path.Combine(RunPath, "stages", "selection", PursuitJournal.FileName);
        using (var job = Launcher.Start(2, command))
        {
            var error = job.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var clock = Stopwatch.StartNew();
            while (!(File.Exists(journal) && new FileInfo(journal).Length > 10 * sizeof(float) * Rows) && !job.HasExited
                && clock.Elapsed < TimeSpan.FromMinutes(2))
                await Task.Delay(2, TestContext.Current.CancellationToken);
            var ranks = Launcher.RanksOf(job).ToArray();
            if (ranks.Length > 0) Process.GetProcessById(killsRank0 ? ranks.Min() : ranks.Max()).Kill();
            job.WaitForExit(60_000).ShouldBeTrue("the job ended");
            await error;
        }

        File.Exists(journal).ShouldBeTrue("the job was killed in its pursuit");
        var continued = Launcher.Run(3, command);
        continued.Error.ShouldContain("The pursuit continues after pass");
        Files(continued).ShouldBe(alone);
    }

    [Fact]
    public void What_one_rank_refuses_ends_all_with_its_word_and_its_exit_code()
    {
        File.Delete(_directory.PathOf("target.npy"));
        var run = Launcher.Run(3, Brought("gtp"));
        run.ExitCode.ShouldBe(2, run.Error);
        run.Error.Split("no file or directory").Length.ShouldBe(2, $"one word of all three: {run.Error}");
        Launcher.Run(2, "select", "--pool").Error.ShouldContain("--help");

        var other = Launcher.Run(2, "methods");
        other.ExitCode.ShouldBe(2, other.Error);
        other.Error.ShouldContain("start this one by itself");
    }

    [Fact]
    public void What_another_rank_alone_finds_wrong_it_says_and_ends_all()
    {
        var run = Launcher.Run(1, [.. Brought("gtp"), ":", "-n", "1", "dotnet", Launcher.CommandLine, .. Brought("gtp").Select(
            a => a.EndsWith("target.npy", StringComparison.Ordinal) ? a.Replace("target", "elsewhere", StringComparison.Ordinal) : a)]);
        run.ExitCode.ShouldBe(2, run.Error);
        run.Error.ShouldContain("rank 1: ");
        run.Error.ShouldContain("elsewhere.npy'");
        File.Exists(_directory.PathOf("out.jsonl")).ShouldBeFalse();
    }

    private string RunPath => _directory.PathOf("out.run");

    private string[] Brought(string method, int budget = 24) =>
    [
        "select", "--pool", _directory.PathOf("pool.jsonl"), "--features", _directory.PathOf("pool.npy"),
        "--target-features", _directory.PathOf("target.npy"),
        "--method", method, "--budget", $"{budget}", "--out", _directory.PathOf("out.jsonl"), "--threads", "1", "--no-report",
    ];

    private string[] Computed =>
    [
        "select", "--pool", _directory.PathOf("pool.jsonl"), "--target", _directory.PathOf("target.jsonl"), "--method", "gtp",
        "--budget", "24", "--out", _directory.PathOf("out.jsonl"),
        "--max-length", "32", "--set", "features.dimension=256", "--set", "features.factor=8", "--set", "features.checkpoints=1",
        "--set", "features.warmup=0.001", "--set", "features.learning-rate=1e-3", "--threads", "1", "--no-report",
    ];

    /// <summary>
    /// What a selection wrote, by name; its run is then gone, so that the next starts anew, unless its features were made in it.
    /// </summary>
    private SortedDictionary<string, string> Files(Launcher.Outcome run)
    {
        run.ExitCode.ShouldBe(0, run.Error);
        string[] names =
        [
            _directory.PathOf("out.jsonl"), _directory.PathOf("out.selection.jsonl"),
            .. Directory.EnumerateFiles(Path.Combine(RunPath, "stages", "selection")),
        ];
        var files = new SortedDictionary<string, string>(names.ToDictionary(n => Path.GetFileName(n), Hash));
        Directory.Delete(Path.Combine(RunPath, "stages", "selection"), recursive: true);
        return files;
    }

    private string[] Store() => [.. Directory.EnumerateFiles(Path.Combine(RunPath, "stages", "pool-gradients", "store"))
        .Order(StringComparer.Ordinal).Select(Hash)];

    private void Clear() => Directory.Delete(RunPath, recursive: true);

    private static string Hash(string path) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));

    private void Write(string name, MemoryFeatures features) =>
        NpyFile.Write(
            _directory.PathOf(name), [2, features.Rows, Dimension],
            Gradients.Blocks(features, [.. Enumerable.Range(0, features.Rows)]).SelectMany(b => b).ToArray());
}
