using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.S2l;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.S2l;

public sealed class S2lTests
{
    [Fact]
    public void Separate_trajectories_are_separate_clusters_and_share_the_budget_equally()
    {
        // 60, 30 and 4 examples around three trajectories far apart: of 24 the small cluster gives its 4, the others 10 each.
        var selection = Select(Problem("24"), 3);
        selection.Rows.CountBy(r => Cluster(r.Position)).ToDictionary().ShouldBe(
            new Dictionary<int, int> { [0] = 10, [1] = 10, [2] = 4 }, ignoreOrder: true);
        selection.Details.ShouldBeOfType<S2lDetails>().Clusters.ShouldBe(3);
    }

    [Fact]
    public void One_cluster_is_a_random_choice_that_covers_the_pool_over_seeds()
    {
        var counts = new int[94];
        for (ulong seed = 0; seed < 300; seed++)
            foreach (var row in Select(Problem("30") with { Seed = seed }, 1).Rows) counts[row.Position]++;
        counts.Min().ShouldBeGreaterThan(50); // mean 95.7, deviation 8.1
        counts.Max().ShouldBeLessThan(140);
    }

    [Fact]
    public void A_larger_budget_contains_the_smaller_ones_choice()
    {
        var large = Select(Problem("50"), 3).Rows.Select(r => r.Position).ToArray();
        Select(Problem("24"), 3).Rows.Select(r => r.Position).ShouldBe(large[..24]);
    }

    [Fact]
    public void The_pools_order_changes_no_choice()
    {
        var problem = Problem("40");
        int[] order = [.. Enumerable.Range(0, 94).Select(i => i * 5 % 94)];
        var moved = problem with
        {
            ContentIds = [.. order.Select(i => problem.ContentIds[i])],
            Gradients = problem.Gradients with
            {
                Losses = new ExampleLosses(
                4,
                [.. order.SelectMany(i => problem.Gradients.Losses!.Row(i).ToArray())])
            },
        };
        Select(moved, 7).Rows.Select(r => moved.ContentIds[r.Position]).ShouldBe(
            Select(problem, 7).Rows.Select(r => problem.ContentIds[r.Position]));
    }

    [Fact]
    public void Every_row_is_nearest_to_its_own_clusters_mean()
    {
        var random = new SeededRandom(1, "test/s2l");
        var rows = Enumerable.Range(0, 200).Select(_ => new[] { random.NextGaussian(), random.NextGaussian() }).ToArray();
        var clusters = TrajectoryClusters.Cluster(rows, 6, 200, random, TestContext.Current.CancellationToken);
        clusters.Converged.ShouldBeTrue();
        var means = clusters.Assignment.Zip(rows).GroupBy(m => m.First, m => m.Second).ToDictionary(
            g => g.Key,
            g => new[] { g.Average(r => r[0]), g.Average(r => r[1]) });
        means.Count.ShouldBe(6);
        double Distance(double[] a, double[] b) => Math.Pow(a[0] - b[0], 2) + Math.Pow(a[1] - b[1], 2);
        for (var i = 0; i < rows.Length; i++)
            Distance(rows[i], means[clusters.Assignment[i]]).ShouldBeLessThanOrEqualTo(means.Values.Min(m => Distance(rows[i], m)) + 1e-12);
    }

    [Fact]
    public void Equal_trajectories_make_fewer_clusters_than_asked()
    {
        var problem = WithLosses(Problem("10"), new ExampleLosses(4, new float[94 * 4]));
        var selection = Select(problem, 50);
        selection.Rows.Count.ShouldBe(10);
        selection.Details.ShouldBeOfType<S2lDetails>().Clusters.ShouldBe(1);
    }

    [Fact]
    public void Features_without_losses_are_refused()
    {
        Should.Throw<PursuitException>(() => Select(WithLosses(Problem("10"), null), 3)).Message.ShouldContain("Model");
    }

    private static int Cluster(int position) => position < 60 ? 0 : position < 90 ? 1 : 2;

    private static SelectionResult Select(SelectionProblem problem, int clusters) =>
        new S2lSelector(new S2lOptions { Clusters = clusters }).Select(problem, CancellationToken.None);

    private static SelectionProblem WithLosses(SelectionProblem problem, ExampleLosses? losses) =>
        problem with { Gradients = problem.Gradients with { Losses = losses } };

    private static SelectionProblem Problem(string budget)
    {
        float[][] centres = [[5, 4, 3, 2], [5, 5, 5, 5], [1, 0.5f, 0.2f, 0.1f]];
        var random = new SeededRandom(6, "test/s2l");
        return new SelectionProblem
        {
            ContentIds = [.. Enumerable.Range(0, 94).Select(i => Problems.Id($"example {i}"))],
            Budget = Budget.Parse(budget),
            Gradients = new GradientInputs
            {
                Losses = new ExampleLosses(
                4,
                [.. Enumerable.Range(0, 94).SelectMany(i => centres[Cluster(i)].Select(c => c + 0.05f * (float)random.NextGaussian()))])
            },
        };
    }
}
