using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Jobs;

/// <summary>
/// A selection that was stopped between two iterations continues with the next, by any number of processes, to the same files.
/// </summary>
public sealed class ContinuedSelectTests : IDisposable
{
    private const int Rows = 2200; // three shards
    private const int Dimension = 24;
    private const int Blocks = 2;
    private readonly TemporaryDirectory _directory = new();

    public ContinuedSelectTests()
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
    [InlineData("gtp", "gtp.schedule=paper", "gtp.noise-floor=off", "gtp.tolerance=0", "gtp.fill=peel")]
    [InlineData("omp")]
    public void Stopped_after_every_kth_iteration_it_ends_in_the_same_files(string method, params string[] settings)
    {
        var options = Options(method, settings);
        var iterations = 0;
        Run(options, 1, new Reports(_ => iterations++), out var first, out _).ShouldBeNull();
        var whole = Files(options);
        iterations.ShouldBeGreaterThan(4);
        first.ContinuedPasses.ShouldBeNull();
        for (var k = 1; k < iterations; k += 3)
        {
            using var stop = new CancellationTokenSource();
            var seen = 0;
            Run(options, 1, new Reports(_ => { if (++seen == k) stop.Cancel(); }), out _, out _, stop).ShouldNotBeNull();
            File.Exists(Journal(options)).ShouldBeTrue();

            Run(options, 1 + k % 3, null, out var summary, out var notes).ShouldBeNull();
            summary.ContinuedPasses.ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(k, "a pass for each iteration");
            notes.ShouldContain(n => n.Contains($"continues after pass {summary.ContinuedPasses}"));
            Files(options).ShouldBe(whole, $"stopped after iteration {k}, continued by {1 + k % 3} processes");
        }
    }

    [Fact]
    public void The_journal_goes_when_the_selection_is_whole_and_with_what_it_was_made_for()
    {
        var options = Options("gtp", []);
        using (var stop = new CancellationTokenSource())
            Run(options, 1, new Reports(_ => stop.Cancel()), out _, out _, stop).ShouldNotBeNull();
        File.Exists(Journal(options)).ShouldBeTrue();
        Run(options with { Seed = 1 }, 1, null, out var other, out _).ShouldBeNull();
        other.ContinuedPasses.ShouldBeNull();
        File.Exists(Journal(options)).ShouldBeFalse();

        File.WriteAllText(Journal(options), "left by a run that was killed just when all was whole");
        Run(options with { Seed = 1 }, 1, null, out other, out _).ShouldBeNull();
        other.Reused.ShouldBeTrue();
        File.Exists(Journal(options)).ShouldBeFalse();
    }

    private static string Journal(SelectJobOptions options) =>
        Path.Combine(options.RunPath, "stages", "selection", PursuitJournal.FileName);

    private SelectJobOptions Options(string method, string[] settings) => new()
    {
        Pool = new PoolOptions { Paths = [_directory.PathOf("pool.jsonl")], Threads = 2 },
        Features = _directory.PathOf("pool.npy"),
        TargetFeatures = _directory.PathOf("target.npy"),
        Budget = Budget.Parse("24"),
        Method = method,
        Settings = settings,
        Out = _directory.PathOf("out.jsonl"),
        RunDirectory = _directory.PathOf("run"),
    };

    private static OperationCanceledException? Run(
        SelectJobOptions options, int processes, IProgress<WorkProgress>? progress, out SelectSummary summary, out List<string> notes,
        CancellationTokenSource? stop = null)
    {
        var told = notes = [];
        summary = null!;
        try
        {
            summary = ProcessThreads.Run(
                processes,
                group =>
                {
                    using var run = RunDirectory.Open(options.RunPath);
                    return new SelectJob(options, progress) { Group = group, OnNote = told.Add }
                        .Run(run, stop?.Token ?? CancellationToken.None);
                },
                group =>
                {
                    using var run = RunDirectory.Join(options.RunPath);
                    new SelectJob(options, null) { Group = group }.Assist(run, CancellationToken.None);
                });
            return null;
        }
        catch (OperationCanceledException e)
        {
            return e;
        }
    }

    /// <summary>Every file of a selection but those that tell times, by name; its run is then gone.</summary>
    private static SortedDictionary<string, string> Files(SelectJobOptions options)
    {
        string[] names =
        [
            options.Out, Path.ChangeExtension(options.Out, ".selection.jsonl"),
            .. Directory.EnumerateFiles(Path.Combine(options.RunPath, "stages", "selection")),
        ];
        var files = new SortedDictionary<string, string>(names.ToDictionary(
            n => Path.GetFileName(n), n => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(n)))));
        Directory.Delete(options.RunPath, recursive: true);
        return files;
    }

    private void Write(string name, MemoryFeatures features) =>
        NpyFile.Write(
            _directory.PathOf(name), [Blocks, features.Rows, Dimension],
            Gradients.Blocks(features, [.. Enumerable.Range(0, features.Rows)]).SelectMany(b => b).ToArray());

    /// <summary>Told of each iteration at once, where the pursuit stands.</summary>
    private sealed class Reports(Action<WorkProgress> onIteration) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            if (value.Work == "pursuit") onIteration(value);
        }
    }
}
