using Pursuit.Jobs;
using Pursuit.Reports;
using Pursuit.Runs;

namespace Pursuit.Tests.Reports;

/// <summary>What a report compares is bounded by products and by pairs: rows of few numbers cost by the pair.</summary>
public sealed class ComparisonBoundTests : IDisposable
{
    private readonly ReportWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void As_many_rows_are_compared_as_both_bounds_allow()
    {
        var options = _world.Options("less");
        using var run = RunDirectory.Open(options.RunPath);
        new SelectJob(options, null).Run(run, CancellationToken.None);
        new SelectJob(options, null).Revisit(run, visited =>
        {
            var reasons = FeatureReasons.Of(visited, CancellationToken.None)!;
            reasons.Pool.Dimension.ShouldBe(ReportWorld.Dimension);
            reasons.Within(20, 100, 1e9, 1e9).ShouldBe(20);
            reasons.Within(20, 100, 1e9, 799).ShouldBe(7);
            reasons.Within(20, 100, 100 * ReportWorld.Dimension * 5, 1e9).ShouldBe(5);
            return 0;
        }, CancellationToken.None);
    }
}
