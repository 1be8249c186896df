using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Gtp;

/// <summary>
/// What a pursuit promises whatever the pool: of every normalization, with norms over four decades, with and without the noise of
/// batches.
/// </summary>
public sealed class GtpBudgetTests
{
    private const int Rows = 48, Dimension = 14, Targets = 24;

    /// <summary>Normalization, batch, seed of the pool.</summary>
    public static TheoryData<RowNormalization, int, int> Pools
    {
        get
        {
            var pools = new TheoryData<RowNormalization, int, int>();
            foreach (var normalization in Enum.GetValues<RowNormalization>())
                foreach (var batch in new[] { 0, 32 })
                    for (var seed = 0; seed < 3; seed++) pools.Add(normalization, batch, seed);
            return pools;
        }
    }

    [Theory]
    [MemberData(nameof(Pools))]
    public void A_larger_budget_never_fits_worse(RowNormalization normalization, int batch, int seed)
    {
        var selection = Pool(seed);
        GtpOptions[] all =
        [
            new() { Normalize = normalization, Batch = batch },
            new() { Normalize = normalization, Batch = batch, Groups = TargetGrouping.One, NoiseFloor = GtpNoiseFloor.Off },
            new() { Normalize = normalization, Batch = batch, NoiseFloor = GtpNoiseFloor.Off, Tolerance = 0, Iterations = 5 + 30 * seed },
            new() { Normalize = normalization, Batch = batch, Schedule = GtpSchedule.Shortlist, Shortlist = 8 + 8 * seed },
            new()
            {
                Normalize = normalization,
                Batch = batch,
                Schedule = GtpSchedule.Shortlist,
                Shortlist = 6,
                Groups = TargetGrouping.One,
                NoiseFloor = GtpNoiseFloor.Off,
                SwapShare = 0.5,
                Tolerance = 0,
            },
        ];
        foreach (var options in all)
        {
            var least = double.PositiveInfinity;
            for (var budget = 1; budget <= Rows; budget++)
            {
                var outcome = GtpLawTests.Pursue(selection, options, budget);
                outcome.Positions.Length.ShouldBeLessThanOrEqualTo(budget);
                outcome.Objective.ShouldBeLessThanOrEqualTo(least * (1 + Tolerances.Objective), $"budget {budget} of {options}");
                least = outcome.Objective;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pools))]
    public void Optimal_means_that_no_row_of_the_pool_would_lower_the_objective(RowNormalization normalization, int batch, int seed)
    {
        foreach (var schedule in new[] { GtpSchedule.Staged, GtpSchedule.Shortlist }) NoRowHelps(schedule, normalization, batch, seed);
    }

    private static void NoRowHelps(GtpSchedule schedule, RowNormalization normalization, int batch, int seed)
    {
        var selection = Pool(seed);
        var options = new GtpOptions
        {
            Schedule = schedule,
            Shortlist = 12,
            Normalize = normalization,
            Batch = batch,
            NoiseFloor = GtpNoiseFloor.Off,
            Tolerance = 0,
            Residual = 0,
            Iterations = 200,
        };
        var problem = GtpLawTests.Open(selection, options);
        var outcome = GtpLawTests.Pursue(selection, options, Rows);
        outcome.Reason.ShouldBe(StopReason.Optimal);
        outcome.Violation.ShouldBeLessThan(PursuitDetails.FitTolerance);
        var rows = GtpLawTests.Dense(problem, Rows);
        foreach (var (target, j) in GtpLawTests.Targets(problem).Select((t, j) => (t, j)))
        {
            var weights = new double[Rows];
            for (var k = 0; k < outcome.Positions.Length; k++) weights[outcome.Positions[k]] = outcome.Weights[j][k];
            var residual = ReferenceNonNegative.Residual(rows, target, weights);
            var norms = Array.ConvertAll(rows, r => Math.Sqrt(ReferenceRows.Dot(r, r)));
            var mass = weights.Zip(norms, (w, n) => w * n).Sum();
            for (var i = 0; i < Rows; i++)
            {
                var descent = (
                    ReferenceRows.Dot(rows[i], residual) - problem.Lambda * weights[i] - problem.BatchNoise * mass * norms[i]) / (
                        norms[i] * Math.Sqrt(problem.Energy));
                (weights[i] > 0 ? Math.Abs(descent) : descent).ShouldBeLessThan(PursuitDetails.FitTolerance, $"row {i} of group {j}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pools))]
    public void With_the_whole_pool_as_budget_the_objective_is_that_of_the_plain_solver(RowNormalization normalization, int batch, int seed)
    {
        var selection = Pool(seed);
        foreach (var (lambda, schedule) in new[]
        {
            (0, GtpSchedule.Staged), (1e-3, GtpSchedule.Staged), (0, GtpSchedule.Shortlist), (1e-3, GtpSchedule.Shortlist),
        })
        {
            var options = new GtpOptions
            {
                Schedule = schedule,
                Normalize = normalization,
                Batch = batch,
                Lambda = lambda,
                NoiseFloor = GtpNoiseFloor.Off,
                Tolerance = 0,
                Residual = 0,
                Iterations = 200,
            };
            var problem = GtpLawTests.Open(selection, options);
            var outcome = GtpLawTests.Pursue(selection, options, Rows);

            // The noise of a batch is a further coordinate, ||phi|| / sqrt(b), where the target has nothing.
            double[][] rows = [.. GtpLawTests.Dense(problem, Rows)
                .Select(r => (double[])[.. r, Math.Sqrt(problem.BatchNoise * ReferenceRows.Dot(r, r))])];
            var reference = GtpLawTests.Targets(problem).Select(t => (double[])[.. t, 0]).Sum(
                t => ReferenceNonNegative.Objective(rows, t, problem.Lambda, ReferenceNonNegative.Solve(rows, t, problem.Lambda)));
            outcome.Objective.ShouldBe(reference, Tolerances.NonNegativeObjective * reference, $"lambda {lambda}, {schedule}");
            outcome.Reason.ShouldBe(StopReason.Optimal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_fit_of_heavy_tailed_rows_reaches_the_optimum_of_its_rows_or_says_that_it_did_not(int seed)
    {
        // Lognormal lengths and 400 rows of 16 numbers: where gradient steps alone take thousands of products.
        var selection = Pool(seed, 400, 16);
        var options = new GtpOptions
        {
            Normalize = RowNormalization.None,
            Batch = 0,
            Lambda = 0,
            NoiseFloor = GtpNoiseFloor.Off,
            Fill = GtpFill.None,
        };
        var problem = GtpLawTests.Open(selection, options);
        var outcome = GtpLawTests.Pursue(selection, options, 400);
        var all = GtpLawTests.Dense(problem, 400);
        double[][] rows = [.. outcome.Positions.Select(p => all[p])];
        var reference = GtpLawTests.Targets(problem).Sum(
            t => ReferenceNonNegative.Objective(rows, t, 0, ReferenceNonNegative.Solve(rows, t, 0)));
        outcome.Violation.ShouldBeLessThan(PursuitDetails.FitTolerance);
        outcome.Objective.ShouldBe(reference, Tolerances.NonNegativeObjective * problem.Energy);
    }

    [Fact]
    public void A_fit_that_is_cut_short_is_reported_with_its_violation()
    {
        var selection = Gradients.Realistic(60, 24, "60");
        var problem = GtpLawTests.Open(selection, new GtpOptions());
        var support = problem.NewSupport();
        support.Add([.. Enumerable.Range(0, 60)]);
        support.Solve(new NonNegativeSettings(0, 5));
        var violation = ExactFit.Violation(support);
        violation.ShouldBeGreaterThan(PursuitDetails.FitTolerance);
        support.Solve(NonNegativeSettings.Final);
        ExactFit.Violation(support).ShouldBeLessThan(0.01 * PursuitDetails.FitTolerance);

        var outcome = GtpLawTests.Pursue(selection, new GtpOptions(), 60);
        PursuitSession.FitRemarks(outcome).ShouldBeEmpty();
        PursuitSession.FitRemarks(outcome with { Violation = violation }).ShouldHaveSingleItem().ShouldStartWith(
            "The weights' last fit has not converged");
        var details = (PursuitDetails)GtpLawTests.Select(selection, new GtpOptions()).Details!;
        details.Converged.ShouldBeTrue();
        (details with { Violation = violation }).Converged.ShouldBeFalse();
    }

    [Fact]
    public void A_remark_says_that_no_more_examples_help_only_where_none_does()
    {
        var selection = Pool(0) with { Budget = Budget.Parse("40") };
        var options = new GtpOptions
        {
            Groups = TargetGrouping.One,
            Fill = GtpFill.None,
            NoiseFloor = GtpNoiseFloor.Off,
            Normalize = RowNormalization.Row,
        };
        var stopped = GtpLawTests.Select(selection, options with { Tolerance = 0.2 });
        ((PursuitDetails)stopped.Details!).Reason.ShouldBe(StopReason.NoProgress);
        stopped.Remarks.ShouldHaveSingleItem().ShouldContain("objective no longer falls by the tolerance");
        stopped.Remarks[0].ShouldNotContain("no more help");

        var optimal = GtpLawTests.Select(selection, options with { Tolerance = 0 });
        ((PursuitDetails)optimal.Details!).Reason.ShouldBe(StopReason.Optimal);
        optimal.Remarks.ShouldHaveSingleItem().ShouldContain("no more help the target");
    }

    /// <summary>Rows with something in common, of lengths over four decades.</summary>
    internal static SelectionProblem Pool(int seed, int count = Rows, int dimension = Dimension)
    {
        var random = new SeededRandom((ulong)seed, "test/gtp-budget");
        float[] common = [.. Enumerable.Range(0, dimension).Select(_ => (float)random.NextGaussian())];
        float[] Make(int rows) =>
        [
            .. Enumerable.Range(0, rows).SelectMany(_ =>
            {
                var (length, share) = (Math.Pow(10, 4 * random.NextDouble() - 2), random.NextDouble());
                return Enumerable.Range(0, dimension).Select(k => (float)(length * (share * common[k] + random.NextGaussian()))).ToArray();
            }),
        ];
        return Gradients.Problem(
            new MemoryFeatures("pool", dimension, [Make(count)]), new MemoryFeatures("target", dimension, [Make(Targets)]), $"{count}");
    }
}
