using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Attacks;

/// <summary>
/// Real signals to the built program: it stops at a safe point, says what is kept and how to go on, and ends as shells expect.
/// </summary>
public sealed class StopSignalTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public StopSignalTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signals.");
        Assert.SkipWhen(
            IgnoresInterrupts(),
            "Started with SIGINT ignored, as a shell starts its background jobs; so would be what the tests start.");
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task Training_writes_its_checkpoint_and_the_same_command_ends_in_the_bytes_of_one_that_nobody_stopped(
        string signal, int code)
    {
        var data = _directory.Write("texts.jsonl", Texts(60));
        string[] command =
        [
            "pretrain", "--data", data, "--vocab", "280", "--width", "32", "--layers", "2", "--heads", "2", "--context", "64",
            "--batch-tokens", "1024", "--tokens", "200000", "--threads", "1",
        ];
        var curve = _directory.PathOf("stopped.run/loss.jsonl");
        var stopped = await Stop(signal, () => File.Exists(curve) && new FileInfo(curve).Length > 500, [.. command, "--out", "stopped"]);
        stopped.ExitCode.ShouldBe(code, stopped.Error);
        stopped.Error.ShouldContain($"Stopping  SIG{signal}");
        stopped.Error.ShouldContain("Kept in stopped.run: stage tokenizer, checkpoint step-");
        stopped.Error.ShouldContain("The same command continues");
        Directory.GetDirectories(_directory.PathOf("stopped.run/checkpoints")).ShouldHaveSingleItem();
        var steps = File.ReadLines(curve).Count();

        var whole = Cli.RunIn(_directory.FullPath, [.. command, "--out", "whole"]);
        whole.ExitCode.ShouldBe(0, whole.Error);
        var continued = Cli.RunIn(_directory.FullPath, [.. command, "--out", "stopped", "--json"]);
        continued.ExitCode.ShouldBe(0, continued.Error);
        var training = continued.Json.GetProperty("training");
        (training.GetProperty("steps").GetInt64() - training.GetProperty("steps_now").GetInt64()).ShouldBe(steps, "no step was lost");
        Files("stopped").ShouldBe(Files("whole"));
        File.ReadAllBytes(curve).ShouldBe(File.ReadAllBytes(_directory.PathOf("whole.run/loss.jsonl")));
    }

    [Fact]
    public async Task A_stop_while_held_out_data_is_measured_loses_no_step_and_no_figure()
    {
        var data = _directory.Write("texts.jsonl", Texts(60));
        var held = _directory.Write("held.jsonl", Texts(3000));
        string[] command =
        [
            "pretrain", "--data", data, "--heldout", held, "--vocab", "280", "--width", "32", "--layers", "2", "--heads", "2", "--context",
            "64", "--batch-tokens", "1024", "--tokens", "3072", "--evaluate-steps", "2", "--threads", "1",
        ];
        var curve = _directory.PathOf("stopped.run/loss.jsonl");
        // Behind the first step's line the second step takes milliseconds and its evaluation seconds.
        var stopped = await Stop(
            "INT", () => File.Exists(curve) && new FileInfo(curve).Length > 0, [.. command, "--out", "stopped"],
            TimeSpan.FromMilliseconds(500));
        stopped.ExitCode.ShouldBe(130, stopped.Error);
        stopped.Error.ShouldContain("checkpoint step-");
        Cli.RunIn(_directory.FullPath, [.. command, "--out", "stopped"]).ExitCode.ShouldBe(0);
        Cli.RunIn(_directory.FullPath, [.. command, "--out", "whole"]).ExitCode.ShouldBe(0);
        File.ReadAllText(curve).ShouldBe(File.ReadAllText(_directory.PathOf("whole.run/loss.jsonl")));
        Files("stopped").ShouldBe(Files("whole"));
    }

    [Fact]
    public async Task A_pursuit_keeps_its_passes()
    {
        const int Rows = 20_000, Dimension = 128;
        _directory.Write("pool.jsonl", Texts(Rows));
        var random = new SeededRandom(3, "test/stopped-select");
        foreach (var (name, rows) in new[] { ("pool.npy", Rows), ("target.npy", 16) })
            NpyFile.Write(
                _directory.PathOf(name), [rows, Dimension],
                [.. Enumerable.Range(0, rows * Dimension).Select(i => (float)(random.NextGaussian() + 0.3 * (i % 7)))]);
        string[] command =
        [
            "select", "--pool", "pool.jsonl", "--features", "pool.npy", "--target-features", "target.npy", "--method", "omp", "--budget",
            "150", "--out", "out.jsonl", "--no-report",
        ];
        var journal = _directory.PathOf($"out.run/stages/selection/{PursuitJournal.FileName}");
        var stopped = await Stop("TERM", () => File.Exists(journal) && new FileInfo(journal).Length > 8_000, command);
        stopped.ExitCode.ShouldBe(143, stopped.Error);
        stopped.Error.ShouldContain("stopped by SIGTERM");
        File.Exists(_directory.PathOf("out.jsonl")).ShouldBeFalse();
        var continued = Cli.RunIn(_directory.FullPath, command);
        continued.ExitCode.ShouldBe(0, continued.Error);
        continued.Error.ShouldContain("The pursuit continues after pass");
    }

    [Theory]
    [InlineData("zip")]
    [InlineData("dsir")]
    [InlineData("length")]
    public async Task Any_method_stops(string method)
    {
        _directory.Write("pool.jsonl", Texts(200_000));
        _directory.Write("target.jsonl", Texts(50));
        var stopped = await Stop(
            "INT", () => File.Exists(_directory.PathOf("out.run/options.yaml")),
            ["select", "--pool", "pool.jsonl", "--target", "target.jsonl", "--method", method, "--budget", "50%", "--out", "out.jsonl"]);
        stopped.ExitCode.ShouldBe(130, stopped.Error);
        stopped.Error.ShouldContain("stopped by SIGINT");
        Directory.EnumerateFiles(_directory.FullPath, "*.partial", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact(Timeout = 300_000)] // not to wait for ever where it fails
    public async Task A_second_signal_ends_at_once_what_the_first_cannot_stop()
    {
        // Nobody reads what it prints, so it waits in the middle of a line for ever, and may not be able to say that it stops.
        _directory.Write("texts.jsonl", Texts(5_000));
        using var process = Cli.Start(_directory.FullPath, ["inspect", "texts.jsonl", "--count", "5000"]);
        await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        await Task.Delay(3_000, TestContext.Current.CancellationToken); // until the pipe is full
        Send("INT", process);
        await Task.Delay(2_000, TestContext.Current.CancellationToken); // two signals at once would be one
        process.HasExited.ShouldBeFalse();
        Send("INT", process);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(130);
    }

    private static bool IgnoresInterrupts()
    {
        const string Ignored = "SigIgn:";
        const ulong Interrupt = 1UL << 1;
        if (!File.Exists("/proc/self/status")) return false;
        var mask = File.ReadLines("/proc/self/status").First(l => l.StartsWith(Ignored, StringComparison.Ordinal))[Ignored.Length..];
        return (ulong.Parse(mask.Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & Interrupt) != 0;
    }

    /// <summary>Starts a command, waits for it to be where it is to be stopped, and sends the signal.</summary>
    private async Task<Cli.Outcome> Stop(string signal, Func<bool> reached, string[] command, TimeSpan later = default)
    {
        var process = Cli.Start(_directory.FullPath, command);
        var clock = Stopwatch.StartNew();
        while (!reached() && !process.HasExited && clock.Elapsed < TimeSpan.FromMinutes(2))
            await Task.Delay(5, TestContext.Current.CancellationToken);
        await Task.Delay(later, TestContext.Current.CancellationToken);
        Send(signal, process);
        return Cli.Finish(process);
    }

    private static void Send(string signal, Process process)
    {
        using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static string Texts(int count) =>
        string.Concat(Enumerable.Range(0, count).Select(i => JsonSerializer.Serialize(new
        {
            text = $"the number {i} stands behind "
            + $"{i - 1} and before {i + 1}, as {i * i} does not"
        }) + "\n"));

    private string[] Files(string directory) =>
        [
            .. Directory.EnumerateFiles(_directory.PathOf(directory)).Order(StringComparer.Ordinal).Select(
                f => $"{Path.GetFileName(f)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))}"),
        ];
}
