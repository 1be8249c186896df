using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Gtp;

/// <summary>The pursuit against its plain twin, and its stop rules.</summary>
public sealed class GtpSolverTests
{
    private static readonly GtpOptions Quiet = new() { Batch = 0, NoiseFloor = GtpNoiseFloor.Off, Fill = GtpFill.None, Clusters = 3 };

    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    public void The_staged_schedule_reaches_what_its_plain_twin_reaches(int iterations)
    {
        var selection = Gradients.Realistic(150, 24, "30");
        var options = Quiet with { Iterations = iterations, Tolerance = 0 };
        var problem = GtpLawTests.Open(selection, options);
        var outcome = GtpLawTests.Pursue(selection, options, 30);
        var twin = ReferencePursuit.Staged(
            GtpLawTests.Dense(problem, 150), GtpLawTests.Targets(problem), problem.Lambda, 30, options.Grown, options.Offered);
        outcome.Objective.ShouldBe(twin.Objective, Tolerances.LooselyFittedGrowth * twin.Objective);
        outcome.Positions.Intersect(twin.Support).Count().ShouldBeGreaterThan(24);
    }

    [Theory]
    [InlineData(16, 20, 0.1)]
    [InlineData(40, 20, 0.1)]
    [InlineData(24, 5, 0.5)]
    [InlineData(150, 20, 0)]
    public void The_shortlist_schedule_reaches_what_its_plain_twin_reaches(int shortlist, int iterations, double swapShare)
    {
        var selection = Gradients.Realistic(150, 24, "30");
        var options = Quiet with
        {
            Schedule = GtpSchedule.Shortlist,
            Shortlist = shortlist,
            Iterations = iterations,
            SwapShare = swapShare,
            Tolerance = 0,
        };
        var problem = GtpLawTests.Open(selection, options);
        var outcome = GtpLawTests.Pursue(selection, options, 30);
        var twin = ReferencePursuit.Shortlist(
            GtpLawTests.Dense(problem, 150), GtpLawTests.Targets(problem), problem.Lambda, 30, options);
        outcome.Objective.ShouldBe(twin.Objective, Tolerances.LooselyFittedGrowth * twin.Objective);
        outcome.Positions.Intersect(twin.Support).Count().ShouldBeGreaterThan(22);
        GtpLawTests.Select(selection, options).Details.ShouldBeOfType<PursuitDetails>().Passes.ShouldBe(twin.Passes);
    }

    [Fact]
    public void The_shortlist_schedule_fits_better_in_fewer_passes()
    {
        var selection = Gradients.Realistic(2000, 32, "40", blocks: 1, dimension: 256);
        PursuitDetails Details(GtpSchedule schedule) =>
            (PursuitDetails)GtpLawTests.Select(selection, Quiet with { Schedule = schedule }).Details!;
        var (staged, shortlist) = (Details(GtpSchedule.Staged), Details(GtpSchedule.Shortlist));
        shortlist.Objective.ShouldBeLessThan(staged.Objective);
        shortlist.Passes.ShouldBeLessThan(staged.Passes / 2);
    }

    [Fact]
    public void The_objective_it_reports_is_the_objective_of_its_weights()
    {
        var selection = Gradients.Realistic(150, 24, "30");
        var problem = GtpLawTests.Open(selection, Quiet);
        var outcome = GtpLawTests.Pursue(selection, Quiet, 30);
        var rows = GtpLawTests.Dense(problem, 150);
        var chosen = outcome.Positions.Select(p => rows[p]).ToArray();
        var objective = GtpLawTests.Targets(problem)
            .Select((b, j) => ReferenceNonNegative.Objective(chosen, b, problem.Lambda, outcome.Weights[j]))
            .Sum();
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

    [Theory]
    [InlineData(3)]
    [InlineData(50)]
    public void The_noise_floor_is_the_expected_squared_error_of_a_group_mean(int examples)
    {
        // Independent unit-variance examples around a known mean: E ||gbar - mean||^2 = D / n.
        const int Dimension = 4000;
        var values = Gradients.Gaussian(examples, Dimension, 1, "noise")[0];
        for (var k = 0; k < values.Length; k++) values[k] += 3;
        var pool = new MemoryFeatures("pool", Dimension, Gradients.Gaussian(10, Dimension, 1, "pool"));
        var selection = Gradients.Problem(pool, new MemoryFeatures("target", Dimension, [values]), "5");
        var target = GtpLawTests.Open(selection, new GtpOptions { Normalize = RowNormalization.None, Groups = TargetGrouping.One }).Target;
        var noise = target.Noise[0] * target.MeanNorms[0] * target.MeanNorms[0];
        noise.ShouldBe((double)Dimension / examples, 0.1 * Dimension / examples); // at least 4000 x 2 degrees of freedom: 1.6% deviation
    }

    [Fact]
    public void A_pool_is_no_sample_of_itself_so_its_mean_has_no_noise()
    {
        var selection = Gradients.WithoutTarget(Gradients.Realistic(200, 1, "150"));
        var options = Quiet with { Clusters = 3, NoiseFloor = GtpNoiseFloor.Analytic };
        GtpLawTests.Open(selection, options).Target.Noise.ShouldBe([0, 0, 0]);
        GtpLawTests.Pursue(selection, options, 150).Positions.ShouldBe(
            GtpLawTests.Pursue(selection, Quiet with { Clusters = 3 }, 150).Positions);
    }

    [Fact]
    public void A_group_within_its_noise_asks_for_no_row()
    {
        // Group "noise" lies in the first half of the space, its examples opposite in pairs but for a trace; group "signal" in the second.
        const int Half = 40, Each = 6;
        var pool = Gradients.Gaussian(200, 2 * Half, 1, "halves")[0];
        for (var i = 0; i < 200; i++) pool.AsSpan(i * 2 * Half + (i < 100 ? Half : 0), Half).Clear();
        var target = Gradients.Gaussian(2 * Each, 2 * Half, 1, "half targets")[0];
        for (var v = 0; v < 2 * Each; v++)
        {
            target.AsSpan(v * 2 * Half + (v < Each ? Half : 0), Half).Clear();
            for (var k = 0; k < Half; k++)
            {
                if (v >= Each) target[v * 2 * Half + Half + k] += 4;
                else target[v * 2 * Half + k] = v % 2 == 0 ? target[v * 2 * Half + k] : 0.1f - target[(v - 1) * 2 * Half + k];
            }
        }

        var selection = Gradients.Problem(
            new MemoryFeatures("pool", 2 * Half, [pool]), new MemoryFeatures("target", 2 * Half, [target]), "20")
            with
        { TargetGroups = [.. Enumerable.Range(0, 2 * Each).Select(v => v / Each)], TargetGroupNames = ["noise", "signal"] };
        GtpLawTests.Pursue(
            selection, Quiet with { Clusters = 0, NoiseFloor = GtpNoiseFloor.Analytic }, 20).Positions.ShouldAllBe(p => p >= 100);
        GtpLawTests.Pursue(selection, Quiet with { Clusters = 0 }, 20).Positions.ShouldContain(p => p < 100);
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

    [Fact]
    public void The_halves_of_a_target_share_no_example_and_make_up_the_whole()
    {
        // Examples 1, 2, 4, ... of one unscaled coordinate: a half's sum tells its members.
        const int Examples = 12;
        float[] target = [.. Enumerable.Range(0, Examples).SelectMany(v => new[] { (float)(1 << v), 0 })];
        var selection = Gradients.Problem(
            new MemoryFeatures("pool", 2, [[1, 0, 0, 1]]),
            new MemoryFeatures("target", 2, [target]),
            "1") with
        { TargetGroups = [.. Enumerable.Range(0, Examples).Select(v => v / 8)], TargetGroupNames = ["a", "b"] };
        var options = new GtpOptions { Normalize = RowNormalization.None };
        var rows = GradientRows.OfPool(selection.Gradients.Pool!, options.Rows).OfTarget(selection.Gradients.Target!);
        var (first, second) = TargetHalves.Draw(selection, GtpSelector.Name, rows, options, new SelectionContext { Threads = 1 });
        foreach (var (group, size, all) in new[] { (0, 4, 0xFF), (1, 2, 0xF00) })
        {
            var (a, b) = ((int)Math.Round(first.MeanNorms[group] * size), (int)Math.Round(second.MeanNorms[group] * size));
            (a & b).ShouldBe(0);
            (a | b).ShouldBe(all);
        }
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
        outcome.Positions.ShouldBe(omp.Support, ignoreOrder: true);
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
    public void Unscaled_rows_are_identified_by_their_direction_and_not_their_length()
    {
        var selection = Gradients.Realistic(200, 24, "30");
        var options = Quiet with { Normalize = RowNormalization.None };
        var problem = GtpLawTests.Open(selection, options);
        var longer = Gradients.Blocks((MemoryFeatures)selection.Gradients.Pool!, [.. Enumerable.Range(0, 200)]);
        foreach (var block in longer)
            for (var k = 0; k < block.Length; k++) block[k] *= 1 << (k / 48 % 7);
        var other = GtpLawTests.Open(
            selection with
            {
                Gradients = selection.Gradients with
                {
                    Pool = new MemoryFeatures(
                "longer", 48, longer, selection.Gradients.Pool!.Etabar)
                }
            },
            options);
        Order(other).ShouldBe(Order(problem));

        static int[] Order(PursuitProblem problem) =>
            Array.ConvertAll(
                problem.Identify(problem.Target.Scaled, problem.NewSupport(), CancellationToken.None).Best(200),
                c => c.Position);
    }

    [Fact]
    public void A_full_support_keeps_the_rows_whose_weight_times_length_is_largest()
    {
        // Lengths 1, 8, 1, 4 and weights 3, 1, 2, 0.5: worth 3, 8, 2, 2.
        float[] pool = [1, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4];
        var selection = Gradients.Problem(new MemoryFeatures("pool", 4, [pool]), new MemoryFeatures("target", 4, [[1, 1, 1, 1]]), "2");
        var support = GtpLawTests.Open(selection, Quiet with { Clusters = 0, Normalize = RowNormalization.None }).NewSupport();
        support.Add([0, 1, 2, 3]);
        support.SetWeights([[3, 1, 2, 0.5]]);
        support.KeepUsed(2);
        support.Positions.ToArray().ShouldBe([0, 1]);
        support.Add([3]);
        support.SetWeights([[1.9, 1, 0.5]]);
        support.KeepUsed(2);
        support.Positions.ToArray().ShouldBe([1, 3]);
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
