using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;
using Pursuit.Selection.TokenScores;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.TokenScores;

public sealed class TokenScoreTests
{
    public static TheoryData<string, string, string[]> Measures => new()
    {
        { "information", "information", [] },
        { "information-sum", "information", ["information.normalize=sum"] },
        { "probe", "information", ["information.terms=probe"] },
        { "frequency", "information", ["information.terms=frequency"] },
        { "perplexity", "perplexity", [] },
        { "entropy", "entropy", [] },
        { "whole-entropy", "entropy", ["entropy.of=whole"] },
        { "excess", "excess", [] },
        { "margin", "margin", [] },
        { "el2n", "el2n", [] },
        { "ifd", "ifd", ["ifd.drop-above-one=false"] },
        { "pvi", "pvi", [] },
        { "pvi-sum", "pvi", ["pvi.normalize=sum"] },
    };

    [Theory]
    [MemberData(nameof(Measures))]
    public void Measures_are_those_of_their_formulas_in_NumPy(string expectedName, string method, string[] settings)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("token-scores", "golden.json")));
        var statistics = new MemoryStatistics(
            12, [.. golden.RootElement.GetProperty("examples").EnumerateArray().Select(e => new MemoryStatistics.Entry(
                [.. Numbers(e, "tokens").Select(v => (int)v)],
                [.. Numbers(e, "trained").Select(v => (byte)v)],
                Floats(e, "log_probability"),
                Floats(e, "square_sum"),
                Floats(e, "entropy"),
                Floats(e, "margin"),
                Floats(e, "alone")))]);
        statistics.UnigramCounts.ShouldBe(Numbers(golden.RootElement, "unigrams").Select(v => (long)v));
        var scores = (
            (IScorer)MethodOptions.Create(MethodRegistry.Find(method), settings)).Scores(Problem(statistics), SelectionContext.Default);
        var expected = golden.RootElement.GetProperty("expected").GetProperty(expectedName).EnumerateArray()
            .Select(v => v.ValueKind == JsonValueKind.Null ? double.NaN : v.GetDouble())
            .ToArray();
        for (var i = 0; i < expected.Length; i++)
        {
            if (double.IsNaN(expected[i])) scores[i].ShouldBe(double.NaN, $"example {i}");
            else scores[i].ShouldBe(expected[i], 1e-6 * Math.Max(1, Math.Abs(expected[i])), $"example {i}");
        }
    }

    [Fact]
    public void Ifd_passes_over_what_its_question_hinders()
    {
        MemoryStatistics.Entry Of(float behind, float alone) =>
            MemoryStatistics.Entry.Flat(4, behind) with { Alone = [alone, alone, alone, alone] };
        var problem = Problem(new MemoryStatistics(1, [Of(-1, -2), Of(-3, -2), Of(-1.8f, -2), Of(0, 0)]), "100%");
        var selection = new IfdSelector(new IfdOptions()).Select(problem, CancellationToken.None);
        selection.Rows.Select(r => r.Position).ShouldBe([2, 0]);
        selection.Remarks.ShouldHaveSingleItem().ShouldStartWith(
            "2 examples lack a question and an answer that the question makes likelier");
    }

    [Theory]
    [InlineData("top", new[] { 6, 5, 4 })]
    [InlineData("bottom", new[] { 0, 1, 2 })]
    [InlineData("middle", new[] { 2, 3, 4 })]
    public void A_band_keeps_its_part_of_the_order(string band, int[] kept)
    {
        var statistics = new MemoryStatistics(1, [.. Enumerable.Range(0, 7).Select(i => MemoryStatistics.Entry.Flat(3, -1 - i))]);
        var rows = MethodOptions.Create(
            MethodRegistry.Find("information"), [$"information.band={band}"]).Select(Problem(statistics, "3"), CancellationToken.None).Rows;
        rows.Select(r => r.Position).Order().ShouldBe(kept.Order());
        rows.ShouldAllBe(r => Math.Abs(r.Score - (1 + r.Position)) < 1e-6); // with one token id H_f is 0
    }

    [Fact]
    public void Two_probes_of_different_skill_order_as_one_after_alignment()
    {
        // The second probe is 0.5 nats worse everywhere; the slice both scored tells.
        double[] losses = [1.0, 2.0, 3.0, 1.5, 2.5, 3.5, 1.2, 2.2];
        var first = new MemoryStatistics(1, [.. new[] { 0, 1, 2, 6, 7 }.Select(i => MemoryStatistics.Entry.Flat(5, -losses[i]))]);
        var second = new MemoryStatistics(1, [.. new[] { 3, 4, 5, 6, 7 }.Select(i => MemoryStatistics.Entry.Flat(5, -losses[i] - 0.5))]);
        using var joined = new CrossFittedStatistics(8, [first, second], [[0, 1, 2, 6, 7], [3, 4, 5, 6, 7]]);
        joined.UnigramCounts.ShouldBe([40]);
        var problem = Problem(joined, "8");
        var selection = MethodOptions.Create(MethodRegistry.Find("information"), []).Select(problem, CancellationToken.None);
        foreach (var row in selection.Rows) row.Score.ShouldBe(losses[row.Position], 1e-6);
        selection.Details.ShouldBeOfType<TokenScoreDetails>().Shift!.Value.ShouldBe(-0.5, 1e-6);
    }

    [Fact]
    public void The_loss_discrepancy_of_a_model_with_itself_is_zero_and_else_the_distance()
    {
        var own = new MemoryStatistics(
            1, [MemoryStatistics.Entry.Flat(3, -1), MemoryStatistics.Entry.Flat(3, -4), MemoryStatistics.Entry.Flat(3, -2)]);
        var reference = new MemoryStatistics(
            1, [MemoryStatistics.Entry.Flat(3, -3), MemoryStatistics.Entry.Flat(3, -4), MemoryStatistics.Entry.Flat(3, -1)]);
        var selector = new LossDiscrepancySelector(new LossDiscrepancyOptions());
        selector.Scores(
            Problem(own) with { Statistics = new StatisticsInputs { Pool = own, Reference = own } },
            SelectionContext.Default).ShouldBe([0, 0, 0]);
        selector.Scores(
            Problem(own) with { Statistics = new StatisticsInputs { Pool = own, Reference = reference } },
            SelectionContext.Default).ShouldBe([2, 0, 1]);
    }

    [Fact]
    public void An_example_without_a_token_has_no_measure_and_is_told()
    {
        var problem = Problem(new MemoryStatistics(1, [MemoryStatistics.Entry.Flat(2, -1), MemoryStatistics.Entry.Flat(0, 0)]), "100%");
        foreach (var method in new[] { "information", "perplexity", "entropy", "margin", "el2n" })
        {
            var selection = MethodOptions.Create(MethodRegistry.Find(method), []).Select(problem, CancellationToken.None);
            selection.Rows.ShouldHaveSingleItem().Position.ShouldBe(0, method);
            selection.Remarks.ShouldHaveSingleItem().ShouldStartWith("1 example lacks a token to score");
        }
    }

    [Fact]
    public void A_text_drawn_from_the_probes_own_predictions_has_no_excess_however_hard_it_is()
    {
        var random = new SeededRandom(3, "excess");
        foreach (var choices in new[] { 2, 50 })
        {
            // Uneven predictions over so many ids, and tokens drawn from them: 20,000 of each.
            var weights = Enumerable.Range(1, choices).Select(k => 1.0 / k).ToArray();
            var p = weights.Select(w => w / weights.Sum()).ToArray();
            var entropy = (float)-p.Sum(x => x * Math.Log(x));
            var losses = new float[20_000];
            foreach (ref var loss in losses.AsSpan())
            {
                var (drawn, token) = (random.NextDouble(), 0);
                while (token + 1 < choices && (drawn -= p[token]) >= 0) token++;
                loss = (float)Math.Log(p[token]);
            }

            var drawnText = MemoryStatistics.Entry.Flat(losses.Length, 0) with
            {
                LogProbability = losses,
                Entropy = [.. losses.Select(_ => entropy)],
            };
            new ExcessSelector(new ExcessOptions()).Scores(
                Problem(new MemoryStatistics(1, [drawnText])), SelectionContext.Default)[0].ShouldBe(0, 0.05);
        }
    }

    [Fact]
    public void What_surprises_beyond_expectation_is_left_out_before_any_band()
    {
        // Ten texts, each as surprising as expected but the fourth and the eighth.
        var statistics = new MemoryStatistics(1, [.. Enumerable.Range(0, 10).Select(i =>
            MemoryStatistics.Entry.Flat(3, -1 - i) with { Entropy = [.. Enumerable.Repeat(1 + i - (i is 3 or 7 ? 0.5f : 0), 3)] })]);
        foreach (var band in new[] { "top", "middle", "bottom" })
        {
            var selection = MethodOptions.Create(
                MethodRegistry.Find("information"),
                [$"information.band={band}", "information.leave-excess=0.2"]).Select(Problem(statistics, "100%"), CancellationToken.None);
            selection.Rows.Select(r => r.Position).Order().ToArray().ShouldBe([0, 1, 2, 4, 5, 6, 8, 9], band);
            selection.Remarks.ShouldHaveSingleItem().ShouldStartWith("2 examples were left out first");
        }

        // What is left out doesn't move the middle of the rest.
        MethodOptions.Create(
            MethodRegistry.Find("information"),
            ["information.band=middle", "information.leave-excess=0.2"]).Select(Problem(statistics, "2"), CancellationToken.None)
            .Rows.Select(r => r.Position).Order().ToArray().ShouldBe([4, 5]);
        Should.Throw<PursuitException>(() => MethodOptions.Create(MethodRegistry.Find("entropy"), ["entropy.leave-excess=1"]))
            .Message.ShouldBe("entropy.leave-excess: 1; expected 0 to below 1.");
    }

    [Fact]
    public void The_pools_order_changes_no_choice()
    {
        var entries = Enumerable.Range(0, 30).Select(i => MemoryStatistics.Entry.Flat(2 + i % 3, -1 - i % 7)).ToArray(); // ties
        var problem = Problem(new MemoryStatistics(1, entries), "11");
        int[] order = [.. Enumerable.Range(0, 30).Select(i => i * 7 % 30)];
        var moved = problem with
        {
            ContentIds = [.. order.Select(i => problem.ContentIds[i])],
            Statistics = new StatisticsInputs { Pool = new MemoryStatistics(1, [.. order.Select(i => entries[i])]) },
        };
        foreach (var band in new[] { "top", "middle", "bottom" })
        {
            var selector = MethodOptions.Create(MethodRegistry.Find("information"), [$"information.band={band}"]);
            selector.Select(moved, CancellationToken.None).Rows.Select(r => moved.ContentIds[r.Position])
                .ShouldBe(selector.Select(problem, CancellationToken.None).Rows.Select(r => problem.ContentIds[r.Position]), band);
        }
    }

    private static SelectionProblem Problem(ITokenStatistics statistics, string budget = "1") => new()
    {
        ContentIds = [.. Enumerable.Range(0, statistics.Count).Select(i => Problems.Id($"text {i}"))],
        Budget = Budget.Parse(budget),
        Statistics = new StatisticsInputs { Pool = statistics },
    };

    private static double[] Numbers(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

    private static float[] Floats(JsonElement element, string name) => [.. Numbers(element, name).Select(v => (float)v)];
}
