using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Tsds;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Tsds;

/// <summary>Options stated in a measure of the data, and a spread that follows the budget.</summary>
public sealed class TsdsScaleTests
{
    private static readonly TsdsOptions Measured = new();

    [Theory]
    [InlineData("5")]
    [InlineData("40")]
    [InlineData("150")]
    public void The_mass_is_worth_as_many_rows_as_the_budget_buys_and_hardly_more(string budget)
    {
        var problem = Embeddings.Clustered(400, 6, budget);
        var rows = double.Parse(budget, System.Globalization.CultureInfo.InvariantCulture);
        var details = Details(problem, Measured);
        details.EffectiveRows.ShouldBeGreaterThanOrEqualTo(rows);
        // A tenth less spread than was found, and the mass is worth too few.
        var spread = details.Spread!.Value / details.Scale!.Value;
        Details(problem, Measured with { Alpha = 0.5, C = spread }).EffectiveRows.ShouldBe(details.EffectiveRows, 1e-9);
        if (details.EffectiveRows > 6) // each target's nearest row alone is the least there is
            Details(problem, Measured with { Alpha = 0.5, C = 0.9 * spread }).EffectiveRows.ShouldBeLessThan(rows);
    }

    [Fact]
    public void A_budget_in_tokens_buys_as_many_rows_as_tokens_pay_for_on_average()
    {
        var problem = Embeddings.Clustered(400, 6, "25%");
        var tokens = problem with { Budget = Budget.Parse("25%-tokens") };
        Details(tokens, Measured).EffectiveRows.ShouldBe(Details(problem, Measured).EffectiveRows, 1e-9);
    }

    [Theory]
    [InlineData(1e-3)]
    [InlineData(7)]
    [InlineData(1e6)]
    public void The_embeddings_lengths_do_not_matter(double factor)
    {
        var problem = Embeddings.Clustered(300, 5, "20");
        var longer = problem with
        {
            Embeddings = new EmbeddingInputs
            {
                Pool = Gradients.Times((MemoryFeatures)problem.Embeddings.Pool!, (float)factor),
                Target = Gradients.Times((MemoryFeatures)problem.Embeddings.Target!, (float)factor),
            },
        };
        foreach (var options in new[] { Measured, Measured with { Alpha = 0.3, Sigma = 0.8 } })
        {
            var (expected, found) = (Choose(problem, options), Choose(longer, options));
            found.Rows.Select(r => r.Position).ShouldBe(expected.Rows.Select(r => r.Position));
            ((TsdsDetails)found.Details!).Scale!.Value.ShouldBe(factor * ((TsdsDetails)expected.Details!).Scale!.Value, 1e-4 * factor);
        }
    }

    [Fact]
    public void The_scale_is_the_median_distance_of_a_target_to_its_ten_nearest_rows()
    {
        var problem = Embeddings.Clustered(200, 5, "20");
        var pool = Embeddings.Doubles(problem.Embeddings.Pool!);
        var means = Embeddings.Doubles(problem.Embeddings.Target!)
            .Select(q => pool.Select(x => Math.Sqrt(x.Zip(q, (a, b) => (a - b) * (a - b)).Sum())).Order().Take(10).Average())
            .Order()
            .ToArray();
        Details(problem, Measured).Scale!.Value.ShouldBe(means[2], 1e-6);
        var details = Details(problem, Measured);
        details.Sigma.ShouldBe(0.5 * details.Scale!.Value, 1e-12);
        Details(problem, Published.Tsds).Scale.ShouldBeNull();
        Details(problem, new TsdsOptions { Compat = TsdsCompatibility.Authors }).Scale.ShouldBeNull();
    }

    [Fact]
    public void Targets_that_are_copies_of_ten_rows_measure_nothing_and_a_pool_smaller_than_its_budget_gives_all()
    {
        var one = Embeddings.Rows(Embeddings.Clustered(30, 1, "5").Embeddings.Pool!);
        float[][] copies = [.. Enumerable.Repeat(one[0], 12), .. one[12..]];
        var problem = Embeddings.Problem(Embeddings.Of("pool", copies), Embeddings.Of("target", [one[0], one[0]]), "20");
        Details(problem, Measured).Scale.ShouldBe(1);
        Choose(problem with { Budget = Budget.Parse("100%") }, Measured).Rows.Count.ShouldBeGreaterThan(12);
    }

    [Fact]
    public void A_mass_as_far_as_the_pool_is_told_with_sigma_as_it_was_given()
    {
        var problem = Embeddings.Clustered(400, 5, "390");
        var details = Details(problem, new TsdsOptions { Sigma = 40 });
        var remark = Choose(problem, new TsdsOptions { Sigma = 40 }).Remarks.Single(r => r.Contains("hardly a choice"));
        remark.ShouldContain(FormattableString.Invariant($"sigma 40 ({40 * details.Scale:G3} in the embeddings' units)"));
        remark.ShouldEndWith("lower sigma, or select fewer, or set alpha.");
    }

    [Fact]
    public void The_authors_have_no_scale() =>
        Should.Throw<PursuitException>(() => new TsdsSelector(
            new TsdsOptions { Scale = TsdsScale.Data, Compat = TsdsCompatibility.Authors }))
            .Message.ShouldContain("scale data");

    private static SelectionResult Choose(SelectionProblem problem, TsdsOptions options) =>
        TsdsLawTests.Select(problem, new TsdsSelector(options));

    private static TsdsDetails Details(SelectionProblem problem, TsdsOptions options) => (TsdsDetails)Choose(problem, options).Details!;
}
