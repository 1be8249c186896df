using System.Text.Json;
using Pursuit.Proof;
using Pursuit.TestKit;

namespace Pursuit.Tests.Proof;

public sealed class AnswerScoreTests
{
    [Fact]
    public void Scores_equal_those_of_the_independent_computation_and_the_published_examples()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Fixtures.PathOf("proof/scores.json")));
        var cases = golden.RootElement.EnumerateArray().ToList();
        cases.Count.ShouldBeGreaterThan(70);
        foreach (var pair in cases)
        {
            var score = AnswerScore.Of(pair.GetProperty("answer").GetString()!, pair.GetProperty("right").GetString()!);
            score.ExactMatch.ShouldBe(pair.GetProperty("exact").GetDouble(), pair.ToString());
            score.TokenF1.ShouldBe(pair.GetProperty("f1").GetDouble(), Tolerances.DoubleReordered, pair.ToString());
            score.RougeL.ShouldBe(pair.GetProperty("rouge_l").GetDouble(), Tolerances.DoubleReordered, pair.ToString());
        }
    }

    [Fact]
    public void Roles_can_be_changed_and_order_counts_only_for_rouge()
    {
        var (a, b) = ("one two three four", "four three two five");
        AnswerScore.Of(a, b).ShouldBe(AnswerScore.Of(b, a));
        AnswerScore.Of("b a", "a b").ShouldBe(new AnswerScore(0, 1, 0.5));
    }

    [Fact]
    public void Spelling_that_means_nothing_counts_for_nothing_and_a_sign_does_count()
    {
        AnswerScore.Of(" Yes\r\n", "yes").ExactMatch.ShouldBe(1);
        AnswerScore.Of("-5", "5").ExactMatch.ShouldBe(0);
        AnswerScore.Of("[1, 2]", "[1,2]").ShouldBe(new AnswerScore(0, 1, 1));
    }
}
