using System.Text.Json;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>Selecting with gradient features that were made elsewhere.</summary>
public sealed class FeaturesCommandTests : IDisposable
{
    private const int Rows = 60;
    private const int Dimension = 64;
    private readonly TemporaryDirectory _directory = new();
    private readonly string _pool;
    private readonly string _target;

    public FeaturesCommandTests()
    {
        var lines = Enumerable.Range(0, Rows).Select(
            i => $$"""{"id":"r{{i}}","messages":[{"role":"user","content":"q{{i}}"},{"role":"assistant","content":"a{{i}}"}]}""" + "\n");
        _pool = _directory.Write("pool.jsonl", string.Concat(lines));

        // The target is the sum of the first five rows: their joint choice leaves no residual.
        var pool = Gaussian(Rows, "pool");
        var target = new float[Dimension];
        for (var i = 0; i < 5; i++)
        {
            var norm = MathF.Sqrt(pool[i].Sum(x => x * x));
            for (var k = 0; k < Dimension; k++) target[k] += pool[i][k] / norm;
        }

        Write("pool.npy", pool);
        _target = Write("target.npy", [target]);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("gtp")]
    [InlineData("omp")]
    [InlineData("less")]
    [InlineData("less-round-robin")]
    [InlineData("tracin")]
    public void A_method_finds_the_rows_a_target_is_made_of(string method)
    {
        // An exact fit is asked for, whatever the noise of its training's batches.
        var run = Select(method, "pool.npy", "--json", "--set", "gtp.batch=0");
        run.ExitCode.ShouldBe(0, run.Error);
        Chosen().ShouldBe(["r0", "r1", "r2", "r3", "r4"], ignoreOrder: true);
        if (method is "gtp" or "omp")
            run.Json.GetProperty("details").GetProperty("values").GetProperty("residual").GetDouble().ShouldBeLessThan(0.05);
    }

    [Fact]
    public void What_stands_for_the_examples_is_part_of_a_methods_name()
    {
        var run = Select("rds", "pool.npy", "--json", "--on", "gradients");
        run.ExitCode.ShouldBe(0, run.Error);
        run.Json.GetProperty("method").GetString().ShouldBe("rds on gradients");
        Select("gtp", "pool.npy", "--json", "--on", "gradients").Json.GetProperty("method").GetString().ShouldBe("gtp");
        Select("gtp", "pool.npy", "--json", "--on", "embeddings").Json.GetProperty("method").GetString().ShouldBe("gtp on embeddings");
        var byFile = Cli.Run(
            [
                "select", "--pool", _pool, "--on", _directory.PathOf("pool.npy"), "--target-features", _target, "--method", "rds",
                "--budget", "5", "--out", _directory.PathOf("file.jsonl"), "--json",
            ]);
        byFile.ExitCode.ShouldBe(0, byFile.Error);
        byFile.Json.GetProperty("method").GetString().ShouldBe("rds on pool.npy");
    }

    [Theory]
    [InlineData("grand", "embeddings", "defined by gradients")]
    [InlineData("random", "gradients", "compares no vectors")]
    [InlineData("rds", "gradient", "Did you mean 'gradients'?")]
    [InlineData("rds", "pool.npy", "beside --features")]
    public void A_representation_that_a_method_cannot_use_is_refused_by_name(string method, string on, string why)
    {
        var run = Select(method, "pool.npy", "--on", on == "pool.npy" ? _directory.PathOf(on) : on);
        run.ExitCode.ShouldBe(2, run.Error);
        run.Error.ShouldContain("--on");
        run.Error.ShouldContain(why);
    }

    [Fact]
    public void A_run_is_reused_until_a_feature_changes()
    {
        Select("gtp", "pool.npy").ExitCode.ShouldBe(0);
        var details = Select("gtp", "pool.npy", "--threads", "1");
        details.Error.ShouldContain("unchanged since the last run");
        details.Error.ShouldContain("residual, weighted");
        var other = Gaussian(Rows, "other");
        Write("pool.npy", other);
        Select("gtp", "pool.npy").Error.ShouldNotContain("unchanged");
    }

    [Fact]
    public void Features_may_have_a_row_per_input_row()
    {
        // A copy of row 0 in front: 61 input rows, 60 examples; the copy's own features are never looked at.
        File.WriteAllText(_pool, File.ReadLines(_pool).First() + "\n" + File.ReadAllText(_pool));
        var pool = Gaussian(Rows, "pool");
        Write("input.npy", [pool[0], new float[Dimension], .. pool[1..]]);
        var run = Select("gtp", "input.npy");
        run.ExitCode.ShouldBe(0, run.Error);
        Chosen().ShouldBe(["r0", "r1", "r2", "r3", "r4"], ignoreOrder: true);
    }

    [Fact]
    public void What_cannot_be_the_pools_features_is_refused_with_the_numbers()
    {
        Write("short.npy", Gaussian(Rows - 1, "pool"));
        Select("gtp", "short.npy").ShouldSatisfyAllConditions(r => r.ExitCode.ShouldBe(2), r => r.Error.ShouldContain("59 rows"));
        var bad = Gaussian(Rows, "pool");
        bad[7][3] = float.NaN;
        Write("nan.npy", bad);
        Select("gtp", "nan.npy").ShouldSatisfyAllConditions(r => r.ExitCode.ShouldBe(2), r => r.Error.ShouldContain("7"));
        Write("zero.npy", [.. Enumerable.Range(0, Rows).Select(_ => new float[Dimension])]);
        Select("gtp", "zero.npy").ExitCode.ShouldBe(2);
        Select("gtp", "none.npy").ExitCode.ShouldBe(2);
        var without = Cli.Run("select", "--pool", _pool, "--method", "less", "--budget", "5", "--out", _directory.PathOf("out.jsonl"));
        without.ExitCode.ShouldBe(2);
        without.Error.ShouldContain("--target: missing");
        Cli.Run(
            "select", "--pool", _pool, "--target-features", _target, "--method", "gtp", "--budget", "5", "--out",
            _directory.PathOf("out.jsonl")).Error.ShouldContain(
            "without --features");
    }

    private Cli.Outcome Select(string method, string features, params string[] more) =>
        Cli.Run(
            [
                "select", "--pool", _pool, "--features", _directory.PathOf(features), "--target-features", _target, "--method", method,
                "--budget", "5", "--out", _directory.PathOf("out.jsonl"), .. more,
            ]);

    private IEnumerable<string> Chosen() =>
        File.ReadLines(_directory.PathOf("out.selection.jsonl")).Select(
            l => JsonDocument.Parse(l).RootElement.GetProperty("id").GetString()!);

    private string Write(string name, float[][] rows)
    {
        var path = _directory.PathOf(name);
        NpyFile.Write(path, [rows.Length, Dimension], rows.SelectMany(r => r).ToArray());
        return path;
    }

    private static float[][] Gaussian(int rows, string purpose)
    {
        var random = new SeededRandom(3, "test/features/" + purpose);
        return
        [
            .. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, Dimension).Select(_ => (float)random.NextGaussian()).ToArray()),
        ];
    }
}
