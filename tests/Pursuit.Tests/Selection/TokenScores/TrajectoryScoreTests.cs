using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;
using Pursuit.Selection.TokenScores;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.TokenScores;

/// <summary>Measures along a training: forgetting, and el2n at every checkpoint.</summary>
public sealed class TrajectoryScoreTests
{
    [Theory]
    [InlineData("forgetting", "forgetting")]
    [InlineData("forgetting-unlearned", "forgetting", "forgetting.unlearned=4")]
    [InlineData("el2n-trajectory", "el2n", "el2n.at=trajectory")]
    public void Measures_are_those_of_their_formulas_in_NumPy(string expectedName, string method, params string[] settings)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("token-scores", "golden.json")));
        var texts = golden.RootElement.GetProperty("examples").EnumerateArray().ToArray();
        ITokenStatistics[] checkpoints =
        [
            .. golden.RootElement.GetProperty("checkpoints").EnumerateArray().Select(c => new MemoryStatistics(
                12, [.. c.EnumerateArray().Select((e, i) => new MemoryStatistics.Entry(
                    [.. Numbers(texts[i], "tokens").Select(v => (int)v)],
                    [.. Numbers(texts[i], "trained").Select(v => (byte)v)],
                    [.. Numbers(e, "log_probability").Select(v => (float)v)],
                    [.. Numbers(e, "square_sum").Select(v => (float)v)], [], [], [])
                { Likeliest = [.. Numbers(e, "likeliest").Select(v => (byte)v)] })])),
        ];
        var scores = Scores(Problem(checkpoints), method, settings);
        var expected = golden.RootElement.GetProperty("expected").GetProperty(expectedName).EnumerateArray()
            .Select(v => v.ValueKind == JsonValueKind.Null ? double.NaN : v.GetDouble())
            .ToArray();
        for (var i = 0; i < expected.Length; i++)
        {
            if (double.IsNaN(expected[i])) scores[i].ShouldBe(double.NaN, $"example {i}");
            else scores[i].ShouldBe(expected[i], 1e-6, $"example {i}");
        }
    }

    [Fact]
    public void A_step_from_right_to_wrong_is_forgetting_and_learning_is_not()
    {
        // A row for each checkpoint, a column for each token: learned once, forgotten once, twice, never learned, always right.
        var problem = Problem(Along("01001", "01101", "10001", "10101", "10001"));
        Scores(problem, "forgetting").ShouldBe([(0 + 1 + 2 + 0 + 0) / 5.0]);
        Scores(problem, "forgetting", "forgetting.unlearned=5").ShouldBe([(0 + 1 + 2 + 5 + 0) / 5.0]);
        // A conversation's question counts where the whole does.
        var asked = Problem(Along([0, 0, 1, 1, 1], "01001", "01101", "10001", "10101", "10001"));
        Scores(asked, "forgetting").ShouldBe([2 / 3.0]);
        Scores(asked, "forgetting", "forgetting.of=whole").ShouldBe([3 / 5.0]);
    }

    [Fact]
    public void A_training_that_changes_nothing_forgets_nothing_and_has_the_error_of_its_model()
    {
        var model = new MemoryStatistics(
            1, [.. Enumerable.Range(0, 5).Select(i => MemoryStatistics.Entry.Flat(3, -0.3 * i) with { Likeliest = [1, 0, 1] })]);
        var problem = Problem([model, model, model]) with
        {
            Statistics = new StatisticsInputs { Pool = model, Trajectory = [model, model, model] },
        };
        Scores(problem, "forgetting").ShouldAllBe(v => v == 0);
        var (own, along) = (Scores(problem, "el2n"), Scores(problem, "el2n", "el2n.at=trajectory"));
        for (var i = 0; i < own.Length; i++) along[i].ShouldBe(own[i], 1e-12);
    }

    [Fact]
    public void The_pools_order_changes_no_choice()
    {
        string[][] checkpoints =
        [
            ["11", "10", "01", "00", "11", "10"], ["01", "10", "10", "00", "11", "01"], ["11", "01", "01", "00", "11", "10"],
        ];
        int[] order = [4, 2, 0, 5, 1, 3];
        var problem = Problem([.. checkpoints.Select(c => Of(c))], "4");
        var moved = problem with
        {
            ContentIds = [.. order.Select(i => problem.ContentIds[i])],
            Statistics = new StatisticsInputs { Trajectory = [.. checkpoints.Select(c => Of([.. order.Select(i => c[i])]))] },
        };
        foreach (var setting in new[] { "forgetting.band=top", "forgetting.band=middle", "forgetting.band=bottom" })
        {
            var selector = MethodOptions.Create(MethodRegistry.Find("forgetting"), [setting]);
            selector.Select(moved, CancellationToken.None).Rows.Select(r => moved.ContentIds[r.Position])
                .ShouldBe(selector.Select(problem, CancellationToken.None).Rows.Select(r => problem.ContentIds[r.Position]), setting);
        }
    }

    [Fact]
    public void An_example_without_an_answer_is_passed_over_and_told()
    {
        var problem = Problem(
            [.. Enumerable.Range(0, 2).Select(_ => new MemoryStatistics(
                1, [MemoryStatistics.Entry.Flat(2, -1) with { Likeliest = [1, 0] }, MemoryStatistics.Entry.Flat(0, 0)]))], "100%");
        foreach (var (method, setting) in new[] { ("forgetting", "forgetting.band=top"), ("el2n", "el2n.at=trajectory") })
        {
            var selection = MethodOptions.Create(MethodRegistry.Find(method), [setting]).Select(problem, CancellationToken.None);
            selection.Rows.ShouldHaveSingleItem().Position.ShouldBe(0, method);
            selection.Remarks.ShouldHaveSingleItem().ShouldStartWith("1 example lacks a token to score");
        }
    }

    [Fact]
    public void One_checkpoint_other_pools_and_statistics_without_predictions_are_refused()
    {
        var (one, two) = (Of(["11"]), Of(["11", "10"]));
        foreach (var (method, setting) in new[] { ("forgetting", "forgetting.band=top"), ("el2n", "el2n.at=trajectory") })
        {
            Refusal(Problem([one]), method, setting).ShouldContain("1 checkpoint");
            Refusal(Problem([one, one]) with { Statistics = new StatisticsInputs { Pool = one } }, method, setting)
                .ShouldContain("0 checkpoints");
            Refusal(Problem([one, two]), method, setting).ShouldContain("2 rows");
        }

        var older = new MemoryStatistics(1, [MemoryStatistics.Entry.Flat(2, -1)]);
        Refusal(Problem([one, older]), "forgetting").ShouldContain("don't say which tokens were predicted");
        Should.Throw<PursuitException>(() => new ForgettingSelector(new ForgettingOptions { Unlearned = -1 })).Message
            .ShouldBe("forgetting.unlearned: -1; expected at least 0.");
        Should.Throw<PursuitException>(() => new El2nSelector(new El2nOptions { At = MeasuredAt.Trajectory, LeaveExcess = 0.1 })).Message
            .ShouldContain("el2n.leave-excess: 0.1 with el2n.at=trajectory");
    }

    [Fact]
    public void What_el2n_reads_follows_from_its_options()
    {
        var method = MethodRegistry.Find("el2n");
        method.NeedsWith([]).ShouldBe(FeatureNeeds.TokenStatistics);
        method.NeedsWith(["el2n.at=trajectory"]).ShouldBe(FeatureNeeds.TrajectoryStatistics);
        MethodRegistry.Find("forgetting").NeedsWith(["el2n.at=model"]).ShouldBe(FeatureNeeds.TrajectoryStatistics);
    }

    private static double[] Scores(SelectionProblem problem, string method, params string[] settings) =>
        ((IScorer)MethodOptions.Create(MethodRegistry.Find(method), settings)).Scores(problem, SelectionContext.Default);

    private static string Refusal(SelectionProblem problem, string method, params string[] settings) =>
        Should.Throw<PursuitException>(() => Scores(problem, method, settings)).Message;

    /// <summary>One text whose tokens are right where a checkpoint's line has a 1.</summary>
    private static ITokenStatistics[] Along(params string[] lines) => Along([.. lines[0].Select(_ => (byte)1)], lines);

    private static ITokenStatistics[] Along(byte[] trained, params string[] lines) =>
    [
        .. lines.Select(line => new MemoryStatistics(
            1, [MemoryStatistics.Entry.Flat(line.Length, -1) with { Likeliest = Bits(line), Trained = trained }])),
    ];

    private static MemoryStatistics Of(string[] texts) => new(
        1, [.. texts.Select(text => MemoryStatistics.Entry.Flat(text.Length, -1) with { Likeliest = Bits(text) })]);

    private static byte[] Bits(string line) => [.. line.Select(c => c == '1' ? (byte)1 : (byte)0)];

    private static SelectionProblem Problem(ITokenStatistics[] checkpoints, string budget = "1") => new()
    {
        ContentIds = [.. Enumerable.Range(0, checkpoints[0].Count).Select(i => Problems.Id($"text {i}"))],
        Budget = Budget.Parse(budget),
        Statistics = new StatisticsInputs { Trajectory = checkpoints },
    };

    private static double[] Numbers(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];
}
