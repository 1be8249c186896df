using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Mpi.Tests;

/// <summary>
/// A rank that is killed at a random moment ends the job, never leaves it hanging, and the same command then writes the bytes of a run that
/// nothing happened to.
/// </summary>
public sealed class MpiFaultTests : IDisposable
{
    private const int Rows = 3000; // three shards
    private const int Ranks = 3;
    private const int SecondsToEnd = 20; // about one, and more on a machine that does other work
    private static readonly string[] Words = ["red", "blue", "green", "black", "white", "small", "large", "round", "flat", "new"];
    private readonly TemporaryDirectory _directory = new();

    public MpiFaultTests()
    {
        Assert.SkipWhen(Launcher.Missing is not null, $"No runs over MPI here: {Launcher.Missing}");
        _directory.Write("pool.jsonl", string.Concat(Enumerable.Range(0, Rows).Select(Line)));
        _directory.Write(
            "target.jsonl",
            string.Concat(Enumerable.Range(0, 10).Select(i => Line(3 + 10 * i).Replace("q", "t", StringComparison.Ordinal))));
        _directory.Write("corpus.jsonl", string.Concat(
            Enumerable.Range(0, 100).Select(i => JsonSerializer.Serialize(new { text = $"what is {i}? it is {Words[i % 10]}" }) + "\n")));
        var made = Launcher.Alone(
        [
            "pretrain", "--data", _directory.PathOf("corpus.jsonl"), "--out", _directory.PathOf("model"), "--vocab", "300", "--width", "16",
            "--layers", "1", "--heads", "2", "--mlp", "32", "--context", "64", "--batch-tokens", "512", "--tokens", "2000",
        ]);
        made.ExitCode.ShouldBe(0, made.Error);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>From each of a job's parts on, a random rank at a random moment; the seed tells which.</summary>
    [Theory]
    [InlineData("run.json", 1)]
    [InlineData("stages/warm-up/stage.json", 2)]
    [InlineData("stages/pool-gradients/stage.json", 3)]
    [InlineData("stages/pool-gradients/store/shard-00001.safetensors", 4)]
    [InlineData("stages/target-gradients/stage.json", 5)]
    [InlineData("stages/selection/stage.json", 6)]
    [InlineData("stages/selection/stage.json", 7)]
    public async Task A_rank_killed_at_a_random_moment_ends_the_job_and_the_same_command_goes_on(string part, int seed)
    {
        var random = new SeededRandom((ulong)seed, "test/killed-rank");
        var whole = Launcher.Alone(Select("whole"));
        whole.ExitCode.ShouldBe(0, whole.Error);
        await KillOne(Ranks, Select("killed"), _directory.PathOf("killed.run/" + part), random);
        Partial("killed.run")
            .ShouldAllBe(f => f.EndsWith(".partial", StringComparison.Ordinal) || IsWhole(f), "what has its final name is whole");
        var resumed = Launcher.Run(Ranks, Select("killed"));
        resumed.ExitCode.ShouldBe(0, resumed.Error);
        foreach (var name in new[]
        {
            "NAME.jsonl", "NAME.selection.jsonl", "NAME.run/stages/pool-gradients/store", "NAME.run/stages/target-gradients/store",
            "NAME.run/stages/selection",
        })
            Hashes(name.Replace("NAME", "killed", StringComparison.Ordinal))
                .ShouldBe(Hashes(name.Replace("NAME", "whole", StringComparison.Ordinal)), name);
    }

    /// <summary>Features alone: in the warm-up, between it and the first shard, and between shards.</summary>
    [Theory]
    [InlineData("run.json", 11)]
    [InlineData("stages/warm-up/training/run.json", 12)]
    [InlineData("stages/pool-gradients/stage.json", 13)]
    [InlineData("stages/pool-gradients/store/shard-00000.safetensors", 14)]
    [InlineData("stages/pool-gradients/store/shard-00001.safetensors", 15)]
    public async Task A_rank_of_features_killed_at_a_random_moment_ends_the_job_and_the_same_command_goes_on(string part, int seed)
    {
        const int Pair = 2;
        var random = new SeededRandom((ulong)seed, "test/killed-features");
        var whole = Launcher.Alone(Features("whole"));
        whole.ExitCode.ShouldBe(0, whole.Error);
        await KillOne(Pair, Features("killed"), _directory.PathOf("killed.run/" + part), random);
        Partial("killed.run")
            .ShouldAllBe(f => f.EndsWith(".partial", StringComparison.Ordinal) || IsWhole(f), "what has its final name is whole");
        var finished = Shards("killed.run");
        // cut short it is refused
        foreach (var shard in finished.Keys)
            SafetensorsFile.Open(_directory.PathOf("killed.run/stages/pool-gradients/store/" + shard)).Dispose();
        var resumed = Launcher.Run(Pair, Features("killed"));
        resumed.ExitCode.ShouldBe(0, resumed.Error);
        Hashes("killed.run/stages/pool-gradients/store").ShouldBe(Hashes("whole.run/stages/pool-gradients/store"));
        foreach (var (shard, written) in finished)
            Shards("killed.run")[shard].ShouldBe(written, $"{shard} was finished and isn't made again");
    }

    private IEnumerable<string> Partial(string run) =>
        Directory.EnumerateFiles(_directory.PathOf(run), "*.json", SearchOption.AllDirectories);

    private static bool IsWhole(string path)
    {
        using var _ = JsonDocument.Parse(File.ReadAllBytes(path));
        return true;
    }

    /// <summary>
    /// Starts a job and kills one of its ranks, a random moment after a file is there; the job then ends within seconds and says what
    /// happened.
    /// </summary>
    private static async Task KillOne(int ranks, string[] command, string file, SeededRandom random)
    {
        using var job = Launcher.Start(ranks, command);
        var error = job.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        while (!File.Exists(file) && !job.HasExited) await Task.Delay(2, TestContext.Current.CancellationToken);
        await Task.Delay(random.NextInt(150), TestContext.Current.CancellationToken);
        var started = Launcher.RanksOf(job);
        if (started.Length == ranks) // else the job is already over, which the rest of the test takes as well
        {
            using var killed = Process.GetProcessById(started[random.NextInt(ranks)]);
            killed.Kill();
        }

        File.Exists(file).ShouldBeTrue("the job came as far as that");
        job.WaitForExit(SecondsToEnd * 1000).ShouldBeTrue("a job without one of its ranks ends by itself, within seconds");
        if (job.ExitCode != 0) (await error).ShouldContain("signal 9");
    }

    /// <summary>A run's shards under their final names, and when each was written.</summary>
    private Dictionary<string, DateTime> Shards(string run) =>
        Directory.Exists(_directory.PathOf(run + "/stages/pool-gradients/store"))
            ? Directory.EnumerateFiles(_directory.PathOf(run + "/stages/pool-gradients/store"), "shard-*.safetensors")
                .ToDictionary(f => Path.GetFileName(f), File.GetLastWriteTimeUtc)
            : [];

    private string[] Hashes(string name)
    {
        var path = _directory.PathOf(name);
        string[] files = Directory.Exists(path) ? [.. Directory.EnumerateFiles(path).Order(StringComparer.Ordinal)] : [path];
        return [.. files.Where(f => !f.EndsWith(".partial", StringComparison.Ordinal)).Select(
            f => $"{Path.GetFileName(f).Replace("killed", "whole", StringComparison.Ordinal)} "
                + $"{Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))}")];
    }

    private string[] Select(string name) =>
    [
        "select", "--pool", _directory.PathOf("pool.jsonl"), "--target", _directory.PathOf("target.jsonl"),
        "--model", _directory.PathOf("model"), "--method", "gtp", "--budget", "200", "--out", _directory.PathOf(name + ".jsonl"),
        "--threads", "1", "--no-report",
        "--set", "features.checkpoints=1", "features.dimension=64", "features.factor=8", "features.learning-rate=0.01",
        "features.warmup=0.03", "gtp.noise-floor=off", "gtp.tolerance=0",
    ];

    private string[] Features(string name) =>
    [
        "features", "--pool", _directory.PathOf("pool.jsonl"), "--model", _directory.PathOf("model"),
        "--run", _directory.PathOf(name + ".run"), "--threads", "1",
        "--set", "features.checkpoints=1", "features.dimension=64", "features.factor=8", "features.learning-rate=0.01",
        "features.warmup=0.03",
    ];

    private static string Line(int i) => JsonSerializer.Serialize(
        new { id = $"q{i}", prompt = $"q{i}: what is {i}?", completion = $"it is {Words[i % 10]} and {Words[i / 10 % 10]}" }) + "\n";
}
