using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>A bound on the process's own memory: kept, told, and refused where it can't be.</summary>
public sealed class MemoryOptionTests : IDisposable
{
    private const int Rows = 3000;
    private const int Dimension = 64;
    private readonly TemporaryDirectory _directory = new();

    public MemoryOptionTests()
    {
        var problem = Gradients.Realistic(Rows, 24, "1", 1, Dimension);
        _directory.Write(
            "pool.jsonl", string.Concat(Enumerable.Range(0, Rows).Select(i => $$"""{"id":"r{{i}}","text":"text {{i}}"}""" + "\n")));
        NpyFile.Write(
            _directory.PathOf("pool.npy"), [Rows, Dimension],
            Gradients.Blocks((Selection.Features.MemoryFeatures)problem.Gradients.Pool!, [.. Enumerable.Range(0, Rows)])[0]);
        NpyFile.Write(
            _directory.PathOf("target.npy"), [24, Dimension],
            Gradients.Blocks((Selection.Features.MemoryFeatures)problem.Gradients.Target!, [.. Enumerable.Range(0, 24)])[0]);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_peak_stays_within_what_is_allowed_and_is_told_with_passes_and_bytes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems don't tell a process's own memory");
        const long Allowed = 256L << 20;
        var run = Select("gtp", "--memory", "256MiB");
        run.ExitCode.ShouldBe(0, run.Error);
        var memory = run.Json.GetProperty("memory");
        memory.GetProperty("allowed").GetInt64().ShouldBe(Allowed);
        memory.GetProperty("planned").GetInt64().ShouldBeLessThanOrEqualTo(Allowed);
        memory.GetProperty("peak").GetInt64().ShouldBeInRange(1 << 20, Allowed);
        var values = run.Json.GetProperty("details").GetProperty("values");
        var bytes = values.GetProperty("bytes_read").GetInt64();
        bytes.ShouldBeGreaterThanOrEqualTo(values.GetProperty("passes").GetInt64() * Rows * Dimension * sizeof(float));
        memory.GetProperty("bytes_spared").GetInt64().ShouldBeInRange(1, bytes - 2 * Rows * Dimension * sizeof(float));
        memory.GetProperty("rows_read_again").GetInt64().ShouldBeInRange(1, memory.GetProperty("rows_screened").GetInt64() / 2);
        run.Error.ShouldContain("screened passes: ");
        run.Error.ShouldContain("memory: ");
    }

    [Fact]
    public void Too_little_and_methods_that_plan_nothing_are_refused()
    {
        var little = Select("gtp", "--memory", "20MiB");
        little.ExitCode.ShouldBe(2);
        little.Error.ShouldContain("--memory: 20 MiB for gtp; expected at least");
        var other = Select("less", "--memory", "2GiB");
        other.ExitCode.ShouldBe(2);
        other.Error.ShouldContain("--memory: given with 'less'; expected gtp or omp");
    }

    [Fact]
    public void Too_little_is_refused_before_features_are_made()
    {
        var run = Cli.RunIn(
            _directory.FullPath, "select", "--pool", "pool.jsonl", "--method", "gtp", "--budget", "30", "--out", "out.jsonl", "--memory",
            "20MiB", "--no-report");
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain("--memory: 20 MiB for gtp; expected at least");
        Directory.Exists(Path.Combine(_directory.PathOf("out.run"), "stages", "warm-up")).ShouldBeFalse();
    }

    private Cli.Outcome Select(string method, params string[] more) => Cli.RunIn(
        _directory.FullPath,
        [
            "select", "--pool", "pool.jsonl", "--features", "pool.npy", "--target-features", "target.npy", "--method", method, "--budget",
            "30", "--out", "out.jsonl", "--no-report", "--json", "--threads", "2", .. more,
        ]);
}
