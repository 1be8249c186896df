using Pursuit.Jobs;
using Pursuit.Reports;
using Pursuit.Runs;

namespace Pursuit.Tests.Reports;

public sealed class AnswerLengthsTests : IDisposable
{
    private readonly ReportWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_pool_that_may_be_read_whole_is_and_a_larger_one_is_drawn_from_and_says_so()
    {
        Lengths("40", ReportWorld.Examples).ShouldSatisfyAllConditions(
            all => all.Title.ShouldBe("answer length"),
            all => all.Pool.Count.ShouldBe(ReportWorld.Examples),
            all => all.Chosen.Count.ShouldBe(40));
        var whole = Lengths("40", ReportWorld.Examples);
        var chosenWhole = Lengths("40", 50);
        chosenWhole.Title.ShouldBe("answer length, of 50 examples drawn from the pool");
        chosenWhole.Pool.Count.ShouldBe(50);
        chosenWhole.Pool.ShouldBeSubsetOf(whole.Pool);
        chosenWhole.Chosen.ShouldBe(whole.Chosen);
        var drawn = Lengths("40", 10);
        drawn.Title.ShouldBe("answer length, of 10 examples drawn from the pool and 10 from the selection");
        (drawn.Pool.Count, drawn.Chosen.Count).ShouldBe((10, 10));
        drawn.Chosen.ShouldBeSubsetOf(whole.Chosen);
        Lengths("40", 10).Pool.ShouldBe(drawn.Pool, "the seed draws them");
    }

    [Fact]
    public void Counts_of_some_stand_for_all_and_a_number_above_all_that_were_drawn_is_in_the_last_span()
    {
        var spread = Distributions.Of("x", "y", [1, 1, 2, 2], [(1, 1), (9, 3)], pool: 400, selected: 20);
        spread.Bins.Select(b => b.Pool).ShouldBe([200, 200]);
        spread.Bins.Select(b => b.Selected).ShouldBe([10, 10]);
        spread.Bins.Select(b => b.Weight).ShouldBe([0.25, 0.75]);
        (spread.Bins[0].RandomLow, spread.Bins[0].RandomHigh).ShouldBe(RandomRange.Of(400, 200, 20));
    }

    private AnswerLengths Lengths(string budget, int most)
    {
        var options = _world.Options("random", budget);
        using var run = RunDirectory.Open(options.RunPath);
        new SelectJob(options, null).Run(run, CancellationToken.None);
        return new SelectJob(options, null)
            .Revisit(run, visited => AnswerLengths.Of(visited, most, CancellationToken.None), CancellationToken.None);
    }
}
