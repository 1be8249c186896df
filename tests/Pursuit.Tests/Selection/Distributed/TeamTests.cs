using Pursuit.Selection.Distributed;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Distributed;

public sealed class TeamTests
{
    [Fact]
    public void Rows_that_are_excluded_are_named_once_and_stay_out()
    {
        const int Processes = 3, Wanted = 6;
        var problem = Gradients.Realistic(600, 24, "24");
        var features = Gradients.InShards((MemoryFeatures)problem.Gradients.Pool!, 128);
        var (sent, found) = ProcessThreads.Run(
            Processes,
            group =>
            {
                var team = new Team(group);
                using var shared = new TeamFeatures(features, team);
                var rows = GradientRows.OfPool(shared, new RowConstruction(RowNormalization.Checkpoint, 0.05));
                var rhs = Gradients.Gaussian(1, rows.Dimension, 1, "test/row-team")[0];
                var scored = rows.Source.Score(
                    rows, new ScorePass(problem.ContentIds, rhs, new IdentificationRule([0], 0, false), [], 1, CancellationToken.None));
                List<long> sent = [];
                List<int[]> found = [];
                foreach (var taken in new[] { 0, 2, 0 })
                {
                    if (taken > 0) scored.Exclude(found[^1].AsSpan(0, taken));
                    var before = team.Traffic.PassesOut;
                    found.Add([.. scored.Best(Wanted).Select(c => c.Position)]);
                    sent.Add(team.Traffic.PassesOut - before);
                }

                team.Done();
                return (sent, found);
            },
            group => new TeamWorker(features, problem.ContentIds, group, 1).Run(CancellationToken.None));
        sent[1].ShouldBe(sent[0] + (Processes - 1) * 2 * sizeof(int));
        sent[2].ShouldBe(sent[0]);
        found[1][..^2].ShouldBe(found[0][2..]);
        found[2].ShouldBe(found[1]);
    }
}
