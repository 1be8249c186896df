using Pursuit.Selection;
using Pursuit.Selection.Rds;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Rds;

public sealed class RdsTests
{
    private static readonly RdsOptions Dot = new() { Similarity = RdsSimilarity.Dot };

    [Theory]
    [InlineData(RdsSimilarity.Cosine)]
    [InlineData(RdsSimilarity.Dot)]
    public void The_score_is_the_largest_similarity_to_any_target_example(RdsSimilarity similarity)
    {
        var problem = Lengths(Embeddings.Clustered(200, 7, "200"));
        var pool = Embeddings.Doubles(problem.Embeddings.Pool!);
        var target = Embeddings.Doubles(problem.Embeddings.Target!);
        var rows = Choose(problem, new RdsSelector(new RdsOptions { Similarity = similarity })).Rows;
        foreach (var row in rows) row.Score.ShouldBe(target.Max(q => Similarity(pool[row.Position], q, similarity)), 2e-6);
        rows.Select(r => r.Score).ShouldBe(rows.Select(r => r.Score).OrderDescending());
    }

    [Theory]
    [InlineData("1")]
    [InlineData("30")]
    [InlineData("193")]
    public void Target_examples_take_turns(string budget)
    {
        var problem = Lengths(Embeddings.Clustered(200, 7, budget));
        var pool = Embeddings.Doubles(problem.Embeddings.Pool!);
        var target = Embeddings.Doubles(problem.Embeddings.Target!);
        var free = Enumerable.Range(0, 200).ToHashSet();
        foreach (var (rank, row) in Choose(problem, new RdsRoundRobinSelector(new RdsOptions())).Rows.Index())
        {
            var best = free.MaxBy(i => Similarity(pool[i], target[rank % 7], RdsSimilarity.Cosine));
            row.Position.ShouldBe(best);
            row.Score.ShouldBe(Similarity(pool[best], target[rank % 7], RdsSimilarity.Cosine), 2e-6);
            free.Remove(best);
        }
    }

    [Fact]
    public void With_one_target_example_turns_change_nothing()
    {
        var problem = Embeddings.Clustered(300, 1, "60");
        Choose(problem, new RdsRoundRobinSelector(Dot)).Rows.ShouldBe(Choose(problem, new RdsSelector(Dot)).Rows);
    }

    [Fact]
    public void A_target_whose_examples_all_want_the_same_rows_still_fills_the_budget()
    {
        // Twenty equal targets: each takes one in twenty of one common order, so every list must reach to the budget's end.
        var problem = Embeddings.Clustered(900, 1, "700");
        var one = Embeddings.Rows(problem.Embeddings.Target!)[0];
        var same = problem with
        {
            Embeddings = problem.Embeddings with
            {
                Target = Embeddings.Of(
            "target", [.. Enumerable.Repeat(one, 20)])
            }
        };
        Choose(same, new RdsRoundRobinSelector(Dot)).Rows.ShouldBe(Choose(problem, new RdsSelector(Dot)).Rows);
    }

    [Fact]
    public void Quotas_and_token_budgets_are_filled_in_turns_too()
    {
        var problem = Embeddings.Clustered(900, 3, "100") with { Quotas = [SourceQuota.Parse("mail=40..")] };
        var rows = Choose(problem, new RdsRoundRobinSelector(Dot)).Rows;
        rows.Count.ShouldBe(100);
        rows.Count(r => problem.SourceNames[problem.Sources[r.Position]] == "mail").ShouldBeGreaterThanOrEqualTo(40);
        var tokens = Choose(Embeddings.Clustered(900, 3, "20000-tokens"), new RdsRoundRobinSelector(Dot));
        (tokens.Budget - tokens.Spent).ShouldBeInRange(0, 150);
    }

    [Fact]
    public void Neither_threads_nor_shards_nor_the_order_of_rows_change_a_bit()
    {
        var problem = Embeddings.Clustered(300, 5, "40");
        var order = Enumerable.Range(0, 300).ToArray();
        new SeededRandom(4, "test/order").Shuffle(order.AsSpan());
        var permuted = Embeddings.Permuted(problem, order, 7);
        foreach (ISelector selector in new ISelector[] { new RdsSelector(new RdsOptions()), new RdsRoundRobinSelector(new RdsOptions()) })
            Choose(permuted, selector, 5).Rows.Select(
                r => r with { Position = order[r.Position] }).ShouldBe(Choose(problem, selector, 1).Rows);
    }

    private static SelectionResult Choose(SelectionProblem problem, ISelector selector, int threads = 2) =>
        selector.SelectWith(problem, threads, TestContext.Current.CancellationToken);

    /// <summary>The same directions at lengths from 0.5 to 2, so that the cosine and the inner product differ.</summary>
    private static SelectionProblem Lengths(SelectionProblem problem) => problem with
    {
        Embeddings = problem.Embeddings with
        {
            Pool = Embeddings.Of(
            "pool",
            [.. Embeddings.Rows(problem.Embeddings.Pool!).Select((row, i) => Array.ConvertAll(row, x => x * (0.5f + i % 7 / 4f)))])
        },
    };

    private static double Similarity(double[] a, double[] b, RdsSimilarity similarity)
    {
        var dot = a.Zip(b, (x, y) => x * y).Sum();
        return similarity == RdsSimilarity.Dot ? dot : dot / Math.Sqrt(a.Sum(x => x * x) * b.Sum(x => x * x));
    }
}
