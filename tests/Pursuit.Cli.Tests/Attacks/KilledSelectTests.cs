using System.Diagnostics;
using Pursuit.Selection;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Attacks;

/// <summary>A process killed in the middle of its pursuit: the same command continues to the same bytes, and says so.</summary>
public sealed class KilledSelectTests : IDisposable
{
    private const int Rows = 20_000;
    private const int Dimension = 128;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Killed_with_signal_9_the_same_command_continues_to_the_same_bytes()
    {
        _directory.Write(
            "pool.jsonl", string.Concat(Enumerable.Range(0, Rows).Select(i => $$"""{"id":"r{{i}}","text":"text {{i}}"}""" + "\n")));
        Write("pool.npy", Rows);
        Write("target.npy", 16);
        string[] command =
        [
            "select", "--pool", _directory.PathOf("pool.jsonl"), "--features", _directory.PathOf("pool.npy"),
            "--target-features", _directory.PathOf("target.npy"),
            "--method", "omp", "--budget", "150", "--out", _directory.PathOf("out.jsonl"), "--no-report",
        ];
        var journal = Path.Combine(_directory.PathOf("out.run"), "stages", "selection", PursuitJournal.FileName);
        using (var process = Cli.Start(_directory.FullPath, command))
        {
            var clock = Stopwatch.StartNew();
            while (!(File.Exists(journal) && new FileInfo(journal).Length > 8_000)
                && !process.HasExited
                && clock.Elapsed < TimeSpan.FromMinutes(2))
                await Task.Delay(5, TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        File.Exists(journal).ShouldBeTrue("it was killed in the middle");
        var continued = Cli.Run(command);
        continued.ExitCode.ShouldBe(0, continued.Error);
        continued.Error.ShouldContain("The pursuit continues after pass");
        var files = Files();

        Directory.Delete(_directory.PathOf("out.run"), recursive: true);
        var alone = Cli.Run(command);
        alone.ExitCode.ShouldBe(0, alone.Error);
        alone.Error.ShouldNotContain("continues");
        files.ShouldBe(Files());
    }

    private SortedDictionary<string, string> Files()
    {
        string[] names =
        [
            _directory.PathOf("out.jsonl"), _directory.PathOf("out.selection.jsonl"),
            .. Directory.EnumerateFiles(Path.Combine(_directory.PathOf("out.run"), "stages", "selection")),
        ];
        return new SortedDictionary<string, string>(
            names.ToDictionary(
                n => Path.GetFileName(n), n => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(n)))));
    }

    private void Write(string name, int rows)
    {
        var random = new SeededRandom(3, "test/killed-select/" + name);
        var values = new float[rows * Dimension];
        for (var i = 0; i < values.Length; i++) values[i] = (float)(random.NextGaussian() + 0.3 * (i % 7));
        NpyFile.Write(_directory.PathOf(name), [rows, Dimension], values);
    }
}
