using Pursuit.Numerics;
using Pursuit.Numerics.Reference;
using Pursuit.Runs;
using Pursuit.TestKit;

namespace Pursuit.Tests.Numerics;

public sealed class EuclideanKMeansTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 4)]
    [InlineData(20, 9)]
    public void Centres_are_those_of_a_plain_loop_for_any_number_of_threads(int count, int iterations)
    {
        var rows = Gradients.Gaussian(900, 12, 1, "kmeans")[0];
        var expected = ReferenceKMeans.Cluster(rows, 900, 12, count, new SeededRandom(5, "test/kmeans"), iterations);
        var centres = Cluster(rows, 900, 12, count, iterations, threads: 1);
        foreach (var (k, value) in expected.Index()) centres.Values[k].ShouldBe(value, 1e-5);
        Cluster(rows, 900, 12, count, iterations, threads: 5).Values.SequenceEqual(centres.Values).ShouldBeTrue();
    }

    [Fact]
    public void Groups_far_apart_each_get_a_centre_once_no_row_moves()
    {
        float[] rows = [.. Enumerable.Range(0, 400).SelectMany(i => new[] { 100f * (i % 2) + i / 100f, 3f })];
        var centres = Cluster(rows, 400, 2, 2, 50, threads: 2);
        new[] { centres.Of(0)[0], centres.Of(1)[0] }.Order().ShouldBe([1.99f, 102f], 0.01);
    }

    [Fact]
    public void More_centres_than_distinct_rows_leave_every_distinct_row_one_of_its_own()
    {
        float[] rows = [.. Enumerable.Range(0, 60).Select(i => (float)(i % 3))];
        var centres = Cluster(rows, 60, 1, 10, 20, threads: 2);
        centres.Values.ToArray().Distinct().Order().ShouldBe([0f, 1f, 2f]);
        var nearest = centres.Nearest(rows, 60, new ParallelOptions());
        for (var i = 0; i < 60; i++) centres.Of(nearest[i])[0].ShouldBe(rows[i]);
    }

    private static RowCentres Cluster(float[] rows, int rowCount, int dim, int count, int iterations, int threads) =>
        EuclideanKMeans.Cluster(rows, rowCount, dim, count, new SeededRandom(5, "test/kmeans"), iterations, threads, Token);
}
