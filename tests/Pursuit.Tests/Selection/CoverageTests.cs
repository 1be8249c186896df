using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection;

/// <summary>Laws of the methods that choose from a pool of vectors without a target, by clusters or densities.</summary>
public sealed class CoverageTests
{
    public static TheoryData<string> Methods => ["tagcos", "density", "semdedup", "d4"];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Neither_threads_nor_shards_nor_the_order_of_rows_change_the_choice(string method)
    {
        // More rows than k-means looks at for one cluster.
        var problem = Embeddings.Clustered(700, 1, "60");
        var order = Enumerable.Range(0, 700).ToArray();
        new SeededRandom(4, "test/order").Shuffle(order.AsSpan());
        string[] settings = method is "density" ? [] : [$"{method}.clusters=2"];
        var chosen = Choose(method, problem, 2, settings).Rows;
        foreach (var (threads, shardRows) in new[] { (1, 1), (3, 7), (5, 1024) })
            Choose(method, Embeddings.Permuted(problem, order, shardRows), threads, settings).Rows
                .Select(r => r with { Position = order[r.Position] }).ShouldBe(chosen);
        if (method is not "semdedup") Choose(method, problem with { Seed = 1 }, 2, settings).Rows.ShouldNotBe(chosen);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_budget_of_one_takes_one_and_the_whole_pool_takes_all(string method)
    {
        foreach (var budget in new[] { 1, 7, 149, 150 })
        {
            var rows = Choose(method, Embeddings.Clustered(150, 1, $"{budget}")).Rows;
            rows.Count.ShouldBe(budget);
            rows.Select(r => r.Position).ShouldBeUnique();
            rows.ShouldAllBe(r => r.Weight == 1);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Equal_rows_are_chosen_without_preference(string method)
    {
        var problem = Embeddings.Problem(Embeddings.Of("pool", [.. Enumerable.Repeat<float[]>([1f, 2f, 0.3f], 30)]), null, "12");
        var chosen = Choose(method, problem);
        chosen.Rows.Count.ShouldBe(12);
        if (method == "density")
            chosen.Remarks.ShouldContain("All examples lie in equally dense places: the draw is uniform.");
        else
            chosen.Rows.Select(r => r.Position).ShouldBe(Enumerable.Range(0, 30).OrderBy(i => problem.ContentIds[i]).Take(12));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_pool_of_one_example_is_chosen(string method) =>
        Choose(method, Embeddings.Problem(Embeddings.Of("pool", [[0.5f, -1f]]), null, "1")).Rows.Count.ShouldBe(1);

    [Theory]
    [MemberData(nameof(Methods))]
    public void Rows_without_features_change_nothing_for_the_others_and_a_pool_of_them_is_refused(string method)
    {
        var problem = Embeddings.Clustered(100, 1, "20");
        float[][] rows = [.. Embeddings.Rows(problem.Embeddings.Pool!), .. Enumerable.Repeat(new float[24], 30)];
        var with = Embeddings.Problem(Embeddings.Of("pool", rows), null, "20");
        Choose(method, with).Rows.ShouldBe(Choose(method, problem with { ContentIds = [.. with.ContentIds.Take(100)] }).Rows);
        var empty = Embeddings.Problem(Embeddings.Of("pool", [.. Enumerable.Repeat(new float[4], 9)]), null, "3");
        Should.Throw<PursuitException>(() => Choose(method, empty)).Message.ShouldContain("zero");
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Budgets_of_tokens_and_quotas_are_kept(string method)
    {
        var problem = Embeddings.Clustered(300, 1, "900-tokens");
        var tokens = Choose(method, problem);
        tokens.Spent.ShouldBeInRange(700, 900);
        var sources = problem with
        {
            Budget = Budget.Parse("30"),
            Sources = [.. Enumerable.Range(0, 300).Select(i => i % 10 == 0 ? 1 : 0)],
            SourceNames = ["web", "code"],
            Quotas = [SourceQuota.Parse("code=20..25")],
        };
        Choose(method, sources).Rows.Count(r => r.Position % 10 == 0).ShouldBeInRange(20, 25);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Gradients_of_several_checkpoints_are_vectors_like_any_other(string method)
    {
        var pool = (MemoryFeatures)Gradients.Realistic(120, 3, "25").Gradients.Pool!;
        pool.Checkpoints.ShouldBe(2);
        Choose(method, Both(Problems.Pool(120, "25"), pool)).Rows.Count.ShouldBe(25);
    }

    private static SelectionResult Choose(string method, SelectionProblem problem, int threads = 2, params string[] settings) =>
        MethodOptions.Create(MethodRegistry.Find(method), ["density.hashes=20", .. settings])
            .SelectWith(Both(problem, problem.Embeddings.Pool!), threads, TestContext.Current.CancellationToken);

    private static SelectionProblem Both(SelectionProblem problem, IDenseFeatures pool) => problem with
    {
        Embeddings = new EmbeddingInputs { Pool = pool },
        Gradients = new GradientInputs { Pool = pool },
    };
}
