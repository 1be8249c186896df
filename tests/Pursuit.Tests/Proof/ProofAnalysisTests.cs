using Pursuit.Proof;

namespace Pursuit.Tests.Proof;

public sealed class ProofAnalysisTests
{
    private static readonly ulong[] Seeds = [0, 1, 2];
    private static readonly string[] Methods = ["good", "same", ProofReport.Random, ProofReport.Full, ProofReport.FullEpoch];

    [Fact]
    public void A_method_that_is_lower_everywhere_is_better_and_a_copy_of_random_shows_no_difference()
    {
        var comparisons = Analysis(["t"]).Comparisons();
        Loss(comparisons, "t", "good", ProofReport.Random).Verdict.ShouldBe(Verdict.Better);
        Loss(comparisons, "t", "good", ProofReport.Random).Difference.Estimate.ShouldBe(-0.5, 1e-12);
        Loss(comparisons, "t", "same", ProofReport.Random).Difference.ShouldBe(new Interval(0, 0, 0));
        Loss(comparisons, "t", "same", "good").Verdict.ShouldBe(Verdict.Worse);
        Loss(comparisons, "t", ProofReport.FullEpoch, ProofReport.Random).Verdict.ShouldBe(Verdict.Better);
        comparisons.ShouldNotContain(c => c.Method == c.Against);
        comparisons.ShouldNotContain(c => c.Target == null, "one target alone is not 'across targets'");
        comparisons.Single(c => c.Metric == ProofMetric.TokenF1 && c.Method == "good" && c.Against == ProofReport.Random).Verdict
            .ShouldBe(Verdict.Better);
    }

    [Fact]
    public void Sentences_say_the_verdict_with_its_numbers()
    {
        var sentences = ProofAnalysis.Sentences(Analysis(["t"]).Comparisons(), 3, ProofRecipe.PerAnswerToken);
        sentences.Count.ShouldBe(2);
        sentences[0].ShouldStartWith("good at 1% on t: better than random (-0.5000 nats per answer token, 95% interval -");
        sentences[1].ShouldBe(
            "same at 1% on t: no difference from random shown (0.0000 nats per answer token, 95% interval 0.0000 to 0.0000, 3 seeds).");
    }

    [Fact]
    public void Across_targets_each_target_counts_alike()
    {
        var analysis = Analysis(["t", "u"]);
        var scores = analysis.Scores();
        var (t, u, all) = (Of("t"), Of("u"), Of(null));
        all.Loss.Estimate.ShouldBe((t.Loss.Estimate + u.Loss.Estimate) / 2, 1e-12);
        all.Perplexity.Estimate.ShouldBe(Math.Exp(all.Loss.Estimate), 1e-12);
        Loss(analysis.Comparisons(), null, "good", ProofReport.Random).Difference.Estimate.ShouldBe(-0.5, 1e-12);

        ProofScore Of(string? target) => scores.Single(s => s.Target == target && s.Method == "good");
    }

    [Fact]
    public void The_share_of_an_epochs_gain_is_0_for_the_untrained_model_and_1_for_the_epoch()
    {
        var scores = Analysis(["t"]).Scores();
        scores.Single(s => s.Method == ProofReport.Base).GainShare.ShouldBe(0);
        scores.Single(s => s.Method == ProofReport.FullEpoch).GainShare!.Value.ShouldBe(1, 1e-12);
        scores.Single(s => s.Method == "good").GainShare!.Value.ShouldBe(1.5 / 2, 1e-12);
        scores.Single(s => s.Method == ProofReport.Base).BySeed.Single().Seed.ShouldBeNull();
    }

    [Fact]
    public void A_method_is_held_against_what_is_always_there_and_the_methods_before_it()
    {
        Pairs(Methods).ShouldBe(
        [
            ("good", "random"), ("good", "full"), ("good", "full-epoch"),
            ("same", "random"), ("same", "full"), ("same", "full-epoch"), ("same", "good"),
            ("full", "random"), ("full-epoch", "random"), ("full-epoch", "full"),
        ]);
        Pairs(Methods[..4]).ShouldBe(
            [("good", "random"), ("good", "full"), ("same", "random"), ("same", "full"), ("same", "good"), ("full", "random")]);

        static IEnumerable<(string, string)> Pairs(string[] methods) =>
            Analysis(["t"], methods).Comparisons().Where(c => c.Metric == ProofMetric.Loss).Select(c => (c.Method, c.Against));
    }

    [Fact]
    public void Without_a_whole_epoch_or_where_it_gains_nothing_no_share_of_its_gain_is_told()
    {
        var scores = Analysis(["t"], Methods[..4]).Scores();
        scores.Select(s => s.Method).ShouldBe(["base", "good", "same", "random", "full"]);
        scores.ShouldAllBe(s => s.GainShare == null);
        Of([Figures("base", null, null, 4), Figures("full-epoch", null, 0, 4), Figures("good", "1%", 0, 3)], ["good", "full-epoch"], [0])
            .Scores().ShouldAllBe(s => s.GainShare == null);
    }

    [Fact]
    public void An_epoch_trained_with_fewer_seeds_is_compared_by_those_that_both_have()
    {
        var analysis = Of(
            [
                Figures("base", null, null, 9), Figures("good", "1%", 0, 5), Figures("good", "1%", 1, 3), Figures("full-epoch", null, 1, 2),
                Figures("random", "1%", 0, 6), Figures("random", "1%", 1, 7), Figures("full", "1%", 0, 8), Figures("full", "1%", 1, 8),
            ],
            ["good", "random", "full", "full-epoch"],
            [0, 1]);
        var comparisons = analysis.Comparisons();
        Loss(comparisons, "t", "good", "full-epoch").Difference.Estimate.ShouldBe(3 - 2, 1e-12);
        Loss(comparisons, "t", "full-epoch", "random").Difference.Estimate.ShouldBe(2 - 7, 1e-12);
        Loss(comparisons, "t", "good", "random").Difference.Estimate.ShouldBe(4 - 6.5, 1e-12);
        // Base 9, the epoch 2: of the 7 gained, 9 - 4 by the mean over seeds.
        analysis.Scores().Single(s => s.Method == "good").GainShare!.Value.ShouldBe(5 / 7.0, 1e-12);
    }

    [Fact]
    public void A_seeds_row_has_its_own_means_and_answers_that_were_not_generated_have_none()
    {
        AnswerScore[] answers = [new(1, 0.5, 0.25), new(0, 0.1, 0.05)];
        AnswerScore[] others = [new(1, 1, 1), new(1, 1, 0)];
        var scored = Of(
            [Figures("base", null, null, 9), Figures("good", "1%", 4, 5, answers), Figures("good", "1%", 6, 3, others)], ["good"], [4, 6]);
        var good = scored.Scores().Single(s => s.Method == "good");
        good.BySeed.Select(s => s.Seed).ShouldBe([4, 6]);
        Row(good.BySeed[0]).ShouldBe([5, 0.5, 0.3, 0.15], 1e-12);
        Row(good.BySeed[1]).ShouldBe([3, 1, 1, 0.5], 1e-12);
        double[] means = [good.Loss.Estimate, good.ExactMatch!.Estimate, good.TokenF1!.Estimate, good.RougeL!.Estimate];
        means.ShouldBe([4, 0.75, 0.65, 0.325], 1e-12);

        var untested = Of(
            [Figures("base", null, null, 9), Figures("good", "1%", 0, 5), Figures("random", "1%", 0, 5), Figures("full", "1%", 0, 5)],
            ["good", "random", "full"],
            [0]);
        untested.Comparisons().ShouldAllBe(c => c.Metric == ProofMetric.Loss);
        var without = untested.Scores().Single(s => s.Method == "good");
        (without.ExactMatch, without.TokenF1, without.RougeL, without.BySeed[0].ExactMatch).ShouldBe((null, null, null, null));

        static double[] Row(ProofSeedScore score) => [score.Loss, score.ExactMatch!.Value, score.TokenF1!.Value, score.RougeL!.Value];
    }

    [Fact]
    public void Sentences_are_of_the_loss_against_random_and_of_methods_that_choose()
    {
        ProofComparison[] comparisons =
        [
            Compared("gtp", "random", ProofMetric.Loss, new Interval(0.25, 0.125, 0.5), Verdict.Worse, null),
            Compared("gtp", "full", ProofMetric.Loss, new Interval(1, 1, 1), Verdict.Worse, null),
            Compared("gtp", "random", ProofMetric.TokenF1, new Interval(1, 1, 1), Verdict.Better, null),
            Compared("full", "random", ProofMetric.Loss, new Interval(1, 1, 1), Verdict.Worse, null),
            Compared("full-epoch", "random", ProofMetric.Loss, new Interval(1, 1, 1), Verdict.Worse, null),
            Compared("less", "random", ProofMetric.Loss, new Interval(-0.5, null, null), Verdict.NoDifferenceShown, "t"),
        ];
        ProofAnalysis.Sentences(comparisons, 1, "nats").ShouldBe(
        [
            "gtp at 1% across all targets: worse than random (+0.2500 nats, 95% interval +0.1250 to +0.5000, 1 seed).",
            "less at 1% on t: no difference from random shown (-0.5000 nats, too few test examples for an interval).",
        ]);

        static ProofComparison Compared(
            string method, string against, ProofMetric metric, Interval difference, Verdict verdict, string? target) =>
            new(target, "1%", method, against, metric, difference, verdict);
    }

    private static ProofAnalysis Of(IEnumerable<TrainingScores> scores, string[] methods, ulong[] seeds) =>
        new(scores, ["t"], ["1%"], methods, seeds, 0);

    /// <summary>Two examples with this loss.</summary>
    private static TrainingScores Figures(string method, string? budget, ulong? seed, double loss, AnswerScore[]? answers = null) => new()
    {
        Target = "t",
        Method = method,
        Budget = budget,
        Seed = seed,
        Losses = [loss, loss],
        Labels = [1, 3],
        Answers = answers ?? [],
    };

    private static ProofComparison Loss(IEnumerable<ProofComparison> comparisons, string? target, string method, string against) =>
        comparisons.Single(c => c.Metric == ProofMetric.Loss && c.Target == target && c.Method == method && c.Against == against);

    /// <summary>Losses of random 3, good 2.5, base 4, full 2.8, a whole epoch 2, with noise that all methods of a seed share.</summary>
    private static ProofAnalysis Analysis(string[] targets, string[]? methods = null)
    {
        var scores = new List<TrainingScores>();
        foreach (var target in targets)
        {
            scores.Add(One(target, ProofReport.Base, null, null, 4));
            foreach (var seed in Seeds)
            {
                scores.Add(One(target, "good", "1%", seed, 2.5));
                scores.Add(One(target, "same", "1%", seed, 3));
                scores.Add(One(target, ProofReport.Random, "1%", seed, 3));
                scores.Add(One(target, ProofReport.Full, "1%", seed, 2.8));
                scores.Add(One(target, ProofReport.FullEpoch, null, seed, 2));
            }
        }

        return new ProofAnalysis(scores, targets, ["1%"], methods ?? Methods, Seeds, 0);
    }

    private static TrainingScores One(string target, string method, string? budget, ulong? seed, double loss)
    {
        var offset = target == "t" ? 0 : 1;
        return new TrainingScores
        {
            Target = target,
            Method = method,
            Budget = budget,
            Seed = seed,
            Losses = [.. Enumerable.Range(0, 20).Select(i => loss + offset + 0.1 * Math.Sin(i))],
            Labels = [.. Enumerable.Repeat(5, 20)],
            Answers = [.. Enumerable.Range(0, 10).Select(i => new AnswerScore(0, 1 / loss + 0.01 * (i % 3), 0.5))],
        };
    }
}
