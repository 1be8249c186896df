using Pursuit.Selection;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection;

public sealed class RepeatsTests
{
    [Fact]
    public void One_copy_on_average_is_one_copy_each()
    {
        Repeats.FromWeights(Rows(0.1, 2.5, 0.4), 1).ShouldBe([1, 1, 1]);
    }

    [Fact]
    public void Copies_follow_the_weights_by_largest_remainder()
    {
        // Shares of 12 copies: 1.2, 7.2, 3.6 -> floors 1, 7, 3; the copy left goes to the largest remainder, 0.6.
        Repeats.FromWeights(Rows(0.3, 1.8, 0.9), 4).ShouldBe([1, 7, 4]);
    }

    [Fact]
    public void A_row_of_weight_zero_still_gets_one_copy()
    {
        Repeats.FromWeights(Rows(0, 3, 0), 4).ShouldBe([1, 10, 1]);
    }

    [Fact]
    public void Where_no_row_weighs_anything_all_get_the_mean()
    {
        Repeats.FromWeights([new RankedRow(0, 0, 0), new RankedRow(1, 0, 0)], 3).ShouldBe([3, 3]);
        Should.Throw<ArgumentOutOfRangeException>(() => Repeats.FromWeights(Rows(1, 1), 0));
    }

    [Fact]
    public void Copies_always_add_up_and_are_at_least_one()
    {
        var random = new SeededRandom(1, "test/repeats");
        for (var trial = 0; trial < 200; trial++)
        {
            var weights = Enumerable.Range(0, 1 + random.NextInt(50)).Select(_ => Math.Pow(random.NextDouble(), 4)).ToArray();
            var mean = 1 + random.NextInt(8);
            var repeats = Repeats.FromWeights(Rows(weights), mean);
            repeats.Sum().ShouldBe(mean * weights.Length);
            repeats.Min().ShouldBeGreaterThanOrEqualTo(1);
        }
    }

    [Fact]
    public void No_copy_could_move_from_one_row_to_another_and_come_nearer_the_weights()
    {
        // Moving a copy from i to j lowers the squared distance exactly where i's surplus exceeds j's by more than one.
        var random = new SeededRandom(2, "test/repeats/exchange");
        for (var trial = 0; trial < 200; trial++)
        {
            var weights = Enumerable.Range(0, 2 + random.NextInt(30)).Select(_ => Math.Pow(random.NextDouble(), 3)).ToArray();
            var mean = 1 + random.NextInt(5);
            var repeats = Repeats.FromWeights(Rows(weights), mean);
            var surplus = repeats.Select((r, i) => r - weights[i] / weights.Average() * mean).ToArray();
            var most = surplus.Where((_, i) => repeats[i] > 1).DefaultIfEmpty(double.NegativeInfinity).Max();
            (most - surplus.Min()).ShouldBeLessThanOrEqualTo(1 + Tolerances.DoubleReordered);
        }
    }

    private static List<RankedRow> Rows(params double[] weights)
    {
        var mean = weights.Average();
        return [.. weights.Select((w, i) => new RankedRow(i, 0, w / mean))];
    }
}
