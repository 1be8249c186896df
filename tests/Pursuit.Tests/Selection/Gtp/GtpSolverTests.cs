using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Pursuits;
using Pursuit.Selection.Reference;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Gtp;

/// <summary>The pursuit against its plain twin, and its stop rules.</summary>
public sealed class GtpSolverTests
{
    private static readonly GtpOptions Quiet = new() { NoiseFloor = GtpNoiseFloor.Off, Fill = GtpFill.None, Clusters = 3 };

    [Theory]
    [InlineData(20, 5)]
    [InlineData(6, 3)]
    public void The_staged_schedule_reaches_what_its_plain_twin_reaches(int iterations, int swapRounds)
    {
        var selection = Gradients.Realistic(150, 24, "30");
        var options = Quiet with { Iterations = iterations, SwapRounds = swapRounds, Tolerance = 0 };
        var problem = GtpLawTests.Open(selection, options);
        var outcome = GtpLawTests.Pursue(selection, options, 30);
        var twin = ReferencePursuit.Staged(GtpLawTests.Dense(problem, 150), GtpLawTests.Targets(problem), problem.Lambda, 30, iterations, swapRounds, options.SwapShare);
        outcome.Objective.ShouldBe(twin.Objective, Tolerances.LooselyFittedGrowth * twin.Objective);
        outcome.Positions.Intersect(twin.Support).Count().ShouldBeGreaterThan(24);
    }

    [Fact]
    public void The_objective_it_reports_is_the_objective_of_its_weights()
    {
        var selection = Gradients.Realistic(150, 24, "30");
        var problem = GtpLawTests.Open(selection, Quiet);
        var outcome = GtpLawTests.Pursue(selection, Quiet, 30);
        var rows = GtpLawTests.Dense(problem, 150);
        var chosen = outcome.Positions.Select(p => rows[p]).ToArray();
        var objective = GtpLawTests.Targets(problem).Select((b, j) => ReferenceNonNegative.Objective(chosen, b, problem.Lambda, outcome.Weights[j])).Sum();
        outcome.Objective.ShouldBe(objective, Tolerances.FloatReordered);
        outcome.Objective.ShouldBe(outcome.Iterations.Min(i => i.Objective), Tolerances.FloatReordered);
    }

    [Fact]
    public void The_staged_schedule_ends_below_the_paper_schedule_where_the_budget_is_tight()
    {
        // Why staged is the default (shown at scale in benchmarks/results/pursuit.md): a large first bite is a bite at raw correlation.
        var selection = Gradients.Realistic(2000, 32, "40", blocks: 1, dimension: 256);
        var staged = GtpLawTests.Pursue(selection, Quiet, 40);
        var paper = GtpLawTests.Pursue(selection, Quiet with { Schedule = GtpSchedule.Paper }, 40);
        staged.Objective.ShouldBeLessThan(paper.Objective);
        foreach (var outcome in new[] { staged, paper }) outcome.Positions.Length.ShouldBeInRange(1, 40);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(19)]
    public void A_budget_below_the_number_of_steps_is_pursued_whole(int budget)
    {
        var selection = Gradients.Realistic(200, 24, "19");
        var outcome = GtpLawTests.Pursue(selection, Quiet with { SwapRounds = 0, Tolerance = 0 }, budget);
        outcome.Positions.Length.ShouldBe(budget);
    }

    [Fact]
    public void A_budget_beyond_use_is_left_alone()
    {
        // With one target the optimum of non-negative least squares uses few rows: what more is allowed makes no difference.
        var selection = Gradients.Realistic(400, 24, "300");
        var options = Quiet with { Groups = TargetGrouping.One };
        var most = GtpLawTests.Pursue(selection, options, 300);
        most.Reason.ShouldNotBe(StopReason.IterationLimit);
        most.Positions.Length.ShouldBeLessThan(100);
        GtpLawTests.Pursue(selection, options, 200).Objective.ShouldBe(most.Objective, Tolerances.LooselyFittedGrowth * most.Objective);
    }

    [Fact]
    public void A_pursuit_stops_at_the_noise_of_its_target()
    {
        var selection = Gradients.Realistic(400, 24, "200");
        var without = GtpLawTests.Pursue(selection, Quiet with { Groups = TargetGrouping.One }, 200);
        var with = GtpLawTests.Pursue(selection, Quiet with { Groups = TargetGrouping.One, NoiseFloor = GtpNoiseFloor.Analytic }, 200);
        with.Reason.ShouldBe(StopReason.NoiseFloor);
        with.Positions.Length.ShouldBeLessThan(without.Positions.Length);
        var problem = GtpLawTests.Open(selection, Quiet with { Groups = TargetGrouping.One });
        GradientRows.Dot(with.Residual, with.Residual).ShouldBeLessThanOrEqualTo(problem.Target.Noise[0]);
    }

    [Fact]
    public void The_noise_floor_is_the_expected_squared_error_of_a_group_mean()
    {
        // Independent unit-variance examples around a known mean: E ||gbar - mean||^2 = D / n.
        const int Dimension = 400, Examples = 50;
        var values = Gradients.Gaussian(Examples, Dimension, 1, "noise")[0];
        for (var k = 0; k < values.Length; k++) values[k] += 3;
        var pool = new MemoryFeatures("pool", Dimension, Gradients.Gaussian(10, Dimension, 1, "pool"));
        var selection = Gradients.Problem(pool, new MemoryFeatures("target", Dimension, [values]), "5");
        var target = GtpLawTests.Open(selection, new GtpOptions { Normalise = RowNormalisation.None, Groups = TargetGrouping.One }).Target;
        var noise = target.Noise[0] * target.MeanNorms[0] * target.MeanNorms[0];
        noise.ShouldBe((double)Dimension / Examples, 0.05 * Dimension / Examples); // 400 x 49 degrees of freedom: 1% deviation
    }

    [Fact]
    public void A_held_out_half_ends_the_pursuit_where_it_stops_helping()
    {
        var selection = Gradients.Realistic(400, 24, "200");
        var options = Quiet with { Groups = TargetGrouping.One, Iterations = 200 }; // row by row
        var without = (PursuitDetails)GtpLawTests.Select(selection, options with { NoiseFloor = GtpNoiseFloor.Analytic }).Details!;
        var with = (PursuitDetails)GtpLawTests.Select(selection, options with { NoiseFloor = GtpNoiseFloor.HeldOut }).Details!;
        var best = with.HeldOutIterations.MinBy(i => i.HeldOutResidual!.Value).Rows;
        with.Wanted.ShouldBeInRange(1, best);
        with.Wanted.ShouldBeLessThan(without.Wanted);
        with.Passes.ShouldBeGreaterThan(with.Iterations.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(12)]
    public void A_small_budget_grows_row_by_row_as_omp_does(int budget)
    {
        var selection = Gradients.Realistic(300, 24, "12");
        var problem = GtpLawTests.Open(selection, Quiet);
        var outcome = GtpLawTests.Pursue(selection, Quiet with { SwapRounds = 0, Tolerance = 0 }, budget);
        var omp = ReferencePursuit.OneByOne(GtpLawTests.Dense(problem, 300), GtpLawTests.Targets(problem), problem.Lambda, budget);
        outcome.Positions.ShouldBe(omp.Support);
        outcome.Objective.ShouldBe(omp.Objective, Tolerances.FloatReordered);
    }

    [Fact]
    public void The_best_iterate_is_kept_and_not_the_last()
    {
        var selection = Gradients.Realistic(2000, 24, "40", blocks: 1, dimension: 256);
        var outcome = GtpLawTests.Pursue(selection, Quiet with { Schedule = GtpSchedule.Paper, Tolerance = 0 }, 40);
        outcome.Iterations[^1].Objective.ShouldBeGreaterThan(1.02 * outcome.Iterations.Min(i => i.Objective)); // or this shows nothing
        outcome.Objective.ShouldBe(outcome.Iterations.Min(i => i.Objective), Tolerances.FloatReordered);
        GradientRows.Dot(outcome.Residual, outcome.Residual).ShouldBeLessThan(outcome.Objective);
    }

    [Fact]
    public void Fits_agree_with_the_plain_non_negative_solver()
    {
        var selection = Gradients.Realistic(60, 24, "60");
        var problem = GtpLawTests.Open(selection, Quiet);
        var support = problem.NewSupport();
        support.Add([.. Enumerable.Range(0, 60)]);
        support.Solve(NonNegativeSettings.Final);
        var rows = GtpLawTests.Dense(problem, 60);
        var expected = GtpLawTests.Targets(problem).Select(b => ReferenceNonNegative.Solve(rows, b, problem.Lambda)).ToArray();
        for (var j = 0; j < expected.Length; j++)
            for (var i = 0; i < 60; i++) support.Weight(i, j).ShouldBe(expected[j][i], Tolerances.NonNegativeWeights * expected[j].Max());
    }

    [Fact]
    public void A_row_near_a_better_one_of_its_batch_waits()
    {
        // Rows 0 and 1 nearly equal, row 2 orthogonal to both; the target leans on the first two.
        float[] pool = [1, 0, 0, 1, 0.05f, 0, 0, 1, 0];
        var selection = Gradients.Problem(new MemoryFeatures("pool", 3, [pool]), new MemoryFeatures("target", 3, [[2, 1, 0]]), "2");
        var problem = GtpLawTests.Open(selection, Quiet with { Clusters = 0 });
        var support = problem.NewSupport();
        CandidateBatch.Add(problem, support, problem.Identify(problem.Target.Scaled, support, CancellationToken.None), 2);
        support.Positions.ToArray().ShouldBe([1, 2]);
    }
}
