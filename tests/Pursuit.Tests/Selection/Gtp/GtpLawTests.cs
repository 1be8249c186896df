using System.Text.Json;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Less;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Gtp;

/// <summary>The laws of gradient trajectory pursuit.</summary>
public sealed class GtpLawTests
{
    private static readonly GtpOptions Exact = new()
    {
        Batch = 0,
        Lambda = 0,
        NormFloor = 0,
        NoiseFloor = GtpNoiseFloor.Off,
        Fill = GtpFill.None,
        Tolerance = 0,
        Residual = 0,
        SwapRounds = 1000,
    };

    [Fact]
    public void In_domain_with_unscaled_rows_equal_weights_over_the_whole_pool_leave_nothing()
    {
        var selection = Gradients.WithoutTarget(Gradients.Realistic(200, 1, "200"));
        var problem = Open(selection, Exact with { Normalize = RowNormalization.None });
        var support = problem.NewSupport();
        support.Add([.. Enumerable.Range(0, 200)]);
        // B = b / ||b||, so the weights 1/N of b are 1 / (N ||b||) of B.
        support.SetWeights([[.. Enumerable.Repeat(1 / (200 * problem.Target.MeanNorms[0]), 200)]]);
        var residual = support.Residual();
        Math.Sqrt(GradientRows.Dot(residual, residual)).ShouldBeLessThan(Tolerances.FloatReordered);
        problem.UniformResidual(support.Sum()).ShouldBeLessThan(Tolerances.UniformResidualOfZero);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_one_group_and_exact_unit_rows_the_order_of_positive_scores_is_that_of_LESS(bool centre)
    {
        var selection = Gradients.Realistic(300, 20, "300");
        var problem = Open(selection, new GtpOptions { NormFloor = 0, Groups = TargetGrouping.One, Centre = centre });
        var scores = problem.Identify(problem.Target.Scaled, problem.NewSupport(), CancellationToken.None);
        var positive = Array.ConvertAll(scores.Best(300), c => c.Position);
        positive.Length.ShouldBeInRange(50, 299);

        var less = new LessSelector(new LessOptions { Centre = centre }).Select(selection, CancellationToken.None);
        less.Rows.Take(positive.Length).Select(r => r.Position).ShouldBe(positive);
        less.Rows.Skip(positive.Length).ShouldAllBe(r => r.Score <= Tolerances.FloatReordered);
    }

    [Theory]
    [InlineData(GtpSchedule.Staged, GtpFill.Herd)]
    [InlineData(GtpSchedule.Staged, GtpFill.Peel)]
    [InlineData(GtpSchedule.Shortlist, GtpFill.Peel)]
    [InlineData(GtpSchedule.Paper, GtpFill.Herd)]
    public void No_two_chosen_rows_have_equal_features(GtpSchedule schedule, GtpFill fill)
    {
        // Every row four times, three of them at other lengths, which checkpoint normalization takes away.
        var once = (MemoryFeatures)Gradients.Realistic(60, 10, "1").Gradients.Pool!;
        var blocks = Gradients.Blocks(once, [.. Enumerable.Range(0, 240).Select(i => i % 60)]);
        foreach (var block in blocks)
            for (var i = 60; i < 240; i++)
                for (var k = 0; k < once.Dimension; k++) block[i * once.Dimension + k] *= 1 << (i / 60);
        var selection = Gradients.Problem(
            new MemoryFeatures("pool", once.Dimension, blocks, once.Etabar),
            (MemoryFeatures)Gradients.Realistic(60, 10, "1").Gradients.Target!,
            "50");
        var chosen = Select(selection, new GtpOptions { NormFloor = 0, Schedule = schedule, Fill = fill, NoiseFloor = GtpNoiseFloor.Off });
        chosen.Rows.Count.ShouldBe(50);
        chosen.Rows.Select(r => r.Position % 60).ShouldBeUnique();
    }

    [Fact]
    public void Of_rows_with_equal_features_the_one_of_lowest_content_id_is_chosen_in_any_order()
    {
        var once = (MemoryFeatures)Gradients.Realistic(60, 10, "1").Gradients.Pool!;
        var target = (MemoryFeatures)Gradients.Realistic(60, 10, "1").Gradients.Target!;
        var twice = new MemoryFeatures(
            "pool",
            once.Dimension,
            Gradients.Blocks(once, [.. Enumerable.Range(0, 120).Select(i => i % 60)]),
            once.Etabar);
        var selection = Gradients.Problem(twice, target, "30");
        var one = Ids(selection, new GtpOptions());
        foreach (var row in Select(selection, new GtpOptions()).Rows)
            selection.ContentIds[row.Position].ShouldBeLessThan(selection.ContentIds[(row.Position + 60) % 120]);
        Ids(Gradients.Permuted(selection, [.. Enumerable.Range(0, 120).Reverse()]), new GtpOptions()).ShouldBe(one);
    }

    [Fact]
    public void Debiasing_never_raises_the_objective()
    {
        var selection = Gradients.Realistic(120, 24, "60");
        var problem = Open(selection, new GtpOptions { Clusters = 3 });
        var random = new SeededRandom(3, "test/debias");
        for (var trial = 0; trial < 20; trial++)
        {
            var support = problem.NewSupport();
            var rows = Enumerable.Range(0, 120).ToArray();
            random.Shuffle(rows.AsSpan());
            support.Add(rows.AsSpan(0, 1 + random.NextInt(60)));
            var start = Enumerable.Range(0, 3).Select(
                _ => Enumerable.Range(0, support.Count).Select(
                    _ => trial == 0 ? 0 : random.NextDouble() * random.NextInt(2) / support.Count).ToArray()).ToArray();
            support.SetWeights(start);
            var before = support.Objective(support.Residual());
            foreach (var settings in new[]
            {
                new NonNegativeSettings(0, 1), new NonNegativeSettings(0, 3), NonNegativeSettings.Early, NonNegativeSettings.Final,
            })
            {
                support.Solve(settings);
                var after = support.Objective(support.Residual());
                after.ShouldBeLessThanOrEqualTo(before * (1 + Tolerances.FloatReordered));
                before = after;
            }
        }
    }

    [Fact]
    public void Twice_as_long_unscaled_rows_get_half_the_weights_exactly_and_the_same_support()
    {
        var selection = Gradients.Realistic(300, 16, "40");
        var doubled = selection with
        {
            Gradients = selection.Gradients with
            {
                Pool = Gradients.Times(
            (MemoryFeatures)selection.Gradients.Pool!, 2)
            }
        };
        var options = new GtpOptions { Normalize = RowNormalization.None, Clusters = 2 };
        var one = Pursue(selection, options, 40);
        var two = Pursue(doubled, options, 40);
        two.Positions.ShouldBe(one.Positions);
        for (var j = 0; j < one.Weights.Length; j++) two.Weights[j].ShouldBe(one.Weights[j].Select(w => w / 2));
    }

    [Theory]
    [InlineData(GtpSchedule.Staged, GtpFill.Herd, RowNormalization.Checkpoint, false)]
    [InlineData(GtpSchedule.Staged, GtpFill.Peel, RowNormalization.Row, false)]
    [InlineData(GtpSchedule.Shortlist, GtpFill.Peel, RowNormalization.Checkpoint, false)]
    [InlineData(GtpSchedule.Paper, GtpFill.None, RowNormalization.Checkpoint, false)]
    [InlineData(GtpSchedule.Staged, GtpFill.Herd, RowNormalization.None, false)]
    [InlineData(GtpSchedule.Staged, GtpFill.Herd, RowNormalization.Checkpoint, true)]
    public void The_order_of_the_pool_changes_nothing(GtpSchedule schedule, GtpFill fill, RowNormalization normalize, bool inDomain)
    {
        var selection = Gradients.Realistic(300, 24, "60");
        var options = new GtpOptions { Schedule = schedule, Fill = fill, Normalize = normalize, Centre = true, Clusters = 3 };
        if (inDomain) selection = selection with { Gradients = selection.Gradients with { Target = null } };
        var order = Enumerable.Range(0, 300).ToArray();
        new SeededRandom(9, "test/permutation").Shuffle(order.AsSpan());
        var one = Ids(selection, options);
        Ids(Gradients.Permuted(selection, order), options).ShouldBe(one);
        Ids(Gradients.Permuted(selection, [.. Enumerable.Range(0, 300).Reverse()]), options).ShouldBe(one);
    }

    [Theory]
    [InlineData(GtpSchedule.Staged)]
    [InlineData(GtpSchedule.Shortlist)]
    [InlineData(GtpSchedule.Paper)]
    public void With_the_whole_pool_as_budget_the_objective_is_that_of_non_negative_least_squares(GtpSchedule schedule)
    {
        // More rows than dimensions: W isn't unique, the objective is.
        var selection = Gradients.Realistic(80, 24, "80", blocks: 2, dimension: 20);
        var options = Exact with { Schedule = schedule, Iterations = schedule == GtpSchedule.Paper ? 1000 : 8, Clusters = 3 };
        var problem = Open(selection, options);
        var outcome = Pursue(selection, options, 80);
        var rows = Dense(problem, 80);
        var reference = Targets(problem).Sum(b => ReferenceNonNegative.Objective(rows, b, 0, ReferenceNonNegative.Solve(rows, b, 0)));
        outcome.Reason.ShouldNotBe(StopReason.IterationLimit);
        outcome.Objective.ShouldBe(reference, Tolerances.NonNegativeObjective * problem.Energy);
    }

    [Theory]
    [InlineData(GtpSchedule.Staged, 0)]
    [InlineData(GtpSchedule.Staged, 5)]
    [InlineData(GtpSchedule.Shortlist, 0)]
    [InlineData(GtpSchedule.Shortlist, 5)]
    [InlineData(GtpSchedule.Paper, 0)]
    public void Every_chosen_row_has_a_weight_and_there_are_at_most_a_budget_of_them(GtpSchedule schedule, int swapRounds)
    {
        // Positively correlated rows: many that pointed toward the residual lose their weight to later ones.
        var selection = Gradients.Realistic(400, 24, "100");
        foreach (var budget in new[] { 10, 100 })
        {
            var outcome = Pursue(
                selection, Exact with { Schedule = schedule, SwapRounds = swapRounds, Clusters = 3, Iterations = 10 }, budget);
            outcome.Positions.Length.ShouldBeInRange(1, budget);
            outcome.Positions.ShouldBeUnique();
            for (var i = 0; i < outcome.Positions.Length; i++) outcome.Weights.Max(column => column[i]).ShouldBeGreaterThan(0);
            outcome.Weights.ShouldAllBe(column => column.All(w => w >= 0));
        }
    }

    [Theory]
    [InlineData(GtpSchedule.Staged)]
    [InlineData(GtpSchedule.Shortlist)]
    [InlineData(GtpSchedule.Paper)]
    public void Planted_rows_are_found_exactly(GtpSchedule schedule)
    {
        var (selection, planted) = Gradients.Planted(2000, 512, 20, "20");
        var chosen = Select(selection, Exact with { Schedule = schedule, SwapRounds = 5 });
        chosen.Rows.Select(r => r.Position).Order().ShouldBe(planted);
        ((PursuitDetails)chosen.Details!).Residual.ShouldBeLessThan(1e-4);
    }

    [Fact]
    public void Planted_rows_are_not_the_ones_of_largest_raw_correlation()
    {
        // Why identification must look at the residual: the test above isn't passed by top-k.
        var (selection, planted) = Gradients.Planted(2000, 512, 20, "20");
        var top = new LessSelector(new LessOptions()).Select(selection, CancellationToken.None);
        top.Rows.Select(r => r.Position).Intersect(planted).Count().ShouldBeLessThan(20);
    }

    [Theory]
    [InlineData(GtpSchedule.Staged, GtpFill.Herd)]
    [InlineData(GtpSchedule.Staged, GtpFill.Peel)]
    [InlineData(GtpSchedule.Shortlist, GtpFill.Herd)]
    public void Shards_and_threads_change_nothing(GtpSchedule schedule, GtpFill fill)
    {
        var selection = Gradients.Realistic(300, 24, "60");
        var options = new GtpOptions { Schedule = schedule, Shortlist = 40, Fill = fill, Centre = true, Clusters = 3 };
        var one = Select(selection, options);
        foreach (var (shardRows, threads) in new[] { (1, 4), (7, 1), (64, 2), (1024, 3) })
        {
            var other = Select(
                selection with
                {
                    Gradients = selection.Gradients with
                    {
                        Pool = Gradients.InShards(
                    (MemoryFeatures)selection.Gradients.Pool!, shardRows)
                    }
                },
                options,
                threads);
            other.Rows.ShouldBe(one.Rows);
            Report(other).ShouldBe(Report(one)); // every objective and residual on the way, to the last bit
        }
    }

    private static string Report(SelectionResult chosen) => JsonSerializer.Serialize((PursuitDetails)chosen.Details!, RunJson.Compact);

    internal static SelectionResult Select(SelectionProblem selection, GtpOptions options, int threads = 1) =>
        new GtpSelector(options).SelectWith(selection, threads, TestContext.Current.CancellationToken);

    internal static PursuitProblem Open(SelectionProblem selection, GtpOptions options) =>
        PursuitSession.Open(selection, GtpSelector.Name, options, new SelectionContext { Threads = 1 }).Problem;

    internal static PursuitOutcome Pursue(SelectionProblem selection, GtpOptions options, int budget) =>
        new GtpSolver(
            Open(selection, options),
            options,
            new PursuitStops(options.Residual, options.Tolerance, options.NoiseFloor != GtpNoiseFloor.Off))
            .Run(budget, null, null, CancellationToken.None).Outcome;

    internal static double[][] Dense(PursuitProblem problem, int rows)
    {
        var dense = new float[rows * problem.Rows.Dimension];
        problem.Rows.Gather([.. Enumerable.Range(0, rows)], dense);
        return [.. dense.Chunk(problem.Rows.Dimension).Select(r => Array.ConvertAll(r, x => (double)x))];
    }

    internal static double[][] Targets(PursuitProblem problem) =>
        [.. problem.Target.Scaled.Chunk(problem.Rows.Dimension).Select(r => Array.ConvertAll(r, x => (double)x))];

    private static string[] Ids(SelectionProblem selection, GtpOptions options)
    {
        var chosen = Select(selection, options);
        var details = (PursuitDetails)chosen.Details!;
        return
        [
            .. chosen.Rows.Select(r => $"{selection.ContentIds[r.Position]} {r.Weight:R}"),
            $"{details.Lambda:R} {details.Objective:R} {details.UniformResidual:R}",
        ];
    }
}
