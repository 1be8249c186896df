using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Bilevel;
using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Bilevel;

/// <summary>Coresets against NumPy, SciPy and PyTorch (tests/fixtures/bilevel/make.py), and the laws of their gradient.</summary>
public sealed class BilevelTests : IDisposable
{
    private readonly JsonDocument _golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("bilevel", "golden.json")));

    public void Dispose() => _golden.Dispose();

    [Fact]
    public void A_coresets_loss_is_that_of_ridge_regression()
    {
        var root = _golden.RootElement;
        var rows = GradientRows.OfPool(Features("pool"), RowConstruction.Unscaled);
        int[] all = [0, 1, 2, 3, 4, 5];
        var ridge = root.GetProperty("ridge").GetDouble();
        var toTarget = new ProxyFit(rows, all, rows.OfTarget(Features("target")), ridge, SelectionContext.Default);
        var toPool = new ProxyFit(rows, all, null, ridge, SelectionContext.Default);
        foreach (var wanted in root.GetProperty("losses").EnumerateArray())
        {
            int[] members = [.. wanted.GetProperty("members").EnumerateArray().Select(m => m.GetInt32())];
            toTarget.Loss(members).ShouldBe(wanted.GetProperty("target").GetDouble(), 1e-6);
            toPool.Loss(members).ShouldBe(wanted.GetProperty("pool").GetDouble(), 1e-6);
        }

        toTarget.Loss([]).ShouldBe(1);
    }

    [Fact]
    public void The_projection_is_the_nearest_point()
    {
        foreach (var wanted in _golden.RootElement.GetProperty("projections").EnumerateArray())
        {
            var values = Numbers(wanted.GetProperty("values"));
            var most = wanted.GetProperty("most").GetInt32();
            CoresetProbabilities.Project(values, most);
            var projected = Numbers(wanted.GetProperty("projected"));
            for (var i = 0; i < values.Length; i++) values[i].ShouldBe(projected[i], 1e-6);
            values.Sum().ShouldBeLessThanOrEqualTo(most + 1e-12);
        }
    }

    [Fact]
    public void A_step_is_adams()
    {
        var steps = _golden.RootElement.GetProperty("steps");
        var probabilities = new CoresetProbabilities(4, 4, 0.05);
        Array.Fill(probabilities.Values, 0.5);
        foreach (var gradient in steps.GetProperty("gradients").EnumerateArray()) probabilities.Step(Numbers(gradient));
        var wanted = Numbers(steps.GetProperty("values"));
        for (var i = 0; i < 4; i++) probabilities.Values[i].ShouldBe(wanted[i], 1e-6);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_policy_gradient_is_unbiased(int samples)
    {
        // The mean over all ways to draw that many coresets of three candidates, against the derivative of the expected loss.
        const int Candidates = 3, Sets = 1 << Candidates;
        double[] s = [0.2, 0.55, 0.9];
        double[] losses = [.. Enumerable.Range(0, Sets).Select(m => 1.0 + 3 * Math.Sin(m * m + 1))];
        bool[] Members(int set) => [.. Enumerable.Range(0, Candidates).Select(i => (set >> i & 1) == 1)];
        double Chance(int set, double[] p) =>
            Members(set).Index().Aggregate(1.0, (product, m) => product * (m.Item ? p[m.Index] : 1 - p[m.Index]));
        var mean = new double[Candidates];
        for (var draw = 0; draw < (int)Math.Pow(Sets, samples); draw++)
        {
            int[] sets = [.. Enumerable.Range(0, samples).Select(j => draw / (int)Math.Pow(Sets, j) % Sets)];
            var gradient = CoresetProbabilities.Gradient(s, [.. sets.Select(Members)], [.. sets.Select(set => losses[set])]);
            var chance = sets.Aggregate(1.0, (product, set) => product * Chance(set, s));
            for (var i = 0; i < Candidates; i++) mean[i] += chance * gradient[i];
        }

        for (var i = 0; i < Candidates; i++)
        {
            // The expected loss is linear in each probability.
            double With(double value) => Enumerable.Range(0, Sets)
                .Sum(set => losses[set] * Chance(set, [.. s.Select((p, k) => k == i ? value : p)]));
            mean[i].ShouldBe(With(1) - With(0), 1e-10);
        }

        CoresetProbabilities.Gradient([0, 1, 0.5], [[false, true, true], [false, true, false]], [1, 2]).ShouldBe([0, 0, -2]);
    }

    [Fact]
    public void The_rows_that_serve_the_target_are_found()
    {
        // The target's directions are axes 0 to 3; four rows have one each, four all in one sum, the rest lead elsewhere.
        const int Dimension = 12, Rows = 24;
        var values = new float[Rows * Dimension];
        for (var i = 0; i < Rows; i++) values[i * Dimension + (i < 4 ? i : 4 + i % 8)] = 1;
        var target = new float[4 * Dimension];
        for (var v = 0; v < 4; v++) target[v * Dimension + v] = 1;
        var problem = Gradients.Problem(
            new MemoryFeatures("pool", Dimension, [values]), new MemoryFeatures("target", Dimension, [target]), "4");
        var selection = Choose(problem, new BilevelOptions());
        selection.Rows.Select(r => r.Position).Order().ShouldBe([0, 1, 2, 3]);
        var details = (BilevelDetails)selection.Details!;
        details.Loss.ShouldBeLessThan(0.01);
        details.FirstLoss!.Value.ShouldBeGreaterThan(0.5);
        details.Undecided.ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_choice_has_a_smaller_outer_loss_than_random_candidates(bool hasTarget)
    {
        var problem = Gradients.Realistic(200, 12, "15");
        var details = (BilevelDetails)Choose(hasTarget ? problem : Gradients.WithoutTarget(problem), new BilevelOptions()).Details!;
        details.Loss.ShouldBeLessThan(details.FirstLoss!.Value);
        details.Iterations.ShouldBe(300);
        details.Candidates.ShouldBe(200);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Neither_the_pools_order_nor_shards_nor_threads_change_a_choice(bool hasTarget)
    {
        var problem = Gradients.Realistic(150, 15, "12", groups: ["code", "mail"]);
        if (!hasTarget) problem = Gradients.WithoutTarget(problem);
        var options = new BilevelOptions { Candidates = 60, Iterations = 20 };
        var one = Ids(options, problem, 1);
        Ids(options, Gradients.Permuted(problem, [.. Enumerable.Range(0, 150).Select(i => i * 47 % 150)]), 2).ShouldBe(one);
        var shards = Gradients.InShards((MemoryFeatures)problem.Gradients.Pool!, 11);
        Ids(options, problem with { Gradients = problem.Gradients with { Pool = shards } }, 5).ShouldBe(one);
        Ids(options, problem with { Seed = 1 }, 1).ShouldNotBe(one);
    }

    [Fact]
    public void Equal_rows_one_row_and_the_whole_pool_can_be_chosen()
    {
        var equal = Gradients.Problem(
            new MemoryFeatures("pool", 2, [[.. Enumerable.Repeat(new float[] { 1, 2 }, 9).SelectMany(r => r)]]),
            new MemoryFeatures("target", 2, [[1, 1]]),
            "4");
        Choose(equal, new BilevelOptions { Iterations = 5 }).Rows.Count.ShouldBe(4);
        Choose(Gradients.Realistic(40, 5, "1"), new BilevelOptions { Iterations = 20 }).Rows.Count.ShouldBe(1);
        var whole = Choose(Gradients.Realistic(40, 5, "40"), new BilevelOptions());
        whole.Rows.Select(r => r.Position).Order().ShouldBe(Enumerable.Range(0, 40));
        var details = (BilevelDetails)whole.Details!;
        (details.Iterations, details.FirstLoss, details.Undecided).ShouldBe((0, null, 0));
    }

    [Fact]
    public void Examples_that_are_not_considered_follow_and_are_told()
    {
        var problem = Gradients.Realistic(60, 5, "30");
        var selection = Choose(problem, new BilevelOptions { Candidates = 20, Iterations = 3 });
        selection.Rows.Count.ShouldBe(30);
        selection.Rows.Take(20).ShouldAllBe(r => r.Score == 1);
        selection.Rows.Skip(20).ShouldAllBe(r => r.Score == 0);
        selection.Remarks.ShouldContain("Of 60 examples 20 were considered (bilevel.candidates).");
        Choose(Gradients.Realistic(60, 5, "3"), new BilevelOptions { Iterations = 1 }).Remarks
            .ShouldContain(r => r.Contains("raise bilevel.iterations", StringComparison.Ordinal));
    }

    [Fact]
    public void It_stops_where_it_is_cancelled()
    {
        using var source = new CancellationTokenSource();
        var context = SelectionContext.Default with
        {
            CancellationToken = source.Token,
            Progress = new Told(work =>
            {
                if (work.Work == "coreset" && work.Done == 3) source.Cancel();
            }),
        };
        Should.Throw<OperationCanceledException>(
            () => new BilevelSelector(new BilevelOptions { Iterations = 100_000 }).Select(Gradients.Realistic(60, 5, "6"), context));
    }

    [Theory]
    [InlineData("candidates")]
    [InlineData("iterations")]
    [InlineData("samples")]
    [InlineData("learning-rate")]
    [InlineData("ridge")]
    public void Options_out_of_range_are_named(string name)
    {
        var options = name switch
        {
            "candidates" => new BilevelOptions { Candidates = 1 },
            "iterations" => new BilevelOptions { Iterations = 0 },
            "samples" => new BilevelOptions { Samples = 1 },
            "learning-rate" => new BilevelOptions { LearningRate = double.NaN },
            _ => new BilevelOptions { Ridge = 0 },
        };
        Should.Throw<PursuitException>(() => new BilevelSelector(options)).Message.ShouldContain($"bilevel.{name}");
    }

    private static string[] Ids(BilevelOptions options, SelectionProblem problem, int threads) =>
        [.. new BilevelSelector(options).Select(problem, SelectionContext.Default with { Threads = threads }).Rows
            .Select(r => $"{problem.ContentIds[r.Position]} {r.Score:R}")];

    private static SelectionResult Choose(SelectionProblem problem, BilevelOptions options) =>
        new BilevelSelector(options).Select(problem, TestContext.Current.CancellationToken);

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetDouble())];

    private MemoryFeatures Features(string name) => new(
        name, _golden.RootElement.GetProperty("dimension").GetInt32(),
        [Array.ConvertAll(Numbers(_golden.RootElement.GetProperty(name)), x => (float)x)]);

    /// <summary>Progress as it is reported, at once.</summary>
    private sealed class Told(Action<WorkProgress> tell) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => tell(value);
    }
}
