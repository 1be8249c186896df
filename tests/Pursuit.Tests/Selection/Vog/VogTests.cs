using Pursuit.Selection;
using Pursuit.Selection.Methods;
using Pursuit.Selection.TokenScores;
using Pursuit.Selection.Vog;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Vog;

public sealed class VogTests
{
    private static readonly float[] Variances = [0.2f, 0.9f, float.NaN, 0.5f, 0.9f, 0.1f];

    [Fact]
    public void The_largest_variances_are_kept_ties_by_content_id_and_an_example_without_one_is_told()
    {
        var problem = Problem(Variances, "100%");
        var selection = new VogSelector(new VogOptions()).Select(problem, CancellationToken.None);
        selection.Rows.Select(r => r.Position).ShouldBe(
            new[] { 0, 1, 3, 4, 5 }.OrderByDescending(i => Variances[i]).ThenBy(i => problem.ContentIds[i]));
        selection.Remarks.ShouldHaveSingleItem().ShouldBe("1 example lacks an answer and can't be chosen.");
    }

    [Theory]
    [InlineData(Band.Top)]
    [InlineData(Band.Middle)]
    [InlineData(Band.Bottom)]
    public void The_pools_order_changes_no_choice(Band band)
    {
        int[] order = [3, 5, 0, 4, 2, 1];
        var problem = Problem(Variances, "3");
        var moved = problem with
        {
            ContentIds = [.. order.Select(i => problem.ContentIds[i])],
            Statistics = new StatisticsInputs { GradientVariances = [.. order.Select(i => Variances[i])] },
        };
        var selector = new VogSelector(new VogOptions { Band = band });
        selector.Select(moved, CancellationToken.None).Rows.Select(r => moved.ContentIds[r.Position])
            .ShouldBe(selector.Select(problem, CancellationToken.None).Rows.Select(r => problem.ContentIds[r.Position]));
    }

    [Fact]
    public void Missing_variances_those_of_another_pool_and_none_at_all_are_refused()
    {
        var selector = (IScorer)MethodOptions.Create(MethodRegistry.Find("vog"), []);
        var problem = Problem(Variances, "1");
        Should.Throw<PursuitException>(() => selector.Scores(problem with { Statistics = new() }, SelectionContext.Default))
            .Message.ShouldContain("no variances");
        Should.Throw<PursuitException>(
            () => selector.Scores(
                problem with { Statistics = new StatisticsInputs { GradientVariances = [1] } }, SelectionContext.Default))
            .Message.ShouldContain("1 examples");
        Should.Throw<PursuitException>(() => selector.Select(Problem([float.NaN, float.NaN], "1"), CancellationToken.None))
            .Message.ShouldContain("none of the 2 examples has an answer");
    }

    private static SelectionProblem Problem(float[] variances, string budget) => new()
    {
        ContentIds = [.. Enumerable.Range(0, variances.Length).Select(i => Problems.Id($"text {i}"))],
        Budget = Budget.Parse(budget),
        Statistics = new StatisticsInputs { GradientVariances = variances },
    };
}
