using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Gtp;

/// <summary>When a pursuit ends: each rule at the first iterate that meets it, and not before.</summary>
public sealed class GtpStopTests
{
    private static readonly GtpOptions Endless =
        new() { Batch = 0, NoiseFloor = GtpNoiseFloor.Off, Fill = GtpFill.None, Clusters = 3, Lambda = 0, Tolerance = 0, Residual = 0 };

    [Fact]
    public void It_stops_at_the_first_iterate_below_the_residual_asked()
    {
        var (selection, _) = Gradients.Planted(800, 256, 30, "30");
        var options = Endless with { Clusters = 0, Residual = 0.4 };
        var outcome = GtpLawTests.Pursue(selection, options, 30);
        outcome.Reason.ShouldBe(StopReason.ResidualReached);
        // The last one recorded fits the same rows to the end.
        outcome.Iterations.SkipLast(2).ShouldAllBe(i => i.Residual >= 0.4);
        outcome.Iterations[^1].Residual.ShouldBeLessThan(0.4);
        outcome.Positions.Length.ShouldBeLessThan(30);
    }

    [Fact]
    public void It_stops_at_the_first_iterate_that_falls_by_less_than_the_tolerance()
    {
        // Of one target, whose optimum uses few rows: growth ends and only weights change.
        const double Tolerance = 0.2;
        var options =
            Endless with { Batch = 32, Lambda = 1e-3, Clusters = 0, Groups = TargetGrouping.One, Normalize = RowNormalization.Row };
        var outcome = GtpLawTests.Pursue(GtpBudgetTests.Pool(0), options with { Tolerance = Tolerance }, 40);
        outcome.Reason.ShouldBe(StopReason.NoProgress);
        (
            outcome.Iterations[^2].Objective - outcome.Iterations[^1].Objective).ShouldBeLessThan(
                Tolerance * outcome.Iterations[^2].Objective);
        GtpLawTests.Pursue(GtpBudgetTests.Pool(0), options, 40).Objective.ShouldBeLessThan(outcome.Objective);
    }

    [Fact]
    public void It_tests_what_it_minimises_and_not_the_residual_alone()
    {
        // With the noise of batches the residual may rise while the objective falls: a stop that looks at it ends too early.
        var selection = GtpBudgetTests.Pool(1, 200, 24);
        var options = Endless with { Batch = 32, Lambda = 1e-3, Clusters = 0, Groups = TargetGrouping.One };
        var stopped = GtpLawTests.Pursue(selection, options with { Tolerance = 1e-4 }, 200);
        var whole = GtpLawTests.Pursue(selection, options with { Iterations = 200 }, 200);
        whole.Reason.ShouldBe(StopReason.Optimal);
        stopped.Objective.ShouldBe(whole.Objective, 2e-3 * whole.Objective);
    }

    [Theory]
    [InlineData(GtpSchedule.Staged)]
    [InlineData(GtpSchedule.Paper)]
    public void It_stops_when_a_support_comes_back_unchanged(GtpSchedule schedule)
    {
        var options = Endless with { Schedule = schedule, SwapRounds = 500, Iterations = schedule == GtpSchedule.Paper ? 500 : 5 };
        var outcome = GtpLawTests.Pursue(Gradients.Realistic(300, 24, "12"), options, 12);
        outcome.Reason.ShouldBe(StopReason.SupportUnchanged);
        outcome.Iterations.Count.ShouldBeLessThan(400);
    }

    [Fact]
    public void It_says_so_when_the_iterations_ran_out_first()
    {
        var selection = Gradients.Realistic(400, 24, "100");
        var cut = (PursuitDetails)GtpLawTests.Select(selection, Endless with { SwapRounds = 1 }).Details!;
        cut.Reason.ShouldBe(StopReason.IterationLimit);
        cut.Converged.ShouldBeFalse();
        var full = (PursuitDetails)GtpLawTests.Select(selection, Endless).Details!;
        full.Reason.ShouldBe(StopReason.BudgetFull);
        full.Iterations.Count.ShouldBe(cut.Iterations.Count - 1);
    }

    [Fact]
    public void A_row_that_waited_for_a_near_one_is_chosen_later_where_it_is_needed()
    {
        // The target is the sum of rows 0 and 1, whose cosine is 0.97: the first batch takes one of them alone.
        float[] pool = [1, 0, 0, 1, 0.25f, 0, 0, 0, 1];
        var selection = Gradients.Problem(new MemoryFeatures("pool", 3, [pool]), new MemoryFeatures("target", 3, [[2, 0.25f, 0]]), "2");
        var outcome = GtpLawTests.Pursue(selection, Endless with { Clusters = 0, Normalize = RowNormalization.None, Iterations = 1 }, 2);
        outcome.Iterations[0].Rows.ShouldBe(1);
        outcome.Positions.Order().ShouldBe([0, 1]);
        Math.Sqrt(outcome.Objective).ShouldBeLessThan(1e-3);
    }

    [Fact]
    public void A_target_that_is_all_noise_is_served_by_its_mean_and_says_so()
    {
        // Three examples with less in common than chance would give them.
        var values = Gradients.Gaussian(60, 32, 1, "noise pool")[0];
        float[] target = [.. Enumerable.Range(0, 96).Select(k => k / 32 == k % 32 ? 10f : k % 32 < 3 ? -2 : 0)];
        var selection = Gradients.Problem(new MemoryFeatures("pool", 32, [values]), new MemoryFeatures("target", 32, [target]), "20");
        foreach (var fill in new[] { GtpFill.Herd, GtpFill.Peel })
        {
            var chosen = GtpLawTests.Select(selection, new GtpOptions { Fill = fill, Groups = TargetGrouping.One });
            chosen.Rows.Count.ShouldBe(20);
            chosen.Rows.ShouldAllBe(r => r.Weight == 1 && r.Score == 0);
            chosen.Remarks.ShouldContain(r => r.Contains("sampling noise", StringComparison.Ordinal));
            var details = (PursuitDetails)chosen.Details!;
            (details.Wanted, details.Reason).ShouldBe((0, StopReason.NoiseFloor));
            details.UniformResidual.ShouldBeLessThan(0.8);
        }

        var unfilled = new GtpOptions { Fill = GtpFill.None, Groups = TargetGrouping.One };
        var message = Should.Throw<PursuitException>(() => GtpLawTests.Select(selection, unfilled)).Message;
        message.ShouldContain("sampling noise");
        message.ShouldContain("gtp.noise-floor=off");
        GtpLawTests.Select(selection, unfilled with { NoiseFloor = GtpNoiseFloor.Off, Fill = GtpFill.Herd }).Remarks.ShouldBeEmpty();
    }
}
