using System.Globalization;
using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Reports.Explanations;
using Pursuit.Runs;
using Pursuit.Selection.Passes;

namespace Pursuit.Tests.Reports;

public sealed class ExplanationTests : IDisposable
{
    private readonly ReportWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("gtp")]
    [InlineData("omp")]
    [InlineData("less")]
    [InlineData("random")]
    public void Every_input_row_is_told_the_fate_that_the_ledger_has(string method) => With(method, run =>
    {
        var chosen = run.Selection.Rows.Select(r => r.Position).ToHashSet();
        foreach (var row in run.Pool.Ledger.Rows().Where(r => r.Row % 5 == 0 || r.Fate != RowFate.Pool))
        {
            var explanation = Explain(run, string.Create(CultureInfo.InvariantCulture, $"{row.File}:{row.Line}"));
            explanation.Row.Index.ShouldBe(row.Row);
            explanation.Why.ShouldNotBeEmpty();
            explanation.Fate.ShouldBe(row.Fate switch
            {
                RowFate.Pool => chosen.Contains(row.Position) ? "selected" : "not selected",
                RowFate.DuplicateOf => "duplicate of",
                _ => "quarantined",
            });
            if (row.Fate == RowFate.Quarantined) explanation.Reason.ShouldBe(row.Reason);
            if (row.Fate == RowFate.DuplicateOf) explanation.DuplicateOf!.Index.ShouldBe(row.DuplicateOf);
            explanation.NearChosen.Concat(explanation.NearNotChosen)
                .ShouldNotContain(n => n.Id == explanation.Row.Id && n.Line == row.Line, "a row is no neighbour of its own");
            if (explanation.Rank is { } rank && row.Fate == RowFate.Pool) run.Selection.Rows[rank - 1].Position.ShouldBe(row.Position);
        }
    });

    [Fact]
    public void A_row_is_found_by_its_id_its_content_id_its_line_and_a_copy_by_its_own_id() => With("random", run =>
    {
        var byId = Explain(run, "r9");
        Explain(run, byId.ContentId!).Row.ShouldBe(byId.Row);
        Explain(run, byId.ContentId![..10].ToUpperInvariant()).Row.ShouldBe(byId.Row);
        Explain(run, $"pool.jsonl:{byId.Row.Line}").Row.ShouldBe(byId.Row);
        var copy = Explain(run, "copy");
        copy.Fate.ShouldBe("duplicate of");
        copy.DuplicateOf!.Id.ShouldBe("r3");
        Explain(run, "r3").Copies.ShouldHaveSingleItem().ShouldBe(copy.Row);
        Should.Throw<PursuitException>(() => Explain(run, "nobody")).Message.ShouldContain("nobody");
        Should.Throw<PursuitException>(() => Explain(run, "pool.jsonl:9999"));
    });

    [Fact]
    public void The_place_in_the_order_is_within_the_budget_for_exactly_the_chosen() => With("less", run =>
    {
        var places = run.Pool.ContentIds.ToArray().Select(id => Explain(run, id.ToString())).ToArray();
        places.Select(e => e.Place!.Value).Order().ShouldBe(Enumerable.Range(1, ReportWorld.Examples));
        places.ShouldAllBe(e => (e.Place <= run.Selection.Rows.Count) == (e.Rank != null));
        places.Where(e => e.Rank != null).ShouldAllBe(e => e.Place == e.Rank);
    });

    [Fact]
    public void Gains_at_the_first_pass_are_the_agreements_with_the_target_and_ranks_count_them() => With("gtp", run =>
    {
        // One group: p = max(0, phi . b / ||b||) with phi and b of unit rows (the floor set aside).
        var pool = Array.ConvertAll(_world.PoolGradients, Unit);
        var units = Array.ConvertAll(_world.TargetGradients, Unit);
        var mean = Unit([.. Enumerable.Range(0, ReportWorld.Dimension).Select(k => (float)units.Average(u => u[k]))]);
        var expected = pool.Select(row => Math.Max(0, row.Zip(mean, (a, b) => a * b).Sum())).ToArray();
        for (var i = 0; i < pool.Length; i++)
        {
            var first = Explain(run, $"r{i}").Passes[0];
            first.Gain.ShouldBe(expected[i], 1e-5);
            if (expected[i] > 1e-4) first.Rank.ShouldBe(1 + expected.Count(e => e > expected[i]));
        }
    }, "gtp.groups=one", "gtp.norm-floor=0");

    [Fact]
    public void A_row_that_says_what_a_chosen_one_says_is_told_that_it_lost_to_it()
    {
        // Row 1 becomes row 0 with a little noise; the target is row 0 alone, so row 0 is taken and leaves row 1 nothing.
        var random = new SeededRandom(5, "test/explain");
        for (var k = 0; k < ReportWorld.Dimension; k++)
            _world.PoolGradients[1][k] = _world.PoolGradients[0][k] + 0.05f * (float)random.NextGaussian();
        _world.Rewrite(_world.PoolGradients, [.. Enumerable.Repeat(_world.PoolGradients[0], ReportWorld.TargetExamples)]);
        With("gtp", run =>
        {
            Explain(run, "r0").Rank.ShouldBe(1);
            var lost = Explain(run, "r1");
            lost.Fate.ShouldBe("not selected");
            lost.NearChosen[0].Id.ShouldBe("r0");
            lost.Displaced!.By[0].Id.ShouldBe("r0");
            lost.Displaced.After.ShouldBeLessThan(lost.Displaced.Before);
            lost.Why.ShouldContain(w => w.Contains("r0", StringComparison.Ordinal));
        }, "gtp.fill=none", "gtp.lambda=0"); // a ridge alone would share a weight between the two
    }

    [Fact]
    public void A_chosen_row_is_in_the_choice_at_every_pass_after_the_one_that_took_it() => With("gtp", run =>
    {
        foreach (var row in run.Selection.Rows.Where(r => r.Score > 0))
        {
            var passes = Explain(run, run.Pool.ContentIds[row.Position].ToString()).Passes;
            var last = passes[^1];
            (last.State == "chosen already" || last.Rank is not null).ShouldBeTrue("the last pass found it there, or took it");
        }
    });

    [Fact]
    public void Of_two_rounds_a_row_that_its_part_left_out_is_told_so() => With(
        "gtp",
        run =>
        {
            var offered = run.Gains!.Passes[0].Gains;
            offered.ShouldContain(PursuitGains.NotOffered);
            offered.ShouldContain(g => g > 0);
            var left = Array.IndexOf(offered, PursuitGains.NotOffered);
            if (run.Selection.Rows.Any(r => r.Position == left))
                left = Enumerable.Range(0, offered.Length)
                    .First(i => offered[i] == PursuitGains.NotOffered && run.Selection.Rows.All(r => r.Position != i));
            var told = Explain(run, run.Pool.ContentIds[left].ToString());
            told.Passes.ShouldAllBe(p => p.State == "not offered" && p.Gain == 0 && p.Rank == null);
            string.Join(' ', told.Why).ShouldContain("The final pursuit chose among other examples");
        },
        "gtp.rounds=2",
        "gtp.parts=2");

    [Fact]
    public void However_many_passes_there_are_a_bounded_number_is_kept_evenly()
    {
        var gains = new PursuitGains();
        for (var pass = 1; pass <= 1000; pass++) gains.Add([pass]);
        gains.Passes.Count.ShouldBeInRange(PursuitGains.MostPasses / 2, PursuitGains.MostPasses);
        gains.Passes.ShouldAllBe(p => p.Gains[0] == p.Pass);
        gains.Passes.Zip(gains.Passes.Skip(1), (a, b) => b.Pass - a.Pass).Distinct().Count().ShouldBe(1);
        gains.Passes[0].Pass.ShouldBe(1);
        gains.Rank(0, 0).ShouldBe(1);
    }

    private void With(string method, Action<SelectedRun> visit, params string[] settings)
    {
        var options = _world.Options(method, settings: settings);
        using var directory = RunDirectory.Open(options.RunPath);
        var job = new SelectJob(options, null);
        job.Run(directory, CancellationToken.None);
        job.Revisit(directory, run =>
        {
            visit(run);
            return 0;
        }, CancellationToken.None);
    }

    private static Explanation Explain(SelectedRun run, string reference) => Explainer.Explain(run, reference, CancellationToken.None);

    private static double[] Unit(float[] row) => Unit(Array.ConvertAll(row, x => (double)x));

    private static double[] Unit(double[] row)
    {
        var norm = Math.Sqrt(row.Sum(x => x * x));
        return Array.ConvertAll(row, x => x / norm);
    }
}
