using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Tagcos;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Tagcos;

/// <summary>TAGCOS, its pursuit held against the authors' code (tests/fixtures/tagcos/make.py).</summary>
public sealed class TagcosTests : IDisposable
{
    private readonly JsonDocument _golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("tagcos", "golden.json")));

    public void Dispose() => _golden.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void One_cluster_is_pursued_as_the_authors_code_pursues_it(int number)
    {
        var wanted = _golden.RootElement.GetProperty("cases")[number];
        int[][] runs = [.. wanted.GetProperty("runs").EnumerateArray().Select(r => r.EnumerateArray().Select(e => e.GetInt32()).ToArray())];
        var options = new TagcosOptions { Clusters = 1, Ridge = wanted.GetProperty("ridge").GetDouble() };
        var selection = Select(GoldenProblem(wanted.GetProperty("budget").GetInt32()), options);
        var first = 0;
        foreach (var run in runs)
        {
            selection.Rows.Skip(first).Take(run.Length).Select(r => r.Position).Order().ShouldBe(run);
            first += run.Length;
        }

        selection.Rows.Count.ShouldBe(first);
        selection.Rows.ShouldAllBe(r => r.Weight == 1);
        ((TagcosDetails)selection.Details!).Pursuits.ShouldBe(runs.Length);
    }

    [Fact]
    public void A_cluster_that_does_not_fit_into_memory_is_pursued_alike()
    {
        var rows = new SummedRows(GoldenPool());
        int[] members = [.. Enumerable.Range(0, rows.Count)];
        var centroid = rows.Means(new int[rows.Count], [rows.Count], 1, CancellationToken.None);
        var (whole, blocks) = (Pursuit(rows.Count), Pursuit(7));
        blocks.Take(30).ShouldBe(whole.Take(30));
        blocks.Products.ToArray().ShouldBe(whole.Products.ToArray());

        ClusterPursuit Pursuit(int roomRows) => new(
            new ClusterRows(rows, members, new float[roomRows * rows.Dimension], new ParallelOptions()),
            centroid,
            new TagcosOptions(),
            CancellationToken.None);
    }

    [Fact]
    public void Clusters_share_the_budget_by_their_sizes_and_each_is_pursued_by_itself()
    {
        // 60, 30 and 10 rows about three directions at right angles.
        var random = new SeededRandom(3, "test/tagcos");
        float[][] rows =
        [
            .. Enumerable.Range(0, 100).Select(
                i => Enumerable.Range(0, 8).Select(k => (k == Group(i) ? 5 : 0) + (float)random.NextGaussian()).ToArray()),
        ];
        var problem = Problem(rows, Enumerable.Range(0, 100), "20");
        var selection = Select(problem, new TagcosOptions { Clusters = 3 });
        ((TagcosDetails)selection.Details!).LargestCluster.ShouldBe(60);
        int[] shares = [12, 6, 2];
        for (var g = 0; g < 3; g++)
        {
            int[] members = [.. Enumerable.Range(0, 100).Where(i => Group(i) == g)];
            var alone = Select(Problem(rows, members, $"{shares[g]}"), new TagcosOptions { Clusters = 1 });
            selection.Rows.Select(r => r.Position).Where(i => Group(i) == g).ShouldBe(alone.Rows.Select(r => members[r.Position]));
        }

        static int Group(int i) => i < 60 ? 0 : i < 90 ? 1 : 2;
    }

    [Theory]
    [InlineData(new[] { 5, 3, 2 }, 5, new[] { 3, 1, 1 })]
    [InlineData(new[] { 4, 4, 4 }, 2, new[] { 1, 1, 0 })]
    [InlineData(new[] { 1, 98, 1 }, 100, new[] { 1, 98, 1 })]
    [InlineData(new[] { 2_000_000_000 }, 2_000_000_000, new[] { 2_000_000_000 })]
    public void Shares_are_those_of_the_largest_remainder(int[] sizes, int budget, int[] shares) =>
        TagcosSelector.Shares(sizes, budget).ShouldBe(shares);

    [Fact]
    public void More_clusters_than_the_budget_has_examples_are_lowered_and_reported()
    {
        var problem = Gradients.WithoutTarget(Gradients.Realistic(150, 4, "15"));
        var selection = Select(problem, new TagcosOptions());
        selection.Remarks.ShouldContain("tagcos.clusters is lowered from 100 to the budget's 15 examples.");
        selection.Rows.ShouldBe(Select(problem, new TagcosOptions { Clusters = 15 }).Rows);
    }

    [Fact]
    public void Rows_that_point_away_from_the_centroid_are_taken_last()
    {
        float[][] rows = [[3, 0], [2, 1], [-1, 0], [2, -1], [-1, 0.1f]];
        var selection = Select(Problem(rows, Enumerable.Range(0, 5), "4"), new TagcosOptions { Clusters = 1 });
        selection.Rows.Take(3).Select(r => r.Position).Order().ShouldBe([0, 1, 3]);
        selection.Rows[3].Position.ShouldBe(4);
        selection.Rows[3].Score.ShouldBeLessThan(0);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        var message = Should.Throw<PursuitException>(
            () => new TagcosSelector(new TagcosOptions { Clusters = 0, Iterations = 0, Ridge = 0, Residual = 1 })).Message;
        foreach (var name in new[] { "clusters", "iterations", "ridge", "residual" }) message.ShouldContain($"tagcos.{name}: ");
    }

    private static SelectionResult Select(SelectionProblem problem, TagcosOptions options) =>
        new TagcosSelector(options).SelectWith(problem, 2, TestContext.Current.CancellationToken);

    private static SelectionProblem Problem(float[][] rows, IEnumerable<int> members, string budget)
    {
        int[] some = [.. members];
        return Gradients.Problem(Embeddings.Of("pool", Array.ConvertAll(some, i => rows[i])), null, budget) with
        {
            ContentIds = Array.ConvertAll(some, i => Problems.Id($"row {i}")),
        };
    }

    private SelectionProblem GoldenProblem(int budget) => Gradients.Problem(GoldenPool(), null, $"{budget}");

    private MemoryFeatures GoldenPool()
    {
        var root = _golden.RootElement;
        float[][] checkpoints =
            [.. root.GetProperty("pool").EnumerateArray().Select(c => c.EnumerateArray().Select(e => e.GetSingle()).ToArray())];
        double[] etabar = [.. root.GetProperty("etabar").EnumerateArray().Select(e => e.GetDouble())];
        return new MemoryFeatures("pool", root.GetProperty("dimension").GetInt32(), checkpoints, etabar);
    }
}
