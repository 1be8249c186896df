using Pursuit.Numerics;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

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
        new[] { centres.Centre(0)[0], centres.Centre(1)[0] }.Order().ShouldBe([1.99f, 102f], 0.01);
    }

    [Fact]
    public void A_centre_without_rows_moves_to_the_row_worst_served()
    {
        // First centres drawn of these are equal, and all rows go to the lowest of them.
        float[] rows = [.. Enumerable.Range(0, 1000).Select(i => i switch { 300 => 5f, 700 => 9f, _ => 0f })];
        Cluster(rows, 1000, 1, 3, 20, threads: 2).Values.ToArray().Order().ShouldBe([0f, 5f, 9f]);
        // More centres than distinct rows: what is left over stays where it is.
        Cluster(rows, 1000, 1, 10, 20, threads: 2).Values.ToArray().Distinct().Order().ShouldBe([0f, 5f, 9f]);
    }

    private static RowCentres Cluster(float[] rows, int rowCount, int dim, int count, int iterations, int threads) =>
        EuclideanKMeans.Cluster(rows, rowCount, dim, count, new SeededRandom(5, "test/kmeans"), iterations, threads, Token);
}
