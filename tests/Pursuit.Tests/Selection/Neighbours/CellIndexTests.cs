using Pursuit.Numerics;
using Pursuit.Selection;
using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Tsds;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;
using Pursuit.Tests.Selection.Tsds;

namespace Pursuit.Tests.Selection.Neighbours;

/// <summary>An inverted file against its plain twin, exact search, and what it says of itself.</summary>
public sealed class CellIndexTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(20, 1, 1)]
    [InlineData(20, 3, 4)]
    [InlineData(300, 40, 2)]
    public void A_search_finds_what_the_plain_twin_finds(int lists, int probes, int threads)
    {
        var problem = Embeddings.Clustered(600, 15, "1");
        var rows = Embeddings.Rows(problem.Embeddings.Pool!);
        var targets = Embeddings.Rows(problem.Embeddings.Target!);
        foreach (var shardRows in new[] { 1024, 11 })
        {
            var (pool, target) = EmbeddingRows.Open(Embeddings.Of("pool", rows, shardRows), problem.Embeddings.Target, unit: false);
            var centres = CellIndex.Train(pool, problem.ContentIds, lists, 3, threads, Token);
            var found = Find(pool, problem, target!, centres, probes, threads);
            for (var j = 0; j < targets.Length; j++)
                found.Rows[j].ShouldBe(
                    ReferenceCells.Find(rows, targets[j], centres.Values.ToArray(), lists, probes, problem.ContentIds).Take(50));
        }
    }

    [Fact]
    public void Looking_at_every_list_is_exact_search()
    {
        var problem = Embeddings.Clustered(900, 12, "1");
        var (pool, target) = EmbeddingRows.Open(problem.Embeddings.Pool!, problem.Embeddings.Target, unit: false);
        var exact = NeighbourSearch.Nearest(new NearestRows(pool, problem.ContentIds, target!.ToArray(), 50, 2), Token);
        var found = Find(pool, problem, target, CellIndex.Train(pool, problem.ContentIds, 30, 0, 2, Token), 30, 2);
        for (var j = 0; j < 12; j++)
        {
            found.Rows[j].ShouldBe(exact.Rows[j]);
            found.Distances[j].ShouldBe(exact.Distances[j]);
        }
    }

    [Fact]
    public void Centres_depend_on_the_seed_and_on_nothing_but_the_rows()
    {
        // So large a pool that its centres come from a sample.
        var problem = Embeddings.Clustered(2000, 1, "1");
        var expected = Train(problem, 0);
        var order = Enumerable.Range(0, 2000).ToArray();
        new SeededRandom(4, "test/order").Shuffle(order.AsSpan());
        Train(Embeddings.Permuted(problem, order, 37), 0, 3).ShouldBe(expected);
        Train(problem, 1).ShouldNotBe(expected);

        static float[] Train(SelectionProblem problem, ulong seed, int threads = 2) =>
            CellIndex.Train(
                EmbeddingRows.Open(problem.Embeddings.Pool!, null, unit: false).Pool,
                problem.ContentIds,
                10,
                seed,
                threads,
                Token).Values.ToArray();
    }

    [Theory]
    [InlineData(TsdsDensity.Kde)]
    [InlineData(TsdsDensity.Uniform)]
    public void With_every_list_probed_tsds_chooses_as_without_an_index_and_says_that_nothing_is_missed(TsdsDensity density)
    {
        var problem = Embeddings.Clustered(700, 9, "40");
        var options = Published.Tsds with { Density = density, Sigma = 0.5 };
        var exact = Choose(problem, options);
        var found = Choose(problem, options with { Index = TsdsIndex.Ivf, Lists = 25, Probes = 25 });
        found.Rows.ShouldBe(exact.Rows);
        Details(found).Certified.ShouldBe(Details(exact).Certified);
        Details(found).Index.ShouldBe(new TsdsIndexReport(25, 25, 1, 9));
        Details(exact).Index.ShouldBeNull();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_recall_told_is_that_of_the_rows_the_twin_finds(int probes)
    {
        const int Lists = 25;
        var problem = Embeddings.Clustered(700, 9, "40", seed: 6);
        var selection = Choose(problem, Published.Tsds with { Index = TsdsIndex.Ivf, Lists = Lists, Probes = probes });
        var details = Details(selection);
        var rows = Embeddings.Rows(problem.Embeddings.Pool!);
        var targets = Embeddings.Rows(problem.Embeddings.Target!);
        var centres = CellIndex.Train(
            EmbeddingRows.Open(problem.Embeddings.Pool!, null, unit: false).Pool, problem.ContentIds, Lists, 6, 2, Token).Values.ToArray();
        var shares = targets.Select((query, j) =>
        {
            var count = details.Neighbours[j];
            var nearest = Enumerable.Range(0, rows.Length)
                .OrderBy(i => SquaredDistance.Of(query, rows[i]))
                .ThenBy(i => problem.ContentIds[i])
                .Take(count);
            return (double)ReferenceCells.Find(
                rows, query, centres, Lists, probes, problem.ContentIds).Take(count).Intersect(nearest).Count() / count;
        }).ToArray();
        details.Index!.Recall.ShouldBe(shares.Average(), 1e-12);
        details.Index.Recall.ShouldBeLessThan(1);
        details.Certified.ShouldBeFalse();
        selection.Remarks.ShouldContain(r => r.Contains("of the neighbours: raise probes"));
        Probabilities(selection).Sum().ShouldBe(1, 1e-6);
    }

    [Fact]
    public void Lists_that_no_row_is_in_are_not_looked_at()
    {
        // The centre nearest to the target has no rows; of the others, 0 is nearer than 20.
        var problem = Embeddings.Problem(
            Embeddings.Of("pool", [.. Enumerable.Range(0, 60).Select(i => new[] { 20f * (i % 2) })]),
            Embeddings.Of("target", [[9f]]),
            "10");
        var (pool, target) = EmbeddingRows.Open(problem.Embeddings.Pool!, problem.Embeddings.Target, unit: false);
        var found = Find(pool, problem, target!, new RowCentres([0, 10, 20], 3, 1), 1, 2);
        found.Rows[0].Order().ShouldBe(Enumerable.Range(0, 60).Where(i => i % 2 == 0));
    }

    [Fact]
    public void Bad_numbers_of_lists_and_probes_are_named()
    {
        var message = Should.Throw<PursuitException>(
            () => new TsdsSelector(
                Published.Tsds with { Index = TsdsIndex.Ivf, Lists = 0, Probes = 0, Compat = TsdsCompatibility.Authors })).Message;
        foreach (var part in new[] { "lists 0", "probes 0", "index ivf with compat authors" }) message.ShouldContain(part);
        // More lists than rows: as many as there are.
        var few = Choose(Embeddings.Clustered(5, 2, "1"), Published.Tsds with { Index = TsdsIndex.Ivf, Lists = 100 });
        Details(few).Index!.Recall.ShouldBe(1);
    }

    private static NeighbourLists Find(
        EmbeddingRows pool, SelectionProblem problem, EmbeddingRows target, RowCentres centres, int probes, int threads)
    {
        var cells = RowCells.Assign(pool, centres, threads, Token);
        var lists = new NeighbourLists(new int[target.Count][], new double[target.Count][]);
        var nearest = new NearestRows(pool, problem.ContentIds, target.ToArray(), 50, threads);
        NeighbourSearch.Lengthen(
            lists, nearest, new CellIndex(cells, cells.Counts(pool.Own), probes), [.. Enumerable.Range(0, target.Count)], Token);
        return lists;
    }

    private static SelectionResult Choose(SelectionProblem problem, TsdsOptions options) =>
        new TsdsSelector(options).Select(problem, Token);

    private static TsdsDetails Details(SelectionResult selection) => (TsdsDetails)selection.Details!;

    private static float[] Probabilities(SelectionResult selection) =>
        selection.Arrays.Single(a => a.Name == TsdsSelector.ProbabilitiesName).Values;
}
