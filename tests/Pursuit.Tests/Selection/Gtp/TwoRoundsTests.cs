using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Gtp;

/// <summary>The pursuit in two rounds: in each part, then among what the parts chose.</summary>
public sealed class TwoRoundsTests
{
    private const int Budget = 30;

    [Theory]
    [InlineData(GtpSchedule.Staged, 3, RowNormalization.Checkpoint)]
    [InlineData(GtpSchedule.Paper, 4, RowNormalization.None)]
    [InlineData(GtpSchedule.Staged, 20, RowNormalization.Row)] // more parts than shards
    public void It_is_the_pursuit_with_all_else_excluded_twice(GtpSchedule schedule, int parts, RowNormalization normalize)
    {
        var options =
            new GtpOptions { Rounds = 2, Parts = parts, Schedule = schedule, Normalize = normalize, NoiseFloor = GtpNoiseFloor.Off };
        var problem = Open(options);
        var outcome = new TwoRounds(problem, options, options.Stops).Run(Budget, null, CancellationToken.None);

        var union = new HashSet<int>();
        for (var part = 0; part < parts; part++)
        {
            var range = RowRange.Share(problem.Rows.Features, part, parts);
            if (range.Count > 0) union.UnionWith(Among(options, range.Contains).Positions);
        }

        var expected = Among(options, union.Contains);
        outcome.Positions.ShouldBe(expected.Positions);
        outcome.Weights.ShouldBe(expected.Weights);
        outcome.Residual.ShouldBe(expected.Residual);
        union.Count.ShouldBeGreaterThan(Budget, "the parts offer more than one budget");
    }

    [Fact]
    public void Passes_are_those_of_the_longest_part_and_bytes_those_of_all()
    {
        var options = new GtpOptions { Rounds = 2, Parts = 3, NoiseFloor = GtpNoiseFloor.Off };
        var problem = Open(options);
        new TwoRounds(problem, options, options.Stops).Run(Budget, null, CancellationToken.None);
        problem.Passes.ShouldBeLessThanOrEqualTo(options.Iterations + options.SwapRounds);
        problem.BytesRead.ShouldBeGreaterThan(problem.Rows.PassBytes * problem.Passes / 2);
        problem.Gains!.Kept.Count.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void What_would_pursue_in_the_whole_pool_all_the_same_is_refused()
    {
        var fault = Should.Throw<PursuitException>(
            () => new GtpSelector(new GtpOptions { Rounds = 2, Parts = 0, NoiseFloor = GtpNoiseFloor.HeldOut, Fill = GtpFill.Peel }));
        fault.Message.ShouldContain("gtp.parts: 0; expected 1 to 4096");
        fault.Message.ShouldContain("gtp.noise-floor: held-out with rounds=2");
        fault.Message.ShouldContain("gtp.fill: peel with rounds=2");
        Should.Throw<PursuitException>(
            () => new GtpSelector(new GtpOptions { Rounds = 3 })).Message.ShouldContain("gtp.rounds: 3; expected 1 or 2");
    }

    /// <summary>The exact pursuit where only some rows may be chosen: the plain twin of a part.</summary>
    private static PursuitOutcome Among(GtpOptions options, Func<int, bool> may)
    {
        var problem = Open(options);
        for (var i = 0; i < problem.Rows.Count; i++) problem.Excluded[i] = !may(i);
        return new GtpSolver(problem, options, options.Stops).Run(
            Math.Min(Budget, problem.Excluded.Count(e => !e)),
            null,
            null,
            CancellationToken.None).Outcome;
    }

    private static PursuitProblem Open(GtpOptions options)
    {
        var selection = Gradients.Realistic(1000, 24, "30");
        return PursuitSession.Open(
            selection with
            {
                Gradients = selection.Gradients with
                {
                    Pool = Gradients.InShards(
                (MemoryFeatures)selection.Gradients.Pool!, 100)
                }
            },
            GtpSelector.Name,
            options,
            new SelectionContext { Threads = 1 }).Problem;
    }
}
