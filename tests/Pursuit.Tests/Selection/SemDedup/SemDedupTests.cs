using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Passes;
using Pursuit.Selection.SemDedup;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.SemDedup;

/// <summary>SemDeDup and D4, held against the authors' code and NumPy (tests/fixtures/semdedup/make.py).</summary>
public sealed class SemDedupTests : IDisposable
{
    private readonly JsonDocument _golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("semdedup", "golden.json")));

    public void Dispose() => _golden.Dispose();

    [Fact]
    public void Rows_come_in_the_order_of_the_authors_largest_cosines()
    {
        var cosines = Numbers("cosines");
        var selection = Choose(GoldenProblem("60"), new SemDedupOptions { Clusters = 1 });
        selection.Rows.Count.ShouldBe(60);
        foreach (var row in selection.Rows) row.Score.ShouldBe(1 - cosines[row.Position], 1e-6, $"row {row.Position}");
        selection.Rows.Select(r => r.Score).ShouldBeInOrder(SortDirection.Descending);
    }

    [Fact]
    public void An_epsilon_leaves_what_the_authors_leave()
    {
        var cosines = Numbers("cosines");
        int[] kept = [.. Enumerable.Range(0, 60).Where(i => !(cosines[i] > 1 - 0.03))];
        var selection = Choose(GoldenProblem("60"), new SemDedupOptions { Clusters = 1, Epsilon = 0.03 });
        selection.Rows.Select(r => r.Position).Order().ShouldBe(kept);
        ((SemDedupDetails)selection.Details!).NearCopies.ShouldBe(60 - kept.Length);
        selection.Remarks.ShouldContain(
            $"{60 - kept.Length} examples are near copies of others; without them the budget can't be met.");
        // Below what is left the budget decides, as without.
        Choose(GoldenProblem("20"), new SemDedupOptions { Clusters = 1, Epsilon = 0.03 }).Rows
            .ShouldBe(Choose(GoldenProblem("20"), new SemDedupOptions { Clusters = 1 }).Rows);
    }

    [Fact]
    public void A_budget_is_what_the_threshold_that_leaves_it_keeps()
    {
        var problem = Embeddings.Clustered(300, 1, "270");
        var budget = Choose(problem, new SemDedupOptions { Clusters = 4 });
        var threshold = 1 - ((SemDedupDetails)budget.Details!).LargestCosine;
        var epsilon = Choose(
            problem with { Budget = Budget.Parse("300") }, new SemDedupOptions { Clusters = 4, Epsilon = threshold });
        epsilon.Rows.ShouldBe(budget.Rows);
        // The last tenth are near copies of one of the first rows: of a row and its copies one stays.
        budget.Rows.Count(r => r.Position >= 270).ShouldBeLessThan(8);
    }

    [Fact]
    public void Blocks_change_no_cosine()
    {
        var problem = Embeddings.Clustered(400, 1, "10");
        var pool = EmbeddingRows.OpenHere(problem.Embeddings.Pool!, unit: true);
        int[] rows = [.. Enumerable.Range(0, 400).OrderBy(i => problem.ContentIds[i])];
        var clusters = EmbeddingClusters.Find(pool, rows, 1, 5, "test", problem, SelectionContext.Default);
        var whole = new NearCopies(pool, SelectionContext.Default).Find(clusters);
        new NearCopies(pool, SelectionContext.Default, 24 * 33).Find(clusters).ShouldBe(whole);
        new NearCopies(pool, SelectionContext.Default, 1).Find(clusters).ShouldBe(whole);
    }

    [Fact]
    public void D4_keeps_the_rows_farthest_from_their_centre_of_those_that_are_no_near_copies()
    {
        int[] order = [.. Numbers("d4").Select(i => (int)i)];
        var distances = Numbers("distances");
        var selection = Choose(GoldenProblem("30"), new D4Options { Clusters = 1 });
        selection.Rows.Select(r => r.Position).ShouldBe(order[..30]);
        for (var rank = 0; rank < 30; rank++) selection.Rows[rank].Score.ShouldBe(distances[rank], 1e-6);
        ((SemDedupDetails)selection.Details!).NearCopies.ShouldBe(15);
        selection.Remarks.ShouldBeEmpty();
    }

    [Fact]
    public void D4_above_what_it_keeps_takes_the_least_near_copies_too()
    {
        var cosines = Numbers("cosines");
        var selection = Choose(GoldenProblem("50"), new D4Options { Clusters = 1 });
        selection.Rows.Take(45).Select(r => r.Position).Order()
            .ShouldBe(Enumerable.Range(0, 60).OrderBy(i => cosines[i]).Take(45).Order());
        selection.Rows.Skip(45).Select(r => r.Position).ShouldBe(Enumerable.Range(0, 60).OrderBy(i => cosines[i]).Skip(45).Take(5));
        selection.Remarks.ShouldContain("The budget is above d4.keep: 5 near copies were taken too.");
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        var message = Should.Throw<PursuitException>(
            () => new SemDedupSelector(new SemDedupOptions { Clusters = -1, Iterations = 0, Epsilon = 1.5 })).Message;
        foreach (var name in new[] { "clusters", "iterations", "epsilon" }) message.ShouldContain($"semdedup.{name}: ");
        message = Should.Throw<PursuitException>(
            () => new D4Selector(new D4Options { Clusters = 70_000, Iterations = 0, Keep = 0 })).Message;
        foreach (var name in new[] { "clusters", "iterations", "keep" }) message.ShouldContain($"d4.{name}: ");
    }

    private static SelectionResult Choose(SelectionProblem problem, SemDedupOptions options) =>
        new SemDedupSelector(options).SelectWith(problem, 2, TestContext.Current.CancellationToken);

    private static SelectionResult Choose(SelectionProblem problem, D4Options options) =>
        new D4Selector(options).SelectWith(problem, 2, TestContext.Current.CancellationToken);

    private SelectionProblem GoldenProblem(string budget)
    {
        float[][] rows = [.. Numbers("pool").Select(x => (float)x).Chunk(_golden.RootElement.GetProperty("dimension").GetInt32())];
        return Embeddings.Problem(Embeddings.Of("pool", rows), null, budget);
    }

    private double[] Numbers(string name) => [.. _golden.RootElement.GetProperty(name).EnumerateArray().Select(e => e.GetDouble())];
}
