using Pursuit.Proof;

namespace Pursuit.Tests.Proof;

public sealed class DatamodelScoreTests
{
    // scipy.stats.spearmanr 1.10.1
    [Theory]
    [InlineData(new double[] { 1, 2, 3, 4, 5 }, new double[] { 5, 6, 7, 8, 7 }, 0.8207826816681233)]
    [InlineData(new double[] { 0.3, 0.3, 1, -2, 5, 5 }, new double[] { 1, 2, 2, 0, 9, 3 }, 0.9404032585917882)]
    [InlineData(new double[] { 3, 1, 2 }, new double[] { 1, 3, 2 }, -1)]
    public void Rank_correlations_are_scipys(double[] first, double[] second, double expected) =>
        RankCorrelation.Of(first, second).ShouldBe(expected, 1e-12);

    [Fact]
    public void What_never_varies_correlates_with_nothing() => RankCorrelation.Of([1, 1, 1], [1, 2, 3]).ShouldBe(0);

    [Fact]
    public void Sums_that_order_the_losses_score_1_and_reversed_ones_minus_1_with_no_doubt()
    {
        double[][] losses = [[3, 1, 2, 0.5, 9], [1, 4, 2, 3, 0]];
        double[][] sums = [.. losses.Select(l => l.Select(x => Math.Exp(-x)).ToArray())];
        DatamodelScore.Of([(sums, losses)], 1).ShouldBe(new Interval(1, 1, 1));
        DatamodelScore.Of([(losses, losses)], 1).ShouldBe(new Interval(-1, -1, -1));
    }

    [Fact]
    public void Random_sums_have_intervals_that_hold_0_as_often_as_they_say()
    {
        const int Trials = 200;
        var inside = Enumerable.Range(0, Trials).Count(trial =>
        {
            var random = new SeededRandom((ulong)trial, "test/datamodel");
            double[] Numbers() => [.. Enumerable.Range(0, 25).Select(_ => random.NextGaussian())];
            double[][] Draw() => [.. Enumerable.Range(0, 12).Select(_ => Numbers())];
            var score = DatamodelScore.Of([(Draw(), Draw()), (Draw(), Draw())], (ulong)trial);
            return score.Low < 0 && score.High > 0;
        });
        // 95% said; subsets and target examples are each resampled, so it may hold more often.
        inside.ShouldBeGreaterThan((int)(0.9 * Trials));
    }

    [Fact]
    public void Targets_count_alike_whatever_their_examples()
    {
        double[] rising = [1, 2, 3, 4], falling = [4, 3, 2, 1];
        double[][] five = [.. Enumerable.Repeat(rising, 5)];
        DatamodelScore.Of([(new[] { rising }, new[] { falling }), (five, five)], 0).Estimate.ShouldBe(0, 1e-12);
    }
}
