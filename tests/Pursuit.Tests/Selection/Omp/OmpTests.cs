using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Omp;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Omp;

public sealed class OmpTests
{
    [Theory]
    [InlineData(1e-3)]
    [InlineData(0)]
    [InlineData(0.5)]
    public void It_chooses_row_by_row_what_its_plain_twin_chooses(double lambda)
    {
        var selection = Gradients.Realistic(150, 24, "40");
        var (problem, outcome) = Pursue(selection, new OmpOptions { Clusters = 3, Lambda = lambda }, 40);
        var twin = ReferencePursuit.OneByOne(Dense(problem, 150), Targets(problem), problem.Lambda, 40);
        outcome.Positions.ShouldBe(twin.Support);
        outcome.Objective.ShouldBe(twin.Objective, Tolerances.FloatReordered);
    }

    [Fact]
    public void With_the_whole_pool_as_budget_the_objective_is_that_of_non_negative_least_squares()
    {
        var selection = Gradients.Realistic(60, 24, "60", blocks: 2, dimension: 20);
        var (problem, outcome) = Pursue(selection, new OmpOptions { Clusters = 3, Lambda = 0, NormFloor = 0, Residual = 0 }, 60);
        var rows = Dense(problem, 60);
        var reference = Targets(problem).Sum(b => ReferenceNonNegative.Objective(rows, b, 0, ReferenceNonNegative.Solve(rows, b, 0)));
        outcome.Objective.ShouldBe(reference, Tolerances.NonNegativeObjective * problem.Energy);
    }

    [Fact]
    public void The_objective_falls_with_every_row()
    {
        var (_, outcome) = Pursue(Gradients.Realistic(150, 24, "40"), new OmpOptions { Clusters = 3 }, 40);
        foreach (var (before, after) in outcome.Iterations.Zip(outcome.Iterations.Skip(1)))
            after.Objective.ShouldBeLessThan(before.Objective);
    }

    [Fact]
    public void Planted_rows_are_found_exactly()
    {
        var (selection, planted) = Gradients.Planted(2000, 512, 20, "20");
        var chosen = new OmpSelector(new OmpOptions { Lambda = 0, NormFloor = 0 }).Select(selection, CancellationToken.None);
        chosen.Rows.Select(r => r.Position).Order().ShouldBe(planted);
        ((PursuitDetails)chosen.Details!).Passes.ShouldBe(20);
    }

    [Fact]
    public void Neither_the_pools_order_nor_shards_nor_threads_change_a_choice()
    {
        var selection = Gradients.Realistic(150, 24, "40");
        var one = Ids(selection);
        Ids(Gradients.Permuted(selection, [.. Enumerable.Range(0, 150).Select(i => i * 47 % 150)])).ShouldBe(one);
        Ids(
            selection with
            {
                Gradients = selection.Gradients with
                {
                    Pool = Gradients.InShards(
                (MemoryFeatures)selection.Gradients.Pool!, 11)
                }
            },
            3).ShouldBe(one);
    }

    private static (PursuitProblem Problem, PursuitOutcome Outcome) Pursue(SelectionProblem selection, OmpOptions options, int budget)
    {
        var problem = PursuitSession.Open(selection, OmpSelector.Name, options, new SelectionContext { Threads = 1 }).Problem;
        return (problem, new OmpSolver(problem, new PursuitStops(options.Residual, 0, false)).Run(budget, null, CancellationToken.None));
    }

    private static string[] Ids(SelectionProblem selection, int threads = 1) =>
        [.. new OmpSelector(new OmpOptions { Clusters = 3 }).SelectWith(selection, threads, TestContext.Current.CancellationToken).Rows
            .Select(r => $"{selection.ContentIds[r.Position]} {r.Weight:R}")];

    private static double[][] Dense(PursuitProblem problem, int rows)
    {
        var dense = new float[rows * problem.Rows.Dimension];
        problem.Rows.Gather([.. Enumerable.Range(0, rows)], dense);
        return [.. dense.Chunk(problem.Rows.Dimension).Select(r => Array.ConvertAll(r, x => (double)x))];
    }

    private static double[][] Targets(PursuitProblem problem) =>
        [.. problem.Target.Scaled.Chunk(problem.Rows.Dimension).Select(r => Array.ConvertAll(r, x => (double)x))];
}
