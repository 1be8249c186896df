using Pursuit.Proof;

namespace Pursuit.Tests.Proof;

public sealed class BootstrapTests
{
    /// <summary>t(1), the 97.5% quantile: tan(0.475 pi).</summary>
    private const double StudentOfOne = 12.7062047362;

    [Theory]
    [InlineData(1, 12.7062047362)]
    [InlineData(2, 4.3026527297)]
    [InlineData(3, 3.1824463053)]
    [InlineData(10, 2.2281388520)]
    [InlineData(29, 2.0452296421)]
    [InlineData(120, 1.9799304051)]
    [InlineData(200, 1.9718962236)]
    [InlineData(201, 1.9718365068)]
    [InlineData(500, 1.9647198374)]
    public void Students_quantile_is_that_of_the_tables(int degrees, double quantile) =>
        SmallSample.StudentQuantile(degrees).ShouldBe(quantile, 1e-9 * quantile);

    [Fact]
    public void Fewer_values_than_vary_are_refused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => SmallSample.StudentQuantile(0));
        Should.Throw<ArgumentOutOfRangeException>(() => SmallSample.Expansion(1));
    }

    [Fact]
    public void Identical_scores_differ_by_exactly_zero()
    {
        var scores = Simulate(new SeededRandom(1, "tests/same"), 3, 40, 0, 0.3, 0.5, 0.2);
        Bootstrap.OfTest(scores.Less(scores), 7).ShouldBe(new Interval(0, 0, 0));
        Bootstrap.OfTargets([scores.Less(scores), scores.Less(scores)], 7).ShouldBe(new Interval(0, 0, 0));
        Verdicts.Of(new Interval(0, 0, 0), lowerIsBetter: true).ShouldBe(Verdict.NoDifferenceShown);
    }

    [Fact]
    public void A_shift_of_every_answer_token_shifts_the_interval_and_a_scale_stretches_it()
    {
        var random = new SeededRandom(2, "tests/shift");
        double[] sizes = [.. Enumerable.Range(0, 50).Select(_ => 1.0 + random.NextInt(30))];
        var totals = Enumerable.Range(0, 3).Select(_ => sizes.Select(n => n * random.NextGaussian()).ToArray()).ToList();
        var plain = Bootstrap.OfTest(new ExampleScores(totals, sizes), 5);
        var shifted = Bootstrap.OfTest(new ExampleScores([.. totals.Select(t => t.Zip(sizes, (x, n) => x + 10 * n).ToArray())], sizes), 5);
        var scaled = Bootstrap.OfTest(new ExampleScores([.. totals.Select(t => t.Select(x => 4 * x).ToArray())], sizes), 5);
        foreach (var (expected, found) in new[]
        {
            (plain.Estimate + 10, shifted.Estimate), (plain.Low!.Value + 10, shifted.Low!.Value),
            (plain.High!.Value + 10, shifted.High!.Value),
        })
            found.ShouldBe(expected, 1e-12 * Math.Abs(expected));
        (scaled.High!.Value - scaled.Low!.Value).ShouldBe(4 * (plain.High.Value - plain.Low.Value), 1e-12);
    }

    [Theory]
    [InlineData(3, 60, 0.0, 1.0, 0.0)] // examples alone vary
    // seeds alone vary: with three of them a plain percentile interval is their range, and covers three times in four
    [InlineData(3, 60, 0.3, 0.0, 0.0)]
    [InlineData(3, 60, 0.1, 1.0, 0.3)] // as measured trainings do: something of each
    [InlineData(5, 25, 0.2, 1.0, 1.0)]
    [InlineData(1, 60, 0.0, 1.0, 0.0)]
    [InlineData(2, 60, 0.1, 1.0, 0.3)]
    [InlineData(2, 60, 0.3, 0.2, 0.0)]
    public void The_truth_lies_in_nineteen_of_twenty_intervals(int seeds, int examples, double ofSeeds, double ofExamples, double ofBoth)
    {
        const int Trials = 300;
        var random = new SeededRandom(3, "tests/coverage");
        var hits = 0;
        for (var trial = 0; trial < Trials; trial++)
        {
            var interval = Bootstrap.OfTest(Simulate(random, seeds, examples, 0.7, ofSeeds, ofExamples, ofBoth), (ulong)trial);
            if (interval.Low <= 0.7 && interval.High >= 0.7) hits++;
        }

        // 95% of 300 within three standard errors below; above, up to all: what seed and example share is counted twice.
        ((double)hits / Trials).ShouldBeInRange(0.912, 1);
    }

    [Theory]
    [InlineData(1, 2, 1)] // two seeds of one target, which alone vary
    [InlineData(1, 3, 1)]
    [InlineData(2, 1, 0)] // two targets by one seed
    [InlineData(2, 2, 0.5)]
    [InlineData(3, 1, 0)]
    [InlineData(7, 3, 0.3)] // as docs/proof.md recommends
    public void Few_seeds_or_targets_cover_the_truth_as_often_as_is_said(int targets, int seeds, double ofSeeds)
    {
        // Enough trials to tell 93 from 95 in a hundred: two values resampled by percentiles alone give 93.
        const int Trials = 3000;
        var random = new SeededRandom(6, "tests/few");
        var hits = 0;
        for (var trial = 0; trial < Trials; trial++)
        {
            double[] seed = [.. Enumerable.Range(0, seeds).Select(_ => ofSeeds * random.NextGaussian())];
            List<ExampleScores> scores = [.. Enumerable.Range(0, targets).Select(_ =>
            {
                var target = targets > 1 ? random.NextGaussian() : 0;
                return ExampleScores.OfValues([.. seed.Select(s => new[] { 0.7 + s + target, 0.7 + s + target })]);
            })];
            var interval = Bootstrap.OfTargets(scores, (ulong)trial);
            if (interval.Low <= 0.7 && interval.High >= 0.7) hits++;
        }

        ((double)hits / Trials).ShouldBeInRange(0.94, 1);
    }

    [Fact]
    public void Without_anything_shared_the_interval_is_not_wider_than_it_need_be()
    {
        const int Trials = 300;
        var random = new SeededRandom(4, "tests/not-too-wide");
        var hits = 0;
        var width = 0.0;
        for (var trial = 0; trial < Trials; trial++)
        {
            var interval = Bootstrap.OfTest(Simulate(random, 1, 60, 0, 0, 1, 0), (ulong)trial);
            if (interval.Low <= 0 && interval.High >= 0) hits++;
            width += (interval.High!.Value - interval.Low!.Value) / Trials;
        }

        ((double)hits / Trials).ShouldBeInRange(0.912, 0.988);
        width.ShouldBe(2 * SmallSample.StudentQuantile(59) / Math.Sqrt(60), 0.05 * width);
    }

    [Fact]
    public void Across_targets_the_truth_over_all_targets_is_covered()
    {
        const int Trials = 200;
        var random = new SeededRandom(5, "tests/targets");
        var hits = 0;
        for (var trial = 0; trial < Trials; trial++)
        {
            List<ExampleScores> targets =
                [.. Enumerable.Range(0, 5).Select(_ => Simulate(random, 3, 30, 0.7 + 0.5 * random.NextGaussian(), 0.05, 1, 0.2))];
            var interval = Bootstrap.OfTargets(targets, (ulong)trial);
            if (interval.Low <= 0.7 && interval.High >= 0.7) hits++;
        }

        ((double)hits / Trials).ShouldBeInRange(0.90, 0.995);
    }

    [Fact]
    public void Of_two_or_three_values_the_interval_is_students_exactly()
    {
        // Two values x, y: a resample's outer places have a quarter each, so the ends are the mean -+ t(1) |x - y| / 2.
        Near(Bootstrap.OfTest(ExampleScores.OfValues([[1, 3]]), 3), 2, StudentOfOne);
        // Three: the outer places have 1/27 each, still above 2.5%. 0, 1, 2 reach 1 from the mean, times sqrt(3/2) t(2) / z.
        Near(Bootstrap.OfTest(ExampleScores.OfValues([[0, 1, 2]]), 3), 1, Math.Sqrt(1.5) * 4.3026527297 / 1.9599639845);
    }

    [Fact]
    public void Values_that_are_skewed_give_an_interval_skewed_to_the_same_side()
    {
        // 0, 0, 3 lie at most 1 below their mean and 2 above it: a resample is all 0 or all 3 with 8/27 and 1/27, both above 2.5%.
        var factor = Math.Sqrt(1.5) * 4.3026527297 / 1.9599639845;
        foreach (var scores in new[] { ExampleScores.OfValues([[0, 0, 3]]), ExampleScores.OfValues([[0, 0], [0, 0], [3, 3]]) })
        {
            var interval = Bootstrap.OfTest(scores, 3);
            interval.Low!.Value.ShouldBe(1 - factor, 1e-8);
            interval.High!.Value.ShouldBe(1 + 2 * factor, 1e-8);
        }
    }

    [Fact]
    public void An_example_deviates_from_the_mean_by_its_total_less_what_its_size_leads_to_expect()
    {
        // Mean 12 / 4 = 3. Deviations (2 - 3 x 1) / 4 and (10 - 3 x 3) / 4; the outer places are twice these.
        Near(Bootstrap.OfTest(new ExampleScores([[2, 10]], [1, 3]), 3), 3, StudentOfOne * 0.5);
        // Two seeds of the same totals' mean, 12 apart by seed: seed means 4.5 and 1.5 lie 1.5 from theirs, and are added.
        Near(Bootstrap.OfTest(new ExampleScores([[4, 14], [0, 6]], [1, 3]), 3), 3, StudentOfOne * (0.5 + 1.5));
    }

    [Fact]
    public void Across_two_targets_their_means_and_the_seeds_means_over_both_are_resampled()
    {
        ExampleScores first = new([[2, 10], [3, 13]], [1, 3]), second = new([[8, 8], [0, 0]], [1, 1]);
        // Means by seed: 3 and 4, then 8 and 0; of the targets 3.5 and 4, of the seeds 5.5 and 2.
        Near(Bootstrap.OfTargets([first, second], 3), 3.75, StudentOfOne * (0.25 + 1.75));
    }

    [Fact]
    public void The_ends_are_the_percentiles_of_the_draws()
    {
        // 0 and 1 in equal number: a resample of n has a binomial number of ones. Of 400 the 2.5% and 97.5% places are 180 and 220
        // (standard deviation 10, so 1.96 of them), stretched by 1.0043; the 1% and 99% places would be 177 and 223.
        var interval = Bootstrap.OfTest(ExampleScores.OfValues([[.. Enumerable.Range(0, 400).Select(i => (double)(i % 2))]]), 3);
        (interval.High!.Value - 0.5).ShouldBe(0.0502, 0.0026);
        (0.5 - interval.Low!.Value).ShouldBe(0.0502, 0.0026);
    }

    [Fact]
    public void Longer_answers_count_for_more_tokens()
    {
        var scores = ExampleScores.OfLosses([[1, 3]], [9, 1]);
        scores.Mean.ShouldBe(1.2, 1e-15);
        Bootstrap.OfTest(scores, 0).Estimate.ShouldBe(1.2, 1e-15);
    }

    [Fact]
    public void One_example_gives_no_interval_and_shows_no_difference()
    {
        var interval = Bootstrap.OfTest(new ExampleScores([[-1]], [1]), 0);
        interval.ShouldBe(new Interval(-1, null, null));
        Verdicts.Of(interval, lowerIsBetter: true).ShouldBe(Verdict.NoDifferenceShown);
    }

    [Theory]
    [InlineData(-0.3, -0.1, Verdict.Better, Verdict.Worse)]
    [InlineData(0.1, 0.3, Verdict.Worse, Verdict.Better)]
    [InlineData(-0.1, 0.3, Verdict.NoDifferenceShown, Verdict.NoDifferenceShown)]
    public void A_verdict_needs_the_whole_interval_on_one_side(double low, double high, Verdict ofLoss, Verdict ofScore)
    {
        Verdicts.Of(new Interval(0, low, high), lowerIsBetter: true).ShouldBe(ofLoss);
        Verdicts.Of(new Interval(0, low, high), lowerIsBetter: false).ShouldBe(ofScore);
    }

    [Fact]
    public void Differences_of_other_examples_are_refused() =>
        Should.Throw<ArgumentException>(() => new ExampleScores([[1, 2]], [1, 1]).Less(new ExampleScores([[1, 2]], [1, 2])));

    private static void Near(Interval interval, double estimate, double halfWidth)
    {
        interval.Estimate.ShouldBe(estimate, 1e-12);
        interval.Low!.Value.ShouldBe(estimate - halfWidth, 1e-8);
        interval.High!.Value.ShouldBe(estimate + halfWidth, 1e-8);
    }

    /// <summary>mean + seed effect + example effect + what both have, normal, with these deviations.</summary>
    private static ExampleScores Simulate(
        SeededRandom random, int seeds, int examples, double mean, double ofSeeds, double ofExamples, double ofBoth)
    {
        double[] shared = [.. Enumerable.Range(0, examples).Select(_ => ofExamples * random.NextGaussian())];
        return ExampleScores.OfValues([.. Enumerable.Range(0, seeds).Select(_ =>
        {
            var seed = ofSeeds * random.NextGaussian();
            return shared.Select(e => mean + seed + e + ofBoth * random.NextGaussian()).ToArray();
        })]);
    }
}
