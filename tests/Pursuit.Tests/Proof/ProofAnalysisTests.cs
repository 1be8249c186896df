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

    private static ProofComparison Loss(IEnumerable<ProofComparison> comparisons, string? target, string method, string against) =>
        comparisons.Single(c => c.Metric == ProofMetric.Loss && c.Target == target && c.Method == method && c.Against == against);

    /// <summary>Losses of random 3, good 2.5, base 4, full 2.8, a whole epoch 2, with noise that all methods of a seed share.</summary>
    private static ProofAnalysis Analysis(string[] targets)
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

        return new ProofAnalysis(scores, targets, ["1%"], Methods, Seeds, 0);
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
