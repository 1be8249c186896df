using Pursuit.Selection.Features;
using Pursuit.Selection.Tsds;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Tsds;

/// <summary>Draws, edges and what bad input gets.</summary>
public sealed class TsdsInputTests
{
    [Theory]
    [InlineData(TsdsDraw.WithoutReplacement)]
    [InlineData(TsdsDraw.WithReplacement)]
    public void The_first_row_drawn_is_drawn_with_its_probability(TsdsDraw draw)
    {
        var problem = Embeddings.Clustered(12, 2, "1", dimension: 3);
        var probabilities = TsdsLawTests.Probabilities(TsdsLawTests.Select(problem, new TsdsSelector(Published.Tsds)));
        var counts = new double[12];
        const int Seeds = 3000;
        var selector = new TsdsSelector(Published.Tsds with { Draw = draw });
        for (ulong seed = 0; seed < Seeds; seed++)
            counts[TsdsLawTests.Select(problem with { Seed = seed }, selector, 1).Rows.Single().Position]++;
        var support = Enumerable.Range(0, 12).Where(i => probabilities[i] > 0).ToArray();
        support.Length.ShouldBeGreaterThan(5);
        counts.Where((_, i) => probabilities[i] == 0).ShouldAllBe(n => n == 0);
        // Chi-squared with at most 11 degrees of freedom: 99.99% quantile 37.4.
        support.Sum(i => Math.Pow(counts[i] - Seeds * probabilities[i], 2) / (Seeds * probabilities[i])).ShouldBeLessThan(37.4);
    }

    [Fact]
    public void A_row_drawn_often_weighs_as_often_and_draws_fill_the_budget()
    {
        var problem = Embeddings.Clustered(200, 3, "150");
        var options = Published.Tsds with { Draw = TsdsDraw.WithReplacement, Alpha = 0.8 };
        var rows = TsdsLawTests.Select(problem, new TsdsSelector(options)).Rows;
        rows.Count.ShouldBeLessThan(150);
        foreach (var times in rows.Select(r => r.Weight * 150 / rows.Count)) times.ShouldBe(Math.Round(times), 1e-9);
        rows.Sum(r => r.Weight).ShouldBe(rows.Count, 1e-9);
        rows.Max(r => r.Weight).ShouldBeGreaterThan(rows.Min(r => r.Weight));
    }

    [Fact]
    public void Draws_of_a_token_budget_stay_within_it()
    {
        var problem = Embeddings.Clustered(200, 3, "600-tokens");
        foreach (var draw in Enum.GetValues<TsdsDraw>())
        {
            var selection = TsdsLawTests.Select(problem, new TsdsSelector(Published.Tsds with { Draw = draw }));
            selection.Rows.Sum(r => problem.TokenCounts!.Tokens[r.Position]).ShouldBeLessThanOrEqualTo(600);
        }
    }

    [Fact]
    public void Top_takes_the_rows_of_largest_probability()
    {
        var problem = Embeddings.Clustered(200, 3, "20");
        var selection = TsdsLawTests.Select(problem, new TsdsSelector(Published.Tsds with { Draw = TsdsDraw.Top }));
        var probabilities = TsdsLawTests.Probabilities(selection);
        selection.Rows.Select(r => probabilities[r.Position]).ShouldBe(probabilities.OrderDescending().Take(20));
    }

    [Fact]
    public void Another_seed_draws_other_rows_and_the_same_seed_the_same()
    {
        var selector = new TsdsSelector(Published.Tsds);
        var problem = Embeddings.Clustered(400, 5, "40");
        var rows = TsdsLawTests.Select(problem, selector).Rows;
        TsdsLawTests.Select(problem, selector).Rows.ShouldBe(rows);
        TsdsLawTests.Select(problem with { Seed = 1 }, selector).Rows.ShouldNotBe(rows);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(19)]
    public void Small_pools_and_a_single_target_work(int rows)
    {
        var problem = Embeddings.Clustered(rows, 1, "1");
        TsdsLawTests.Probabilities(TsdsLawTests.Select(problem, new TsdsSelector(Published.Tsds))).Sum().ShouldBe(1, 1e-6);
        Should.Throw<PursuitException>(
            () => TsdsLawTests.Select(problem, new TsdsSelector(Published.Tsds with { Compat = TsdsCompatibility.Authors })))
            .Message.ShouldContain("at least 20");
    }

    [Fact]
    public void Rows_that_are_all_equal_get_equal_mass()
    {
        float[][] rows = [.. Enumerable.Repeat<float[]>([0.6f, 0.8f], 50)];
        foreach (var options in new[] { Published.Tsds, Published.Tsds with { Sigma = 0 }, Published.Tsds with { Alpha = 0.9999 } })
        {
            var problem = Embeddings.Problem(Embeddings.Of("pool", rows), Embeddings.Of("target", [[1f, 0f], [0.6f, 0.8f]]), "10");
            var selection = TsdsLawTests.Select(problem, new TsdsSelector(options));
            TsdsLawTests.Probabilities(selection).ShouldAllBe(p => Math.Abs(p - 0.02) < 1e-6);
            selection.Remarks.ShouldContain(r => r.Contains("all 50 examples looked at are equal"));
        }

        TsdsLawTests.Select(
            Embeddings.Clustered(50, 2, "10"), new TsdsSelector(Published.Tsds)).Remarks.ShouldNotContain(r => r.Contains("are equal"));
    }

    [Fact]
    public void A_list_that_may_not_grow_says_that_it_ran_out()
    {
        var problem = Embeddings.Clustered(400, 5, "20");
        var selection = TsdsLawTests.Select(problem, new TsdsSelector(Published.Tsds with { MaxK = 3 }));
        var details = (TsdsDetails)selection.Details!;
        details.TargetsOutOfNeighbours.ShouldBeGreaterThan(0);
        details.Certified.ShouldBeFalse();
        TsdsLawTests.Probabilities(selection).Sum().ShouldBe(1, 1e-6);
        selection.Remarks.ShouldContain(r => r.Contains("ran out of their 3 neighbours"));
    }

    [Fact]
    public void A_budget_above_the_rows_with_mass_is_left_unspent_and_said()
    {
        var selection = TsdsLawTests.Select(Embeddings.Clustered(400, 1, "300"), new TsdsSelector(Published.Tsds with { Alpha = 0.99 }));
        var details = (TsdsDetails)selection.Details!;
        selection.Rows.Count.ShouldBe(details.Support);
        selection.Remarks.ShouldContain(r => r.Contains($"Only {details.Support} examples"));
    }

    [Theory]
    [InlineData(100, 5, true)]
    [InlineData(0.3, 0.1, false)]
    public void A_kernel_that_makes_copies_of_everything_is_told_of(double sigma, double c, bool told)
    {
        // With a kernel wider than the pool every row weighs one over the whole pool, and any level is beyond it.
        var selector = new TsdsSelector(Published.Tsds with { Sigma = sigma, C = c });
        var selection = TsdsLawTests.Select(Embeddings.Clustered(400, 5, "20"), selector);
        selection.Remarks.Any(
            r => r.Contains("so this is hardly a choice: examples within sigma", StringComparison.Ordinal)).ShouldBe(told);
    }

    [Fact]
    public void Bad_options_are_all_named_at_once()
    {
        var message = Should.Throw<PursuitException>(
            () => new TsdsSelector(Published.Tsds with { Alpha = 1.5, C = 0, Sigma = -1, MaxK = 0, KdeK = 0 })).Message;
        foreach (var part in new[] { "alpha 1.5", "c 0", "sigma -1", "max-k 0", "kde-k 0" }) message.ShouldContain(part);
        Should.Throw<PursuitException>(() => new TsdsSelector(Published.Tsds with { Alpha = 0 })).Message.ShouldContain("above 0");
        Should.Throw<PursuitException>(
            () => TsdsSelector.Uniform(new TsdsUniformOptions { C = double.NaN })).Message.ShouldContain("tsds-uniform: c NaN");
    }

    [Fact]
    public void Embeddings_of_another_width_or_missing_ones_are_refused()
    {
        var selector = new TsdsSelector(Published.Tsds);
        var problem = Embeddings.Clustered(30, 2, "5");
        Should.Throw<PursuitException>(
            () => TsdsLawTests.Select(
                problem with { Embeddings = problem.Embeddings with { Target = Embeddings.Of("other", [[1f, 2f]]) } },
                selector)).Message.ShouldContain("embeddings of 2 numbers; expected 24");
        Should.Throw<PursuitException>(
            () => TsdsLawTests.Select(
                problem with { Embeddings = problem.Embeddings with { Pool = null } },
                selector)).Message.ShouldContain("no embeddings of the pool");
        Should.Throw<PursuitException>(
            () => TsdsLawTests.Select(
                problem with { Embeddings = problem.Embeddings with { Target = null } },
                selector)).Message.ShouldContain("no embeddings of a target");
        Should.Throw<PursuitException>(
            () => TsdsLawTests.Select(
                problem with { Embeddings = problem.Embeddings with { Pool = Embeddings.Of("short", [[1f, 2f]]) } },
                selector)).Message.ShouldContain("1 rows; expected the pool's 30");
    }

    [Fact]
    public void A_cut_off_file_and_rows_of_NaN_are_refused_by_name()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.PathOf("pool.npy");
        var values = Gradients.Gaussian(20, 4, 1, "npy")[0];
        NpyFile.Write(path, [20, 4], values);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^7]);
        Should.Throw<PursuitException>(
            () => FeatureSource.Open(path, rows: null, TestContext.Current.CancellationToken)).Message.ShouldContain("incomplete");
        values[13] = float.NaN;
        values[42] = float.PositiveInfinity;
        NpyFile.Write(path, [20, 4], values);
        Should.Throw<PursuitException>(
            () => FeatureSource.Open(path, rows: null, TestContext.Current.CancellationToken)).Message.ShouldContain("rows 3, 10");
    }
}
