using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Density;
using Pursuit.Selection.Passes;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Density;

/// <summary>Density sampling, its sketch held against the exact kernel density (tests/fixtures/density/make.py).</summary>
public sealed class DensityTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Mean_counts_are_the_exact_kernel_densities_within_their_sampling_error(int number)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("density", "golden.json")));
        var root = golden.RootElement;
        var dimension = root.GetProperty("dimension").GetInt32();
        float[][] pool = [.. root.GetProperty("pool").EnumerateArray().Select(e => e.GetSingle()).Chunk(dimension)];
        var wanted = root.GetProperty("cases")[number];
        var density = wanted.GetProperty("density").EnumerateArray().Select(e => e.GetDouble()).ToArray();
        // A count of up to 40 deviates by some 6: the mean of 20,000 by less than 0.05.
        var rows = EmbeddingRows.OpenHere(Embeddings.Of("pool", pool), unit: false);
        var sketch = new DensitySketch(rows, new DensityOptions { Hashes = 20_000 }, wanted.GetProperty("width").GetDouble(), 1);
        var counts = sketch.Count([.. pool.Select(_ => true)], SelectionContext.Default);
        for (var i = 0; i < pool.Length; i++) counts[i].ShouldBe(density[i], 0.2, $"row {i}");
        counts.Zip(density, (c, d) => c - d).Average().ShouldBe(0, 0.05);
    }

    [Fact]
    public void Few_buckets_only_add_what_their_number_makes_likely()
    {
        // 50 rows far apart: in 10 buckets each meets about 49 / 10 others by chance, and in 65,536 hardly any.
        float[][] pool = [.. Enumerable.Range(0, 50).Select(i => new[] { 1e4f * i, 3e4f * (i * 7 % 50) })];
        Mean(10).ShouldBe(1 + 4.9, 0.3);
        Mean(65_536).ShouldBe(1, 0.05);

        double Mean(int buckets) => new DensitySketch(
                EmbeddingRows.OpenHere(Embeddings.Of("pool", pool), unit: false),
                new DensityOptions { Hashes = 2000, Buckets = buckets },
                1,
                2)
            .Count([.. pool.Select(_ => true)], SelectionContext.Default).Average();
    }

    [Fact]
    public void Rows_are_drawn_by_one_over_their_density()
    {
        // Nine copies and one row far from them: 9 x 1/9 against 1, so that each side is drawn first as often as the other.
        float[][] pool = [.. Enumerable.Range(0, 10).Select(i => i == 0 ? new[] { -1f, 0 } : [1f, 0])];
        const int Seeds = 1500;
        var options = new DensityOptions { Hashes = 4, Bandwidth = 1e-3 };
        var far = 0;
        for (ulong seed = 0; seed < Seeds; seed++)
            if (Choose(Embeddings.Problem(Embeddings.Of("pool", pool), null, "1", seed), options).Rows[0].Position == 0) far++;
        far.ShouldBeInRange(Seeds / 2 - 78, Seeds / 2 + 78); // four deviations
    }

    [Fact]
    public void A_larger_budget_begins_with_the_smaller_ones_choice()
    {
        var options = new DensityOptions { Hashes = 100 };
        var large = Choose(Embeddings.Clustered(200, 1, "80"), options).Rows;
        Choose(Embeddings.Clustered(200, 1, "30"), options).Rows.ShouldBe(large.Take(30));
    }

    [Fact]
    public void Scaling_all_rows_changes_no_choice()
    {
        var problem = Embeddings.Clustered(120, 1, "40");
        float[][] rows = [.. Embeddings.Rows(problem.Embeddings.Pool!).Select(r => Array.ConvertAll(r, x => x * 1024))];
        var scaled = problem with { Embeddings = new EmbeddingInputs { Pool = Embeddings.Of("pool", rows) } };
        var options = new DensityOptions { Hashes = 50, Unit = false };
        var (one, other) = (Choose(problem, options), Choose(scaled, options));
        other.Rows.ShouldBe(one.Rows);
        ((DensityDetails)other.Details!).Width.ShouldBe(1024 * ((DensityDetails)one.Details!).Width, 1e-3);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        var message = Should.Throw<PursuitException>(
            () => new DensitySelector(new DensityOptions { Hashes = 0, Buckets = 1, Bandwidth = 0 })).Message;
        foreach (var name in new[] { "hashes", "buckets", "bandwidth" }) message.ShouldContain($"density.{name}: ");
    }

    private static SelectionResult Choose(SelectionProblem problem, DensityOptions options) =>
        new DensitySelector(options).SelectWith(problem, 2, TestContext.Current.CancellationToken);
}
