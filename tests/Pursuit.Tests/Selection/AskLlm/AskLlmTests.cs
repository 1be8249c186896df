using Pursuit.Selection;
using Pursuit.Selection.AskLlm;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.AskLlm;

public sealed class AskLlmTests
{
    private static readonly double[] P = [0.2, 0.9, 0.5, 0.9, 0.01, 0.5];

    [Fact]
    public void The_likeliest_answers_are_kept_ties_by_content_id_and_their_probability_is_the_score()
    {
        var problem = Problem(P, "4");
        var rows = new AskLlmSelector(new AskLlmOptions()).Select(problem, CancellationToken.None).Rows;
        rows.Select(r => r.Position).ShouldBe(
            Enumerable.Range(0, P.Length).OrderByDescending(i => P[i]).ThenBy(i => problem.ContentIds[i]).Take(4));
        foreach (var row in rows) row.Score.ShouldBe(P[row.Position], 1e-6);
    }

    [Fact]
    public void The_pools_order_changes_no_choice()
    {
        int[] order = [3, 5, 0, 4, 2, 1];
        var moved = Problem(P, "3") with
        {
            ContentIds = [.. order.Select(i => Problems.Id($"text {i}"))],
            Statistics = new StatisticsInputs { Judge = Answers([.. order.Select(i => P[i])]) },
        };
        var selector = new AskLlmSelector(new AskLlmOptions());
        selector.Select(moved, CancellationToken.None).Rows.Select(r => moved.ContentIds[r.Position])
            .ShouldBe(selector.Select(Problem(P, "3"), CancellationToken.None).Rows.Select(r => Problems.Id($"text {r.Position}")));
    }

    [Fact]
    public void Cut_texts_and_a_judge_that_answers_something_else_are_told()
    {
        var selector = new AskLlmSelector(new AskLlmOptions());
        selector.Select(Problem(P, "3"), CancellationToken.None).Remarks.ShouldBeEmpty();
        var lost = Problem([.. P.Select(p => p * 1e-6)], "3");
        var remarks = selector.Select(
            lost with { Statistics = new StatisticsInputs { Judge = Answers([.. P.Select(p => p * 1e-6)], cut: 2) } },
            CancellationToken.None).Remarks;
        remarks.Count.ShouldBe(2);
        remarks[0].ShouldStartWith("2 examples' texts were cut");
        remarks[1].ShouldContain("answers 'yes' with a probability below 5E-07");
    }

    [Fact]
    public void Missing_answers_and_those_of_another_pool_are_refused()
    {
        var selector = new AskLlmSelector(new AskLlmOptions());
        var problem = Problem(P, "3");
        Should.Throw<PursuitException>(() => selector.Scores(problem with { Statistics = new() }, SelectionContext.Default))
            .Message.ShouldContain("no answers of a judge");
        Should.Throw<PursuitException>(
            () => selector.Scores(problem with { Statistics = new StatisticsInputs { Judge = Answers([0.5]) } }, SelectionContext.Default))
            .Message.ShouldContain("about 1 examples");
    }

    [Theory]
    [InlineData("ask-llm.answer=")]
    [InlineData("ask-llm.answer= yes")]
    public void An_answer_that_is_no_word_is_refused(string setting) =>
        Should.Throw<PursuitException>(() => MethodOptions.Create(MethodRegistry.Find("ask-llm"), [setting]))
            .Message.ShouldContain("ask-llm.answer");

    [Fact]
    public void A_prompts_path_is_spelled_in_full_and_a_prompt_as_it_is()
    {
        JudgePrompt.WithFullPath("ask-llm.prompt=mine.txt").ShouldBe($"ask-llm.prompt={Path.GetFullPath("mine.txt")}");
        foreach (var setting in new[] { "ask-llm.prompt=Good? {example}", "ask-llm.prompt=", "ask-llm.answer=no", "zip.k1=5" })
            JudgePrompt.WithFullPath(setting).ShouldBe(setting);
    }

    private static SelectionProblem Problem(double[] probabilities, string budget) => new()
    {
        ContentIds = [.. Enumerable.Range(0, probabilities.Length).Select(i => Problems.Id($"text {i}"))],
        Budget = Budget.Parse(budget),
        Statistics = new StatisticsInputs { Judge = Answers(probabilities) },
    };

    private static JudgeAnswers Answers(double[] probabilities, int cut = 0) =>
        new([.. probabilities.Select(p => (float)Math.Log(p))], cut);
}
