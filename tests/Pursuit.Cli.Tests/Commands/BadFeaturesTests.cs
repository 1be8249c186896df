using Pursuit.Data;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Cli.Tests.Commands;

/// <summary>Features, targets and budgets that can't be: each refused with exit code 2 and words to act on.</summary>
public sealed class BadFeaturesTests : IDisposable
{
    private const int Rows = 60;
    private const int Dimension = 16;
    private readonly TemporaryDirectory _directory = new();

    public BadFeaturesTests()
    {
        WriteRecords("pool.jsonl", Enumerable.Range(0, Rows));
        WriteRecords("target.jsonl", Enumerable.Range(1000, 3));
        Write("pool.npy", Gaussian(Rows));
        Write("target.npy", Gaussian(Rows)[..3]);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("", "no records at all")]
    [InlineData("{\"question\": 1}\n[2]\n", "none of 2 records can be read")]
    [InlineData("{\"messages\": \"hello\"}\n", "none of 1 records can be read")]
    [InlineData("not JSON\n", "none of 1 records can be read")]
    [InlineData("\ufeff\0\0", "bad.jsonl")]
    public void A_target_that_is_empty_or_in_no_known_shape_is_refused(string text, string expected)
    {
        _directory.Write("bad.jsonl", text);
        ShouldRefuse(Select("pool.npy", "target.npy", "--target", "bad.jsonl"), expected, "bad.jsonl");
    }

    [Fact]
    public void A_target_whose_features_are_not_given_is_not_passed_over_in_silence() =>
        ShouldRefuse(Select("pool.npy", null, "--target", "target.jsonl"), "--target-features: missing");

    [Fact]
    public void Target_features_of_another_number_of_rows_are_refused_with_both_numbers()
    {
        Write("four.npy", Gaussian(4));
        ShouldRefuse(Select("pool.npy", "four.npy", "--target", "target.jsonl"), "4 rows", "expected 3", "the target");
    }

    [Fact]
    public void Features_in_the_order_of_another_pool_are_refused_by_fingerprint()
    {
        WriteStore("store", Fingerprint("pool.jsonl"), Gaussian(Rows));
        Select("store", "target.npy").ExitCode.ShouldBe(0);
        WriteRecords("pool.jsonl", Enumerable.Range(0, Rows).Reverse());
        ShouldRefuse(Select("store", "target.npy"), "fingerprint", "their order");
        WriteRecords("pool.jsonl", Enumerable.Range(1, Rows));
        ShouldRefuse(Select("store", "target.npy"), "fingerprint");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Rows_that_are_not_finite_are_refused_and_named_wherever_they_stand(float bad)
    {
        var rows = Gaussian(Rows);
        rows[7][3] = rows[41][0] = bad;
        Write("bad.npy", rows);
        ShouldRefuse(Select("bad.npy", "target.npy"), "bad.npy", "rows 7, 41");
        Write("three.npy", rows[6..9]);
        ShouldRefuse(Select("pool.npy", "three.npy"), "three.npy", "row 1");
        WriteStore("store", Fingerprint("pool.jsonl"), rows); // its norms say so
        ShouldRefuse(Select("store", "target.npy"), "store", "rows 7, 41");
        WriteStore("sly", Fingerprint("pool.jsonl"), rows, norm: 1); // its norms don't
        ShouldRefuse(Select("sly", "target.npy"), "sly", "rows 7, 41");
    }

    [Theory]
    [InlineData("gtp")]
    [InlineData("tracin")]
    public void Gradients_that_are_all_zero_are_refused(string method)
    {
        Write("zero.npy", [.. Gaussian(Rows).Select(r => new float[r.Length])]);
        ShouldRefuse(Select("zero.npy", "target.npy", "--method", method), "zero.npy", "all 60 rows are zero");
        Write("zero3.npy", [.. Gaussian(3).Select(r => new float[r.Length])]);
        ShouldRefuse(Select("pool.npy", "zero3.npy", "--method", method), "zero3.npy", "all its 3 examples are zero");
    }

    [Fact]
    public void More_groups_than_examples_are_refused_with_both_numbers()
    {
        ShouldRefuse(Select("pool.npy", "target.npy", "--set", "gtp.clusters=4"), "gtp.clusters: 4", "the target's 3 examples");
        ShouldRefuse(Select("pool.npy", null, "--set", "gtp.clusters=61"), "gtp.clusters: 61", "the pool's 60 examples");
        Write("one.npy", Gaussian(1));
        ShouldRefuse(Select("pool.npy", "one.npy", "--set", "gtp.noise-floor=held-out"), "has 1 example", "at least 2");
    }

    [Theory]
    [InlineData("61", "the pool's 60")]
    [InlineData("101%", "at most 100%")]
    [InlineData("0", "not above zero")]
    public void A_budget_beyond_the_pool_is_refused(string budget, string expected) =>
        ShouldRefuse(Select("pool.npy", "target.npy", "--budget", budget), "--budget", expected);

    [Theory]
    [InlineData("thin.npy", "target.npy", "16 numbers", "of 8")]
    [InlineData("pool.npy", "two.npy", "2 checkpoints")]
    [InlineData("flat.npy", "target.npy", "(60, 0)")]
    [InlineData("vector.npy", "target.npy", "(16)")]
    [InlineData("pool.npy", "none.npy", "(0, 16)")]
    public void Features_of_no_or_another_dimension_are_refused(string pool, string target, params string[] expected)
    {
        Write("thin.npy", [.. Gaussian(Rows).Select(r => r[..8])]);
        NpyFile.Write(_directory.PathOf("two.npy"), [2, 3, Dimension], new float[2 * 3 * Dimension]);
        NpyFile.Write(_directory.PathOf("flat.npy"), [Rows, 0], []);
        NpyFile.Write(_directory.PathOf("vector.npy"), [Dimension], new float[Dimension]);
        NpyFile.Write(_directory.PathOf("none.npy"), [0, Dimension], []);
        ShouldRefuse(Select(pool, target), expected);
    }

    [Fact]
    public void A_store_that_is_cut_damaged_or_unfinished_is_refused_by_the_shards_name()
    {
        WriteStore("store", Fingerprint("pool.jsonl"), Gaussian(Rows));
        var shard = _directory.PathOf("store/shard-00000.safetensors");
        var whole = File.ReadAllBytes(shard);
        File.WriteAllBytes(shard, whole[..^9]);
        ShouldRefuse(Select("store", "target.npy"), "shard-00000.safetensors");
        File.WriteAllBytes(shard, [.. whole[..^9], (byte)(whole[^9] ^ 1), .. whole[^8..]]);
        ShouldRefuse(Select("store", "target.npy"), "shard-00000.safetensors", "damaged");
        File.Delete(_directory.PathOf("store/features.json"));
        ShouldRefuse(Select("store", "target.npy"), "features.json");
    }

    private void ShouldRefuse(Cli.Outcome run, params string[] expected)
    {
        run.ExitCode.ShouldBe(2, run.Error);
        foreach (var words in expected) run.Error.ShouldContain(words);
        run.Error.ShouldNotContain("   at "); // no stack trace
        File.Exists(_directory.PathOf("out.jsonl")).ShouldBeFalse();
    }

    private Cli.Outcome Select(string features, string? target, params string[] more)
    {
        File.Delete(_directory.PathOf("out.jsonl"));
        string[] budget = more.Contains("--budget") ? [] : ["--budget", "5"];
        string[] method = more.Contains("--method") ? [] : ["--method", "gtp"];
        string[] targetFeatures = target is null ? [] : ["--target-features", target];
        return Cli.RunIn(
            _directory.FullPath,
            [
                "select", "--pool", "pool.jsonl", "--features", features, .. targetFeatures, .. method, .. budget, "--out", "out.jsonl",
                .. more,
            ]);
    }

    private string Fingerprint(string pool)
    {
        using var read = Pool.Open(new PoolOptions { Paths = [_directory.PathOf(pool)] }, null, CancellationToken.None);
        return read.Fingerprint;
    }

    private void WriteRecords(string name, IEnumerable<int> which) =>
        _directory.Write(
            name,
            string.Concat(
                which.Select(
                    i => $$"""{"id":"r{{i}}","messages":[{"role":"user","content":"q{{i}}"},{"role":"assistant","content":"a{{i}}"}]}"""
                        + "\n")));

    private void Write(string name, float[][] rows) =>
        NpyFile.Write(_directory.PathOf(name), [rows.Length, rows[0].Length], rows.SelectMany(r => r).ToArray());

    private void WriteStore(string name, string pool, float[][] rows, float? norm = null)
    {
        var manifest = FeatureManifest.Create("gradient-trajectory", rows.Length, [new FeatureBlock("checkpoint-0", Dimension)])
            with
        { Fingerprints = new Dictionary<string, string> { ["pool"] = pool } };
        var writer = new FeatureStoreWriter(_directory.PathOf(name), manifest);
        writer.WriteShard(0, [rows.SelectMany(r => r).ToArray()], rows.Select(r => norm ?? MathF.Sqrt(r.Sum(x => x * x))).ToArray());
        writer.Complete();
    }

    private static float[][] Gaussian(int rows)
    {
        var random = new SeededRandom(4, "test/bad-features");
        return
        [
            .. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, Dimension).Select(_ => (float)random.NextGaussian()).ToArray()),
        ];
    }
}
