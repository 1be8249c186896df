using Pursuit.Numerics;
using Pursuit.Selection.Features;
using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Neighbours;

/// <summary>Exact searches against all pairs in double precision.</summary>
public sealed class NeighbourTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(500, 9, 1, 1)]
    [InlineData(500, 9, 37, 3)]
    [InlineData(40, 3, 40, 2)]
    [InlineData(1, 2, 1, 4)]
    public void Nearest_rows_are_those_of_sorting_all_pairs(int rows, int queries, int length, int threads)
    {
        var problem = Embeddings.Clustered(rows, queries, "1");
        Check(Embeddings.Rows(problem.Embeddings.Pool!), Embeddings.Rows(problem.Embeddings.Target!), problem.ContentIds, length, threads);
    }

    [Fact]
    public void Near_duplicates_far_from_the_origin_keep_their_order()
    {
        // Squared norms of a million and squared distances of a millionth: |x|^2 + |q|^2 - 2 x.q in single precision is noise here.
        var random = new SeededRandom(3, "test/near-duplicates");
        float[] Near() => [.. Enumerable.Range(0, 32).Select(k => 180 + k + (float)(1e-3 * random.NextGaussian()))];
        var pool = Enumerable.Range(0, 300).Select(_ => Near()).ToArray();
        Check(pool, [Near(), Near()], Problems.Pool(300, "1").ContentIds, 20, 2);
    }

    [Fact]
    public void Equal_distances_go_by_content_id_in_any_order_of_rows()
    {
        float[][] pool = [.. Enumerable.Range(0, 60).Select(i => new float[] { i % 3, 1 })];
        var ids = Problems.Pool(60, "1").ContentIds;
        Check(pool, [[0, 1], [2, 0]], ids, 25, 3);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(0.9)]
    [InlineData(5.0)]
    public void A_radius_search_visits_every_pair_within_the_radius_once(double radius)
    {
        var problem = Embeddings.Clustered(400, 1, "1", dimension: 40);
        var features = (MemoryFeatures)problem.Embeddings.Pool!;
        var rows = Embeddings.Doubles(features);
        int[] queries = [.. Enumerable.Range(0, 400).Where(i => i % 3 == 0)];
        foreach (var shardRows in new[] { 1, 37, 1024 })
        {
            var found = new List<(int, int)>();
            var pool = EmbeddingRows.Open(Gradients.InShards(features, shardRows), null, unit: false).Pool;
            var search = new RadiusSearch(pool, 3);
            foreach (var part in search.Search(
                Values(pool, queries), (_, _) => radius * radius, () => new List<(int, int)>(), (list, q, row, squared) =>
                {
                    squared.ShouldBe(Squared(rows[queries[q]], rows[row]), 1e-12);
                    list.Add((queries[q], row));
                }, Token)) found.AddRange(part);
            var expected = queries.SelectMany(
                q => Enumerable.Range(0, 400).Where(i => Squared(rows[q], rows[i]) <= radius * radius).Select(i => (q, i)));
            // Not element by element: tens of thousands of pairs take minutes to print.
            found.Order().SequenceEqual(expected.Order()).ShouldBeTrue($"{found.Count} pairs visited in shards of {shardRows}");
        }
    }

    [Theory]
    [InlineData(24, 0.5)]
    [InlineData(3, 0.4)]
    public void Cells_of_the_pool_rule_no_row_out_that_lies_within_the_radius(int dimension, double radius)
    {
        // As many rows and queries as it takes for cells, norms from 0.5 to 2. In space two directions and the distance from their
        // plane are nearly the distance itself: the bounds are as tight as they get.
        const int Rows = 5000, Queries = 2300;
        var rows = Embeddings.Rows(Embeddings.Clustered(Rows, 1, "1", dimension).Embeddings.Pool!);
        rows = [.. rows.Select((row, i) => Array.ConvertAll(row, x => x * (0.5f + 1.5f * (i % 100) / 99)))];
        var pool = EmbeddingRows.Open(Embeddings.Of("pool", rows), null, unit: false).Pool;
        var search = new RadiusSearch(pool, 2);
        var parts = search.Search(
            Values(pool, [.. Enumerable.Range(0, Queries)]),
            (_, _) => radius * radius,
            () => new List<(int, int)>(),
            (list, q, row, _) => list.Add((q, row)),
            Token);
        var expected = new List<(int, int)>();
        for (var q = 0; q < Queries; q++)
            for (var i = 0; i < Rows; i++)
                if (SquaredDistance.Of(rows[q], rows[i]) <= radius * radius) expected.Add((q, i));
        parts.SelectMany(p => p).Order().SequenceEqual(expected).ShouldBeTrue();
        search.PairsMultiplied.ShouldBeLessThan((long)Rows * Queries / 2);
    }

    [Fact]
    public void A_lone_query_finds_every_row_just_within_its_radius()
    {
        // In the plane what a group's direction tells is nearly the distance itself: the bounds are as tight as they get.
        var rows = new List<float[]> { new[] { 3f, 1f } };
        for (var step = 0; step < 360; step++)
        {
            var (sine, cosine) = Math.SinCos(step * Math.PI / 180);
            rows.Add([3 + (float)(0.4999 * cosine), 1 + (float)(0.4999 * sine)]);
            rows.Add([3 + (float)(0.5001 * cosine), 1 + (float)(0.5001 * sine)]);
        }

        var found = new List<int>();
        var pool = EmbeddingRows.Open(Embeddings.Of("pool", [.. rows]), null, unit: false).Pool;
        foreach (var part in new RadiusSearch(pool, 2).Search(
            Values(pool, [0]),
            (_, _) => 0.25,
            () => new List<int>(),
            (list, _, row, _) => list.Add(row),
            Token))
        {
            found.AddRange(part);
        }

        found.Order().ShouldBe(Enumerable.Range(0, rows.Count).Where(i => i == 0 || i % 2 == 1));
    }

    [Fact]
    public void A_radius_search_rules_most_far_pairs_out_by_products()
    {
        var features = (MemoryFeatures)Embeddings.Clustered(1000, 1, "1", dimension: 64).Embeddings.Pool!;
        var pool = EmbeddingRows.Open(features, null, unit: false).Pool;
        var search = new RadiusSearch(pool, 1);
        var within = 0;
        search.Search(Values(pool, [.. Enumerable.Range(0, 500)]), (_, _) => 0.25, () => 0, (_, _, _, _) => within++, Token);
        within.ShouldBeGreaterThanOrEqualTo(500);
        search.PairsMeasured.ShouldBeInRange(within, 500 * 1000 / 10);
    }

    [Fact]
    public void Products_in_a_subspace_never_understate_what_two_rows_share()
    {
        var rows = Gradients.Gaussian(200, 30, 1, "subspace")[0];
        var norms = Enumerable.Range(0, 200).Select(i => DotProduct.SquaredNorm(rows.AsSpan(i * 30, 30))).ToArray();
        foreach (var size in new[] { 0, 1, 7, 30 })
        {
            var subspace = Subspace.Find(rows, 200, 30, size);
            var reduced = new float[200 * subspace.Width];
            subspace.Reduce(rows, 200, norms, reduced);
            for (var i = 0; i < 200; i += 3)
            {
                for (var j = 0; j < 200; j++)
                {
                    var whole = Dot(rows, i, j, 30);
                    Dot(reduced, i, j, subspace.Width).ShouldBeGreaterThanOrEqualTo(whole - 1e-4 * Math.Sqrt(norms[i] * (double)norms[j]));
                    if (size == 30) Dot(reduced, i, j, subspace.Width).ShouldBe(whole, 1e-3 * Math.Sqrt(norms[i] * (double)norms[j]));
                }
            }
        }

        static double Dot(float[] rows, int i, int j, int width)
        {
            var sum = 0.0;
            for (var k = 0; k < width; k++) sum += (double)rows[i * width + k] * rows[j * width + k];
            return sum;
        }
    }

    private static float[] Values(EmbeddingRows pool, int[] rows)
    {
        var values = new float[rows.Length * pool.Dimension];
        pool.Gather(rows, values);
        return values;
    }

    private static void Check(float[][] pool, float[][] queries, IReadOnlyList<ContentId> ids, int length, int threads)
    {
        foreach (var shardRows in new[] { 1024, 11 })
        {
            var (rows, target) = EmbeddingRows.Open(Embeddings.Of("pool", pool, shardRows), Embeddings.Of("target", queries), unit: false);
            var lists = NeighbourSearch.Nearest(new NearestRows(rows, ids, target!.ToArray(), length, threads), Token);
            for (var j = 0; j < queries.Length; j++)
            {
                var expected = Enumerable.Range(0, pool.Length)
                    .OrderBy(i => Squared(queries[j], pool[i]))
                    .ThenBy(i => ids[i])
                    .Take(length)
                    .ToArray();
                lists.Rows[j].ShouldBe(expected);
                foreach (var (k, i) in expected.Index())
                    lists.Distances[j][k].ShouldBe(Math.Sqrt(Squared(queries[j], pool[i])), 1e-12 * (1 + lists.Distances[j][k]));
            }
        }
    }

    private static double Squared(float[] a, float[] b) =>
        Squared(Array.ConvertAll(a, x => (double)x), Array.ConvertAll(b, x => (double)x));

    private static double Squared(double[] a, double[] b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();
}
