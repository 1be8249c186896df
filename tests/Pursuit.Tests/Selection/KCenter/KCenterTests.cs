using Pursuit.Selection;
using Pursuit.Selection.KCenter;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.KCenter;

public sealed class KCenterTests
{
    [Fact]
    public void Every_row_after_the_first_is_the_farthest_from_all_before()
    {
        var problem = Embeddings.Clustered(250, 1, "60");
        var pool = Embeddings.Doubles(problem.Embeddings.Pool!);
        var selection = Choose(problem);
        var mean = Enumerable.Range(0, pool[0].Length).Select(k => pool.Average(x => x[k])).ToArray();
        var rows = selection.Rows;
        rows[0].Position.ShouldBe(Enumerable.Range(0, 250).MinBy(i => Distance(pool[i], mean)));
        for (var rank = 1; rank < rows.Count; rank++)
        {
            double Nearest(int i) => rows.Take(rank).Min(r => Distance(pool[i], pool[r.Position]));
            rows[rank].Score.ShouldBe(Enumerable.Range(0, 250).Max(Nearest), 1e-9);
            rows[rank].Score.ShouldBe(Nearest(rows[rank].Position), 1e-9);
        }

        var left = Enumerable.Range(0, 250).Select(i => rows.Min(r => Distance(pool[i], pool[r.Position]))).ToArray();
        var details = (KCenterDetails)selection.Details!;
        details.Radius.ShouldBe(left.Max(), 1e-9);
        details.MeanDistance.ShouldBe(left.Average(), 1e-9);
    }

    [Fact]
    public void A_larger_budget_begins_with_the_smaller_ones_choice_and_leaves_nothing_farther()
    {
        var small = Choose(Embeddings.Clustered(300, 1, "20"));
        var large = Choose(Embeddings.Clustered(300, 1, "50"));
        large.Rows.Take(20).ShouldBe(small.Rows);
        ((KCenterDetails)large.Details!).Radius.ShouldBeLessThan(((KCenterDetails)small.Details!).Radius);
        ((KCenterDetails)Choose(Embeddings.Clustered(300, 1, "300")).Details!).Radius.ShouldBe(0);
    }

    [Fact]
    public void The_largest_distance_is_at_most_twice_the_least_possible()
    {
        // Four tight groups far apart: four centres can leave 0.1 at most, so farthest-first may leave 0.2.
        var random = new SeededRandom(6, "test/kcenter");
        float[][] rows = [.. Enumerable.Range(0, 80).Select(i => new[] { 10f * (i % 4) + 0.1f * (float)random.NextDouble(), 0f })];
        var selection = Choose(Embeddings.Problem(Embeddings.Of("pool", rows), null, "4"));
        selection.Rows.Select(r => r.Position % 4).Order().ShouldBe([0, 1, 2, 3]);
        ((KCenterDetails)selection.Details!).Radius.ShouldBeLessThan(0.2);
    }

    [Fact]
    public void Neither_threads_nor_shards_nor_the_order_of_rows_change_the_choice()
    {
        var problem = Embeddings.Clustered(300, 1, "40");
        var order = Enumerable.Range(0, 300).ToArray();
        new SeededRandom(4, "test/order").Shuffle(order.AsSpan());
        foreach (var (threads, shardRows) in new[] { (1, 1), (3, 7), (5, 1024) })
            Choose(
                Embeddings.Permuted(problem, order, shardRows),
                threads).Rows.Select(r => r with { Position = order[r.Position] }).ShouldBe(Choose(problem).Rows);
    }

    [Fact]
    public void Token_budgets_and_equal_rows_are_filled()
    {
        var tokens = Choose(Embeddings.Clustered(300, 1, "900-tokens"));
        tokens.Spent.ShouldBeInRange(750, 900);
        var equal = Embeddings.Problem(Embeddings.Of("pool", [.. Enumerable.Repeat<float[]>([1f, 2f], 9)]), null, "4");
        Choose(equal).Rows.Select(r => r.Position).ShouldBe(Enumerable.Range(0, 9).OrderBy(i => equal.ContentIds[i]).Take(4));
    }

    private static SelectionResult Choose(SelectionProblem problem, int threads = 2) =>
        new KCenterSelector(new KCenterOptions()).SelectWith(problem, threads, TestContext.Current.CancellationToken);

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}
