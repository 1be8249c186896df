using Pursuit.Selection;
using Pursuit.Selection.Distributed;
using Pursuit.Selection.KCenter;
using Pursuit.Selection.KCenterWeighted;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.KCenterWeighted;

public sealed class KCenterWeightedTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(1)]
    public void The_choice_costs_at_most_three_times_what_the_best_of_all_subsets_does(double epsilon)
    {
        const int Rows = 10, Budget = 3;
        for (var number = 0; number < 60; number++)
        {
            var random = new SeededRandom(8, "test/kcenter-weighted", (ulong)number);
            float[][] rows = [.. Enumerable.Range(0, Rows)
                .Select(i => new[] { i % 3 * 4 + (float)random.NextGaussian(), (float)random.NextGaussian() })];
            double[] margins = [.. Enumerable.Range(0, Rows).Select(_ => random.NextDouble())];
            var options = new KCenterWeightedOptions { Epsilon = epsilon, Weight = number % 4 * 0.7 };
            var selection = Choose(With(Embeddings.Problem(Embeddings.Of("pool", rows), null, $"{Budget}"), margins), options);
            var details = (KCenterWeightedDetails)selection.Details!;
            int[] chosen = [.. selection.Rows.Select(r => r.Position)];
            double Radius(int[] set) => rows.Max(x => set.Min(j => Distance(x, rows[j])));
            double Price(int[] set) => details.Lambda * set.Sum(j => margins[j]);
            var least = Enumerable.Range(0, 1 << Rows).Where(m => int.PopCount(m) == Budget)
                .Select(m => Enumerable.Range(0, Rows).Where(i => (m >> i & 1) == 1).ToArray())
                .Min(set => Radius(set) + Price(set));
            chosen.Length.ShouldBe(Budget);
            Radius(chosen).ShouldBeLessThanOrEqualTo(details.RadiusAtMost + 1e-6);
            // The bound that the choice was made by is within the factor itself.
            (details.RadiusAtMost + Price(chosen)).ShouldBeLessThanOrEqualTo(3 * (1 + epsilon) * least + 1e-6, $"case {number}");
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void Where_certainty_costs_nothing_or_is_everywhere_the_same_it_is_kcenter(double weight, bool same)
    {
        var problem = With(Embeddings.Clustered(250, 1, "60"), Margins(250, same));
        Choose(problem, new KCenterWeightedOptions { Weight = weight }).Rows.Select(r => r.Position).ShouldBe(
            new KCenterSelector(new KCenterOptions()).Select(problem, TestContext.Current.CancellationToken).Rows.Select(r => r.Position));
    }

    [Fact]
    public void Where_certainty_costs_most_the_least_certain_are_chosen()
    {
        var margins = Margins(250, false);
        var selection = Choose(With(Embeddings.Clustered(250, 1, "30"), margins), new KCenterWeightedOptions { Weight = 1e9 });
        selection.Rows.Select(r => r.Position).Order()
            .ShouldBe(Enumerable.Range(0, 250).OrderBy(i => margins[i]).Take(30).Order());
        foreach (var row in selection.Rows) row.Score.ShouldBe(1 - margins[row.Position], 1e-6);
    }

    [Fact]
    public void The_default_is_less_certain_than_kcenter_and_covers_better_than_uncertainty_alone()
    {
        var problem = With(Embeddings.Clustered(400, 1, "40"), Margins(400, false));
        KCenterWeightedDetails Of(double weight) =>
            (KCenterWeightedDetails)Choose(problem, new KCenterWeightedOptions { Weight = weight }).Details!;
        var (none, some, all) = (Of(0), Of(1), Of(1e9));
        some.MeanMargin.ShouldBeLessThan(none.MeanMargin);
        some.RadiusAtMost.ShouldBeLessThan(all.RadiusAtMost);
        all.Covering.ShouldBeLessThan(none.Covering);
        none.PoolMargin.ShouldBe(some.PoolMargin);
        none.Lambda.ShouldBe(0);
        some.Radii.ShouldBeGreaterThan(5);
    }

    [Fact]
    public void Neither_threads_nor_shards_nor_the_order_of_rows_change_the_choice()
    {
        var margins = Margins(300, false);
        var problem = With(Embeddings.Clustered(300, 1, "40"), margins);
        var order = Enumerable.Range(0, 300).ToArray();
        new SeededRandom(4, "test/order").Shuffle(order.AsSpan());
        foreach (var (threads, shardRows) in new[] { (1, 1), (3, 7), (5, 1024) })
            Choose(
                With(Embeddings.Permuted(problem, order, shardRows), [.. order.Select(i => margins[i])]),
                new KCenterWeightedOptions(),
                threads)
                .Rows.Select(r => r with { Position = order[r.Position] })
                .ShouldBe(Choose(problem, new KCenterWeightedOptions()).Rows);
    }

    [Fact]
    public void Several_processes_choose_what_one_does()
    {
        var problem = With(Embeddings.Clustered(300, 1, "40"), Margins(300, false));
        var features = Embeddings.Of("pool", Embeddings.Rows(problem.Embeddings.Pool!), 64);
        var rows = ProcessThreads.Run(
            3,
            group =>
            {
                var team = new Team(group);
                using var shared = new TeamFeatures(features, team);
                var chosen = Choose(problem with { Embeddings = new EmbeddingInputs { Pool = shared } }, new KCenterWeightedOptions()).Rows;
                team.Done();
                return chosen;
            },
            group =>
            {
                var worker = new TeamWorker(features, problem.ContentIds, group, 1);
                KCenterRequests.Serve(worker);
                worker.Run(CancellationToken.None);
            });
        rows.ShouldBe(Choose(problem, new KCenterWeightedOptions()).Rows);
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("4", 4)]
    [InlineData("9", 9)]
    public void Of_equal_rows_the_least_certain_are_chosen(string budget, int rows)
    {
        double[] margins = [0.5, 0.4, 0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6];
        var equal = Embeddings.Problem(Embeddings.Of("pool", [.. Enumerable.Repeat<float[]>([1f, 2f], 9)]), null, budget);
        var selection = Choose(With(equal, margins), new KCenterWeightedOptions { Weight = 0 });
        selection.Rows.Select(r => r.Position).ShouldBe(Enumerable.Range(0, 9).OrderBy(i => equal.ContentIds[i]).Take(rows));
        ((KCenterWeightedDetails)selection.Details!).RadiusAtMost.ShouldBe(0);

        // One row apart gives distances a scale, and certainty a price.
        var apart = Embeddings.Problem(Embeddings.Of("pool", [.. Enumerable.Repeat<float[]>([1f, 2f], 9), [1f, 3f]]), null, $"{rows + 1}");
        Choose(With(apart, [.. margins, 0.95]), new KCenterWeightedOptions { Weight = 0.1 }).Rows.Select(r => r.Position).Order()
            .ShouldBe(Enumerable.Range(0, 9).OrderBy(i => margins[i]).Take(rows).Append(9).Order());
    }

    [Fact]
    public void The_whole_pool_and_token_budgets_can_be_chosen()
    {
        Choose(With(Embeddings.Clustered(120, 1, "120"), Margins(120, false)), new KCenterWeightedOptions()).Rows
            .Select(r => r.Position).Order().ShouldBe(Enumerable.Range(0, 120));
        Choose(With(Embeddings.Clustered(300, 1, "900-tokens"), Margins(300, false)), new KCenterWeightedOptions())
            .Spent.ShouldBeInRange(750, 900);
    }

    [Fact]
    public void An_example_without_a_token_counts_as_certain()
    {
        var problem = With(Embeddings.Clustered(50, 1, "5"), [double.NaN, .. Margins(49, false)]);
        var selection = Choose(problem, new KCenterWeightedOptions { Weight = 1e9 });
        selection.Rows.ShouldAllBe(r => r.Position != 0);
        selection.Remarks.ShouldContain("1 example lacks a token to score: taken as certain.");
    }

    [Fact]
    public void What_is_missing_or_out_of_range_is_named()
    {
        Should.Throw<PursuitException>(() => Choose(Embeddings.Clustered(50, 1, "5"), new KCenterWeightedOptions()))
            .Message.ShouldContain("kcenter-weighted: no token statistics");
        foreach (var options in new[] { new KCenterWeightedOptions { Weight = -1 }, new KCenterWeightedOptions { Weight = double.NaN } })
            Should.Throw<PursuitException>(() => new KCenterWeightedSelector(options)).Message.ShouldContain("kcenter-weighted.weight");
        foreach (var epsilon in new[] { 0, 1.5, double.NaN })
            Should.Throw<PursuitException>(() => new KCenterWeightedSelector(new KCenterWeightedOptions { Epsilon = epsilon }))
                .Message.ShouldContain("kcenter-weighted.epsilon");
    }

    private static double[] Margins(int rows, bool same)
    {
        var random = new SeededRandom(9, "test/margins");
        return [.. Enumerable.Range(0, rows).Select(_ => same ? 0.5 : (float)random.NextDouble())];
    }

    /// <summary>The problem with statistics of one token each, of a given margin; NaN for no token.</summary>
    private static SelectionProblem With(SelectionProblem problem, double[] margins)
    {
        MemoryStatistics.Entry[] examples = [.. margins.Select(m => double.IsNaN(m)
            ? new MemoryStatistics.Entry([], [], [], [], [], [], [])
            : new MemoryStatistics.Entry([0], [1], [-1], [0], [0], [(float)m], []))];
        return problem with { Statistics = new StatisticsInputs { Pool = new MemoryStatistics(1, examples) } };
    }

    private static SelectionResult Choose(SelectionProblem problem, KCenterWeightedOptions options, int threads = 2) =>
        new KCenterWeightedSelector(options).SelectWith(problem, threads, TestContext.Current.CancellationToken);

    private static double Distance(float[] a, float[] b) =>
        Math.Sqrt(a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum());
}
