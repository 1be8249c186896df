using Pursuit.Numerics;

namespace Pursuit.Tests.Numerics;

public sealed class TopKTests
{
    [Fact]
    public void The_best_rows_equal_those_of_a_full_sort_whatever_the_order_of_arrival()
    {
        var random = new SeededRandom(1, "test/topk");
        var scores = Enumerable.Range(0, 500).Select(_ => (float)random.NextInt(40)).ToArray();
        var tie = Enumerable.Range(0, 500).ToArray();
        random.Shuffle<int>(tie);
        int Ties(long a, long b) => tie[a].CompareTo(tie[b]);
        foreach (var k in new[] { 0, 1, 7, 100, 500, 600 })
        {
            var expected = Enumerable.Range(0, 500).OrderByDescending(i => scores[i]).ThenBy(i => tie[i]).Take(k).ToArray();
            TopK.Largest(scores, k, Ties).ShouldBe(expected);
            var order = Enumerable.Range(0, 500).ToArray();
            random.Shuffle<int>(order);
            var best = new TopK(k, Ties);
            foreach (var i in order)
                best.Offer(i, scores[i]);
            best.ToSorted().Select(entry => (int)entry.Row).ShouldBe(expected);
            best.Count.ShouldBe(Math.Min(k, 500));
        }
    }

    [Fact]
    public void NaN_is_never_chosen_and_a_threshold_is_exclusive()
    {
        TopK.Largest([float.NaN, 1, float.NegativeInfinity, 2, 0], 5).ShouldBe([3, 1, 4, 2]);
        TopK.Largest([float.NaN, 1, -1, 2, 0], 5, above: 0).ShouldBe([3, 1]);
        TopK.Largest([2, 2, 2], 2).ShouldBe([0, 1]);
        Should.Throw<PursuitException>(() => new TopK(-1)).Message.ShouldContain("count -1");
    }
}
