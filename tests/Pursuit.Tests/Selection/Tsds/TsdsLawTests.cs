using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Tsds;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Tsds;

/// <summary>What the probabilities are, whatever the way to them.</summary>
public sealed class TsdsLawTests
{
    [Theory]
    [InlineData(0.5, 5, 0.75)]
    [InlineData(0.1, 5, 0.75)]
    [InlineData(0.9, 2, 1.2)]
    [InlineData(0.5, 5, 0)]
    [InlineData(0.02, 5, 0.3)]
    public void Probabilities_are_those_of_a_dense_computation(double alpha, double c, double sigma)
    {
        // 700 rows: at small alpha the lists outgrow their first 256 rows, and in the end hold the whole pool.
        var problem = Embeddings.Clustered(700, 4, "10");
        var pool = Embeddings.Doubles(problem.Embeddings.Pool!);
        var densities = ReferenceTransport.Densities(pool, sigma);
        var (expected, level) = ReferenceTransport.Solve(pool, Embeddings.Doubles(problem.Embeddings.Target!), densities, alpha, c);
        var options = Published.Tsds with { Alpha = alpha, C = c, Sigma = sigma };
        var gamma = TsdsGoldenTests.Gamma(problem, options);
        for (var j = 0; j < 4; j++)
        {
            gamma[j].Sum().ShouldBe(0.25, 1e-12);
            (gamma[j].Zip(expected[j], (a, b) => Math.Abs(a - b)).Sum() / 2).ShouldBeLessThan(1e-9);
        }

        var details = Details(problem, options);
        details.Level.ShouldBe(level, 1e-9 * level);
        details.Certified.ShouldBe(level <= densities.Sum(r => 1 / r) / 2);
        details.TargetsOutOfNeighbours.ShouldBe(0);
    }

    [Fact]
    public void With_no_density_every_target_shares_evenly_among_equally_many_rows()
    {
        var problem = Embeddings.Clustered(400, 6, "30");
        var uniform = Select(problem, TsdsSelector.Uniform(new TsdsUniformOptions { Scale = TsdsScale.None }));
        var zeroWidth = Select(problem, new TsdsSelector(Published.Tsds with { Sigma = 0 }));
        var byName = Select(problem, new TsdsSelector(Published.Tsds with { Density = TsdsDensity.Uniform }));
        zeroWidth.Rows.ShouldBe(uniform.Rows);
        byName.Rows.ShouldBe(uniform.Rows);
        var details = (TsdsDetails)uniform.Details!;
        details.Neighbours.ShouldAllBe(k => k == (int)details.Level);
        details.EffectiveNeighbours.ShouldBe(details.Level, 1e-9);
        foreach (var p in Probabilities(uniform)) (p * 6 * details.Level).ShouldBe(Math.Round(p * 6 * details.Level), 1e-4);
    }

    [Fact]
    public void Copies_of_a_row_share_about_one_rows_mass()
    {
        var problem = Embeddings.Clustered(300, 3, "10");
        var rows = Embeddings.Rows(problem.Embeddings.Pool!);
        var options = Published.Tsds with { Sigma = 0.5 };
        var alone = Probabilities(Select(problem, new TsdsSelector(options)));
        var most = Array.IndexOf(alone, alone.Max());
        const int Copies = 100;
        var copied = Embeddings.Problem(
            Embeddings.Of("pool", [.. rows, .. Enumerable.Repeat(rows[most], Copies)]), (MemoryFeatures)problem.Embeddings.Target!, "10");
        bool IsCopy(int i) => i == most || i >= rows.Length;
        Probabilities(
            Select(copied, new TsdsSelector(options))).Where((_, i) =>
                IsCopy(i)).Sum().ShouldBeInRange(0.9 * alone[most], 1.1 * alone[most]);
        Probabilities(
            Select(
                copied,
                new TsdsSelector(
                    options with { Density = TsdsDensity.Uniform }))).Where((_, i) => IsCopy(i)).Sum().ShouldBeGreaterThan(2 * alone[most]);
        Details(copied, options).NearDuplicateMass.ShouldBeGreaterThanOrEqualTo(0.9 * alone[most]);
    }

    [Fact]
    public void Mass_on_near_duplicates_is_that_of_rows_with_another_at_a_cosine_of_0_99()
    {
        var problem = Embeddings.Clustered(300, 3, "10");
        var rows = Embeddings.Doubles(problem.Embeddings.Pool!);
        bool HasNear(int i) =>
            Enumerable.Range(0, rows.Length).Any(k => k != i && rows[i].Zip(rows[k], (a, b) => (a - b) * (a - b)).Sum() <= 0.02);
        foreach (var sigma in new[] { 0, 0.05, 0.75 })
        {
            var selection = Select(problem, new TsdsSelector(Published.Tsds with { Sigma = sigma, Alpha = 0.05 }));
            var expected = Probabilities(selection).Where((_, i) => HasNear(i)).Sum();
            expected.ShouldBeGreaterThan(0);
            ((TsdsDetails)selection.Details!).NearDuplicateMass.ShouldBe(expected, 1e-6);
        }
    }

    [Fact]
    public void Neither_threads_nor_shards_nor_the_order_of_rows_change_a_bit()
    {
        var problem = Embeddings.Clustered(300, 5, "40");
        var order = Enumerable.Range(0, 300).ToArray();
        new SeededRandom(4, "test/order").Shuffle(order.AsSpan());
        foreach (var draw in Enum.GetValues<TsdsDraw>())
        {
            var options = Published.Tsds with { Draw = draw, Alpha = 0.3 };
            var expected = Select(problem, new TsdsSelector(options), 1);
            foreach (var (threads, shardRows) in new[] { (1, 1), (3, 7), (2, 100), (5, 1024) })
            {
                var permuted = Embeddings.Permuted(problem, order, shardRows);
                var found = Select(permuted, new TsdsSelector(options), threads);
                Probabilities(found).ShouldBe(order.Select(i => Probabilities(expected)[i]));
                found.Rows.Select(r => r with { Position = order[r.Position] }).ShouldBe(expected.Rows);
                ((TsdsDetails)found.Details!).Level.ShouldBe(((TsdsDetails)expected.Details!).Level);
            }
        }
    }

    [Fact]
    public void More_alignment_brings_the_mass_nearer_up_to_the_nearest_row_alone()
    {
        var problem = Embeddings.Clustered(400, 7, "5");
        var before = double.PositiveInfinity;
        foreach (var alpha in new[] { 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1 })
        {
            var selection = Select(problem, new TsdsSelector(Published.Tsds with { Alpha = alpha }));
            var details = (TsdsDetails)selection.Details!;
            Probabilities(selection).Sum().ShouldBe(1, 1e-6);
            details.AlignmentAfter.ShouldBeLessThanOrEqualTo(before);
            before = details.AlignmentAfter;
        }

        var pool = Embeddings.Doubles(problem.Embeddings.Pool!);
        var nearest = Embeddings.Doubles(problem.Embeddings.Target!).Average(
            q => pool.Min(x => Math.Sqrt(x.Zip(q, (a, b) => (a - b) * (a - b)).Sum())));
        before.ShouldBe(nearest, 1e-12);
    }

    [Fact]
    public void The_scale_of_the_embeddings_does_not_matter_if_c_and_sigma_follow_it()
    {
        var problem = Embeddings.Clustered(300, 3, "20");
        var expected = Probabilities(Select(problem, new TsdsSelector(Published.Tsds)));
        foreach (var exponent in new[] { -58, 3, 58 })
        {
            var factor = Math.ScaleB(1, exponent);
            var scaled = problem with
            {
                Embeddings = new EmbeddingInputs
                {
                    Pool = Gradients.Times(
                    (MemoryFeatures)problem.Embeddings.Pool!,
                    (float)factor),
                    Target = Gradients.Times((MemoryFeatures)problem.Embeddings.Target!, (float)factor)
                },
            };
            var longer = Published.Tsds with { C = 5 * factor, Sigma = 0.75 * factor };
            Probabilities(Select(scaled, new TsdsSelector(longer))).ShouldBe(expected);
            Probabilities(
                Select(
                    scaled,
                    new TsdsSelector(Published.Tsds with { Unit = true }))).Zip(expected).Sum(
                        x => Math.Abs(x.First - x.Second)).ShouldBeLessThan(1e-5);
        }
    }

    [Fact]
    public void Blocks_count_side_by_side_by_the_roots_of_their_weights()
    {
        var pool = Gradients.Gaussian(120, 8, 2, "tsds pool");
        var target = Gradients.Gaussian(5, 8, 2, "tsds target");
        double[] etabar = [0.75, 0.25];
        float[] SideBySide(float[][] blocks) =>
            [.. Enumerable.Range(0, blocks[0].Length / 8)
                .SelectMany(i => blocks.SelectMany((b, t) => b.AsSpan(i * 8, 8).ToArray().Select(x => x * (float)Math.Sqrt(etabar[t]))))];
        var blocks = Embeddings.Problem(new MemoryFeatures("pool", 8, pool, etabar), new MemoryFeatures("target", 8, target, etabar), "10");
        var flat = Embeddings.Problem(
            new MemoryFeatures("pool", 16, [SideBySide(pool)]), new MemoryFeatures("target", 16, [SideBySide(target)]), "10");
        Probabilities(Select(blocks, new TsdsSelector(Published.Tsds))).ShouldBe(
            Probabilities(Select(flat, new TsdsSelector(Published.Tsds))));
    }

    internal static SelectionResult Select(SelectionProblem problem, ISelector selector, int threads = 2) =>
        selector.SelectWith(problem, threads, TestContext.Current.CancellationToken);

    internal static double[] Probabilities(SelectionResult selection) =>
        Array.ConvertAll(selection.Arrays.Single(a => a.Name == TsdsSelector.ProbabilitiesName).Values, p => (double)p);

    private static TsdsDetails Details(SelectionProblem problem, TsdsOptions options) =>
        (TsdsDetails)Select(problem, new TsdsSelector(options)).Details!;
}
