using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Gtp;
using Pursuit.Selection.Passes;
using Pursuit.Selection.Pursuits;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Gtp;

/// <summary>Pursuits again, with gradients at a model that was trained on the choice.</summary>
public sealed class ClosedLoopTests
{
    private const int Rows = 1500, Targets = 24, Dimension = 48;

    private static readonly SelectionProblem Problem = Gradients.Realistic(Rows, Targets, "60");

    [Fact]
    public void What_is_pursued_again_is_the_best_rows_and_the_choice_with_a_checkpoint_of_half_the_weight()
    {
        var trained = new Trained();
        var options = new GtpOptions { Retrain = 1 };
        var found = Select(Problem, options, trained);
        var first = Select(Problem, options with { Retrain = 0 }, null);

        var (chosen, positions) = trained.Asked.ShouldHaveSingleItem();
        chosen.Select(r => (r.Position, r.Weight)).ShouldBe(first.Rows.Select(r => (r.Position, r.Weight)));
        positions.ShouldBe(positions.Order());
        positions.Length.ShouldBeInRange(512, 512 + 60);
        positions.ShouldBeSubsetOf(Enumerable.Range(0, Rows));
        first.Rows.ShouldAllBe(r => positions.Contains(r.Position));

        // The same asked directly, of rows built at the two checkpoints and one more.
        var pool = GradientRows.OfPool(Problem.Gradients.Pool!, options.Rows);
        var target = pool.OfTarget(Problem.Gradients.Target!);
        var gradients = trained.After(chosen, positions, TestContext.Current.CancellationToken);
        double[] etabar = [0.35, 0.15, 0.5];
        var directly = Select(
            Problem with
            {
                ContentIds = [.. positions.Select(p => Problem.ContentIds[p])],
                Gradients = new GradientInputs
                {
                    Pool = new MemoryFeatures("pool", Dimension, [.. Blocks(pool, positions), gradients.Pool], etabar),
                    Target = new MemoryFeatures(
                        "target", Dimension, [.. Blocks(target, [.. Enumerable.Range(0, Targets)]), gradients.Target], etabar),
                },
            },
            options with { Retrain = 0 },
            null);
        found.Rows.Select(r => r.Position).ShouldBe(directly.Rows.Select(r => positions[r.Position]));
        foreach (var (a, b) in found.Rows.Zip(directly.Rows)) a.Weight.ShouldBe(b.Weight, 1e-4);
        found.Rows.Select(r => r.Position).ShouldNotBe(first.Rows.Select(r => r.Position));
        (found.Budget, found.Spent).ShouldBe((60L, 60L));
        found.Remarks.ShouldContain(r => r.StartsWith("Trained on 60 examples chosen first for 7 steps"));

        var details = (PursuitDetails)found.Details!;
        details.FaultOf(found.Rows.Select(r => r.Position).ToHashSet()).ShouldBeNull();
        var gains = details.Gains!.Passes[0].Gains;
        gains.Length.ShouldBe(Rows);
        Enumerable.Range(0, Rows).Where(i => gains[i] != PursuitGains.NotOffered).ShouldBe(positions);
    }

    [Fact]
    public void It_can_be_done_several_times_and_a_share_or_tokens_are_the_whole_pools()
    {
        var trained = new Trained();
        var ofTokens = Problem with
        {
            Budget = Budget.Parse("4%-tokens"),
            TokenCounts = new TokenCounts(
                [.. Enumerable.Range(0, Rows).Select(i => 5 + i % 7)], [.. Enumerable.Range(0, Rows).Select(i => 2 + i % 3)]),
        };
        var found = Select(ofTokens, new GtpOptions { Retrain = 3 }, trained);
        trained.Asked.Count.ShouldBe(3);
        found.Budget.ShouldBe(ofTokens.ResolvedBudget);
        found.Rows.Sum(r => ofTokens.TokenCounts!.Tokens[r.Position]).ShouldBe((int)found.Spent);
        found.Spent.ShouldBeInRange((long)(0.9 * found.Budget), found.Budget);
        found.Rows.Select(r => r.Position).Distinct().Count().ShouldBe(found.Rows.Count);
        trained.Asked[1].Chosen.Select(r => r.Position).ShouldNotBe(trained.Asked[0].Chosen.Select(r => r.Position));
    }

    [Theory]
    [InlineData("44", 1)]
    [InlineData("60", 0)] // 4 x 60 + 512 + 24 examples through the model; a quarter of the features' are 750
    public void Unasked_it_is_done_once_where_it_costs_at_most_a_quarter_of_the_features(string budget, int times)
    {
        var trained = new Trained();
        Select(Problem with { Budget = Budget.Parse(budget) }, new GtpOptions(), trained);
        trained.Asked.Count.ShouldBe(times);
    }

    [Fact]
    public void Unasked_it_is_not_done_where_it_cannot_or_nothing_shows_that_the_model_can_be_trained()
    {
        var small = Problem with { Budget = Budget.Parse("44") };
        var untrained = new Trained { FollowsWarmup = false };
        Select(small, new GtpOptions(), untrained);
        untrained.Asked.ShouldBeEmpty();

        var trained = new Trained();
        var once = Select(small, new GtpOptions { Retrain = 0 }, trained);
        Select(small, new GtpOptions(), null).Rows.ShouldBe(once.Rows);
        Select(small, new GtpOptions { Centre = true }, trained);
        Select(small, new GtpOptions { Rounds = 2 }, trained);
        Select(small, new GtpOptions { Schedule = GtpSchedule.Paper }, trained);
        Select(small with { Gradients = new GradientInputs { Pool = Problem.Gradients.Pool } }, new GtpOptions(), trained);
        Select(
            small with { Sources = new int[Rows], SourceNames = ["a"], Quotas = [new SourceQuota("a", 10, 44, false)] },
            new GtpOptions(),
            trained);
        trained.Asked.ShouldBeEmpty();
    }

    [Fact]
    public void A_memory_bound_counts_the_rows_that_are_pursued_again_where_they_are()
    {
        var small = Problem with { Budget = Budget.Parse("44") };
        var refused = Should.Throw<PursuitException>(() => Bounded(new GtpOptions(), new Trained())).Message;
        refused.ShouldContain("for rows that are pursued again");
        refused.ShouldContain("gtp.retrain=0");
        foreach (var (options, trained) in new (GtpOptions, Trained?)[]
        {
            (new() { Retrain = 0 }, new()), (new(), null), (new(), new() { FollowsWarmup = false }), (new() { Centre = true }, new()),
        })
            Should.Throw<PursuitException>(() => Bounded(options, trained)).Message.ShouldNotContain("pursued again");

        void Bounded(GtpOptions options, Trained? trained) => new GtpSelector(options).Select(
            small, new SelectionContext { Threads = 1, Trained = trained, Memory = new PursuitMemory(1 << 20) });
    }

    [Theory]
    [InlineData(100, 20_000, 3, 8192, true)]
    [InlineData(1_600, 20_000, 3, 8192, true)]
    [InlineData(1_700, 20_000, 3, 8192, false)] // more than a quarter
    [InlineData(2_000, 1_000_000, 3, 8192, true)]
    [InlineData(2_100, 1_000_000, 3, 8192, false)] // four times as many rows of 128 KiB are more than a GiB
    [InlineData(300, 20_000, 1, 8192, true)]
    [InlineData(500, 20_000, 1, 8192, false)]
    public void What_pays_is_told_from_sizes(int chosen, int pool, int checkpoints, int dimension, bool pays)
    {
        var work = LoopWork.Of(chosen, pool, 64, checkpoints, dimension);
        work.Pays.ShouldBe(pays);
        work.Trained.ShouldBe(4 * chosen);
        work.Described.ShouldBeInRange(2 * chosen + 64, Math.Max(512, 8 * chosen) + 64);
    }

    [Fact]
    public void Without_a_model_a_target_or_freedom_it_is_refused_before_anything_is_pursued()
    {
        var options = new GtpOptions { Retrain = 1 };
        Fault(Problem, null).ShouldContain("gradients that were brought along");
        Fault(Problem with { Gradients = new GradientInputs { Pool = Problem.Gradients.Pool } }, new Trained())
            .ShouldContain("without a target");
        Fault(
            Problem with { Sources = new int[Rows], SourceNames = ["a"], Quotas = [new SourceQuota("a", 10, 20, false)] },
            new Trained()).ShouldContain("with quotas");
        Fault(Problem with { Budget = Budget.Parse("100%") }, new Trained()).ShouldContain("the whole pool is chosen");
        Should.Throw<PursuitException>(() => new GtpSelector(options with { Centre = true })).Message.ShouldContain("centre");
        Should.Throw<PursuitException>(() => new GtpSelector(options with { Retrain = 4 })).Message.ShouldContain("0 to 3");

        string Fault(SelectionProblem problem, Trained? trained) =>
            Should.Throw<PursuitException>(() => Select(problem, options, trained)).Message;
    }

    private static SelectionResult Select(SelectionProblem problem, GtpOptions options, Trained? trained) =>
        new GtpSelector(options).Select(
            problem, new SelectionContext { Threads = 2, Trained = trained, CancellationToken = TestContext.Current.CancellationToken });

    private static float[][] Blocks(GradientRows rows, int[] positions)
    {
        float[][] blocks = [new float[positions.Length * Dimension], new float[positions.Length * Dimension]];
        var row = new float[2 * Dimension];
        for (var i = 0; i < positions.Length; i++)
        {
            rows.Gather([positions[i]], row);
            for (var k = 0; k < row.Length; k++)
                blocks[k / Dimension][i * Dimension + k % Dimension] = row[k] / (float)Math.Sqrt(k < Dimension ? 0.7 : 0.3);
        }

        return blocks;
    }

    /// <summary>Draws gradients that depend on what was chosen.</summary>
    private sealed class Trained : ITrainedGradients
    {
        public bool FollowsWarmup { get; init; } = true;

        public List<(IReadOnlyList<RankedRow> Chosen, int[] Positions)> Asked { get; } = [];

        public TrainedGradients After(IReadOnlyList<RankedRow> chosen, int[] positions, CancellationToken cancellationToken)
        {
            Asked.Add((chosen, positions));
            var name = $"trained on {chosen[0].Position}";
            var all = Gradients.Gaussian(Rows + Targets, Dimension, 1, name)[0];
            return new TrainedGradients(
                Dimension,
                [.. positions.SelectMany(p => all.AsSpan(p * Dimension, Dimension).ToArray())],
                all[(Rows * Dimension)..],
                7);
        }
    }
}
