using Pursuit.Selection;
using Pursuit.Selection.Length;
using Pursuit.Selection.LengthMatched;
using Pursuit.Selection.Random;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection;

public sealed class BaselineTests
{
    [Fact]
    public void Random_does_not_depend_on_the_order_of_the_pool()
    {
        var problem = Problems.Pool(200, "50", seed: 3);
        var reversed = problem with { ContentIds = [.. problem.ContentIds.Reverse()] };
        Ids(new RandomSelector(), problem).ShouldBe(Ids(new RandomSelector(), reversed));
    }

    [Fact]
    public void Random_of_a_larger_budget_contains_that_of_a_smaller()
    {
        var small = Ids(new RandomSelector(), Problems.Pool(200, "50"));
        var large = Ids(new RandomSelector(), Problems.Pool(200, "80"));
        large.Take(50).ShouldBe(small);
    }

    [Fact]
    public void Random_takes_every_example_equally_often_over_seeds()
    {
        var counts = new int[40];
        for (ulong seed = 0; seed < 2000; seed++)
            foreach (var row in Choose(new RandomSelector(), Problems.Pool(40, "10", seed)).Rows) counts[row.Position]++;
        // Each count is Binomial(2000, 1/4): mean 500, deviation 19.4. The 40 share one total, so 39 degrees of freedom; 99.99% quantile
        // 82.1.
        counts.Sum(c => (c - 500.0) * (c - 500.0) / 375.0).ShouldBeLessThan(82.1);
    }

    [Theory]
    [InlineData(LengthKeep.Longest)]
    [InlineData(LengthKeep.Shortest)]
    public void Length_keeps_the_end_it_is_told_to(LengthKeep keep)
    {
        var problem = Problems.Pool(200, "50");
        var chosen = Choose(new LengthSelector(new LengthOptions { Keep = keep }), problem).Rows.Select(r => r.Position).ToHashSet();
        var lengths = problem.TokenCounts!.Supervised;
        var sign = keep == LengthKeep.Longest ? 1 : -1;
        var worstChosen = chosen.Min(p => sign * lengths[p]);
        Enumerable.Range(0, 200).Where(p => !chosen.Contains(p)).ShouldAllBe(p => sign * lengths[p] <= worstChosen);
    }

    [Fact]
    public void Length_matched_random_has_the_references_distribution_at_every_budget()
    {
        int[] reference =
        [
            .. Enumerable.Range(0, 30).Select(i => 1 + i % 10),
            .. Enumerable.Range(0, 60).Select(i => 11 + i % 30),
            .. Enumerable.Range(0, 10).Select(i => 41 + 5 * i),
        ];
        foreach (var budget in new[] { "100", "300" })
        {
            var problem = Problems.Pool(5000, budget) with { ReferenceLengths = reference };
            var rows = Choose(new LengthMatchedSelector(new LengthMatchedOptions()), problem).Rows;
            var lengths = rows.Select(r => problem.TokenCounts!.Supervised[r.Position]).ToArray();
            lengths.Count(l => l <= 10).ShouldBeInRange(rows.Count * 3 / 10 - 1, rows.Count * 3 / 10 + 1);
            lengths.Count(l => l is > 10 and <= 40).ShouldBeInRange(rows.Count * 6 / 10 - 1, rows.Count * 6 / 10 + 1);
            lengths.Count(l => l > 40).ShouldBeInRange(rows.Count / 10 - 1, rows.Count / 10 + 1);
        }
    }

    [Fact]
    public void Length_matched_random_says_when_the_pool_runs_out()
    {
        var problem = Problems.Pool(100, "90") with { ReferenceLengths = [50, 51, 52] };
        var selection = Choose(new LengthMatchedSelector(new LengthMatchedOptions()), problem);
        selection.Rows.Count.ShouldBe(90);
        selection.Remarks.ShouldContain(r => r.Contains("ran out", StringComparison.Ordinal));
    }

    private static SelectionResult Choose(ISelector selector, SelectionProblem problem) =>
        selector.Select(problem, CancellationToken.None);

    private static List<string> Ids(ISelector selector, SelectionProblem problem) =>
        [.. Choose(selector, problem).Rows.Select(r => problem.ContentIds[r.Position].ToString())];
}
