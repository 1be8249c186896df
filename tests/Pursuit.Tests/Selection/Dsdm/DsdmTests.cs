using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Dsdm;
using Pursuit.Selection.Features;
using Pursuit.Selection.Less;
using Pursuit.Selection.Passes;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Dsdm;

/// <summary>Datamodel scores against NumPy (tests/fixtures/dsdm/make.py) and their laws.</summary>
public sealed class DsdmTests : IDisposable
{
    private readonly JsonDocument _golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("dsdm", "golden.json")));

    public void Dispose() => _golden.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Scores_are_those_of_another_solver(int number)
    {
        var (options, wanted) = Case(number);
        var scores = Numbers(wanted.GetProperty("scores"));
        var selection = Choose(new DsdmSelector(options), Golden("30"));
        selection.Rows.Count.ShouldBe(30);
        foreach (var row in selection.Rows) row.Score.ShouldBe(scores[row.Position], 1e-6 * scores.Max(Math.Abs));
        selection.Rows.Select(r => r.Position).ShouldBe(Enumerable.Range(0, 30).OrderByDescending(i => scores[i]));
        var details = (DsdmDetails)selection.Details!;
        details.Helpful.ShouldBe(scores.Count(s => s > 0));
        details.Residual.ShouldBeLessThan(MomentSolver.Tolerance);
        details.Passes.ShouldBe(2); // the sample is the pool: one for the solve, one for the scores
        details.BytesRead.ShouldBe(2 * 30 * 2 * 6 * sizeof(float));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_smaller_sample_takes_more_passes_to_the_same_solution(int number)
    {
        var (options, wanted) = Case(number);
        var problem = Golden("30");
        var pool = GradientRows.OfPool(problem.Gradients.Pool!, options.Rows);
        var right = GroupMeans.Compute(pool.OfTarget(problem.Gradients.Target!), new int[4], ["target"], 1, CancellationToken.None);
        var solver = new MomentSolver(new SecondMoments(pool, SelectionContext.Default), options.Ridge, [3, 17], SelectionContext.Default);
        var solution = solver.Solve(right, 100);
        var expected = Numbers(wanted.GetProperty("solution"));
        for (var k = 0; k < solution.Length; k++) solution[k].ShouldBe(expected[k], 1e-5 * expected.Max(Math.Abs));
        solver.Passes.ShouldBeInRange(3, 20);
        solver.Residual.ShouldBeLessThan(MomentSolver.Tolerance);
    }

    [Fact]
    public void With_a_large_ridge_the_order_is_that_of_inner_products()
    {
        var problem = Gradients.Realistic(200, 9, "200", blocks: 1);
        var positions = Choose(new DsdmSelector(new DsdmOptions { Ridge = 1e6 }), problem).Rows.Select(r => r.Position);
        positions.ShouldBe(
            Choose(new LessSelector(new LessOptions { Normalize = RowNormalization.None }), problem).Rows.Select(r => r.Position));
    }

    [Fact]
    public void With_a_small_ridge_a_change_of_units_changes_nothing()
    {
        var problem = Gradients.Realistic(200, 9, "200", blocks: 1);
        var changed = problem with
        {
            Gradients = new GradientInputs { Pool = Stretched(problem.Gradients.Pool!), Target = Stretched(problem.Gradients.Target!) },
        };
        var scores = ByPosition(new DsdmSelector(new DsdmOptions { Ridge = 1e-6 }), problem);
        var others = ByPosition(new DsdmSelector(new DsdmOptions { Ridge = 1e-6 }), changed);
        for (var i = 0; i < scores.Length; i++) others[i].ShouldBe(scores[i], 1e-3 * scores.Max());
        var plain = new LessSelector(new LessOptions { Normalize = RowNormalization.None });
        Choose(plain, changed).Rows[0].Score.ShouldBeGreaterThan(1.5 * Choose(plain, problem).Rows[0].Score);
    }

    [Fact]
    public void What_many_examples_say_is_worth_less_than_what_one_alone_says()
    {
        // The target wants both directions alike; all rows but the last are of the first.
        float[] rows = [.. Enumerable.Range(0, 20).SelectMany(i => i < 19 ? new float[] { 1, 0 } : [0, 1])];
        var problem = Gradients.Problem(new MemoryFeatures("pool", 2, [rows]), new MemoryFeatures("target", 2, [[1, 1]]), "3");
        var chosen = Choose(new DsdmSelector(new DsdmOptions()), problem);
        chosen.Rows[0].Position.ShouldBe(19);
        // F = diag(19/20, 1/20), lam = 0.1 / 2
        chosen.Rows[0].Score.ShouldBe(1 / (1.0 / 20 + 0.05), 1e-5);
        chosen.Rows[1].Score.ShouldBe(1 / (19.0 / 20 + 0.05), 1e-5);
    }

    [Fact]
    public void Neither_the_pools_order_nor_shards_nor_threads_change_a_choice()
    {
        // More rows than the sample holds, so that passes decide.
        const int Rows = 1500;
        var problem = Gradients.Realistic(Rows, 15, "60", groups: ["code", "mail"]);
        var selector = new DsdmSelector(new DsdmOptions { Normalize = RowNormalization.Checkpoint, NormFloor = 0.05 });
        var one = Ids(selector, problem, 1, out var passes);
        passes.ShouldBeGreaterThan(2);
        Ids(selector, Gradients.Permuted(problem, [.. Enumerable.Range(0, Rows).Select(i => i * 47 % Rows)]), 2, out _).ShouldBe(one);
        var shards = Gradients.InShards((MemoryFeatures)problem.Gradients.Pool!, 11);
        Ids(selector, problem with { Gradients = problem.Gradients with { Pool = shards } }, 5, out _).ShouldBe(one);
    }

    [Fact]
    public void Equal_rows_go_by_content_id()
    {
        var pool = new MemoryFeatures("pool", 3, [[.. Enumerable.Repeat(new float[] { 1, 2, 0 }, 9).SelectMany(r => r)]]);
        var problem = Gradients.Problem(pool, new MemoryFeatures("target", 3, [[1, 0, 1]]), "4");
        Choose(new DsdmSelector(new DsdmOptions()), problem).Rows.Select(r => r.Position)
            .ShouldBe(Enumerable.Range(0, 9).OrderBy(i => problem.ContentIds[i]).Take(4));
    }

    [Fact]
    public void A_checkpoint_that_says_nothing_leaves_the_others_scores()
    {
        var problem = Gradients.Realistic(60, 5, "60", blocks: 1);
        var scores = ByPosition(new DsdmSelector(new DsdmOptions()), problem);
        MemoryFeatures WithZeros(IDenseFeatures features) => new(
            features.Name,
            features.Dimension,
            [
                new float[features.Rows * features.Dimension],
                .. Gradients.Blocks((MemoryFeatures)features, [.. Enumerable.Range(0, features.Rows)]),
            ]);
        var padded = problem with
        {
            Gradients = new GradientInputs { Pool = WithZeros(problem.Gradients.Pool!), Target = WithZeros(problem.Gradients.Target!) },
        };
        var others = ByPosition(new DsdmSelector(new DsdmOptions()), padded);
        for (var i = 0; i < scores.Length; i++) others[i].ShouldBe(scores[i], Tolerances.FloatReordered * scores.Max());
    }

    [Fact]
    public void What_the_estimate_lacks_is_told()
    {
        var problem = Gradients.Realistic(40, 5, "40", blocks: 1);
        var chosen = Choose(new DsdmSelector(new DsdmOptions()), problem);
        var harmful = chosen.Rows.Count(r => r.Score <= 0);
        harmful.ShouldBeGreaterThan(0);
        chosen.Remarks.ShouldContain(r => r.StartsWith("The pool has 40 rows with features of 48 numbers", StringComparison.Ordinal));
        chosen.Remarks.ShouldContain(r => r.StartsWith($"{harmful} chosen examples aren't", StringComparison.Ordinal));
        Choose(new DsdmSelector(new DsdmOptions()), Gradients.Realistic(300, 5, "1", blocks: 1)).Remarks.ShouldBeEmpty();

        var pool = GradientRows.OfPool(problem.Gradients.Pool!, RowConstruction.Unscaled);
        var solver = new MomentSolver(new SecondMoments(pool, SelectionContext.Default), 1e-3, [0], SelectionContext.Default);
        solver.Solve([.. Enumerable.Range(0, 48).Select(k => (double)k)], 2);
        DsdmSelector.Remarks(chosen, pool, solver)
            .ShouldContain(r => r.StartsWith("The solve stopped after 2 passes", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0, "dsdm.ridge")]
    [InlineData(double.NaN, 0, "dsdm.ridge")]
    [InlineData(double.PositiveInfinity, 0, "dsdm.ridge")]
    [InlineData(0.1, 1, "dsdm.norm-floor")]
    public void Options_out_of_range_are_named(double ridge, double floor, string name) =>
        Should.Throw<PursuitException>(() => new DsdmSelector(new DsdmOptions { Ridge = ridge, NormFloor = floor }))
            .Message.ShouldContain(name);

    [Fact]
    public void A_target_without_gradients_is_refused()
    {
        var problem = Golden("3");
        var zeros = new MemoryFeatures("dev", 6, [new float[12], new float[12]], [0.25, 0.75]);
        problem = problem with { Gradients = problem.Gradients with { Target = zeros } };
        Should.Throw<PursuitException>(() => Choose(new DsdmSelector(new DsdmOptions()), problem)).Message.ShouldContain("are zero");
    }

    private static string[] Ids(DsdmSelector selector, SelectionProblem problem, int threads, out int passes)
    {
        var selection = selector.Select(problem, SelectionContext.Default with { Threads = threads });
        passes = ((DsdmDetails)selection.Details!).Passes;
        return [.. selection.Rows.Select(r => $"{problem.ContentIds[r.Position]} {r.Score:R}")];
    }

    private static double[] ByPosition(DsdmSelector selector, SelectionProblem problem) =>
        [.. Choose(selector, problem).Rows.OrderBy(r => r.Position).Select(r => r.Score)];

    private static SelectionResult Choose(ISelector selector, SelectionProblem problem) =>
        selector.Select(problem, TestContext.Current.CancellationToken);

    /// <summary>The first number times 30, the second a third.</summary>
    private static MemoryFeatures Stretched(IDenseFeatures features)
    {
        var values = (float[])Gradients.Blocks((MemoryFeatures)features, [.. Enumerable.Range(0, features.Rows)])[0].Clone();
        for (var i = 0; i < features.Rows; i++)
        {
            values[i * features.Dimension] *= 30;
            values[i * features.Dimension + 1] /= 3;
        }

        return new MemoryFeatures(features.Name, features.Dimension, [values]);
    }

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetDouble())];

    private (DsdmOptions Options, JsonElement Wanted) Case(int number)
    {
        var wanted = _golden.RootElement.GetProperty("cases")[number];
        var normalize = Enum.Parse<RowNormalization>(wanted.GetProperty("normalise").GetString()!, ignoreCase: true);
        return (new DsdmOptions { Ridge = wanted.GetProperty("ridge").GetDouble(), Normalize = normalize }, wanted);
    }

    private SelectionProblem Golden(string budget) => Gradients.Problem(Features("pool"), Features("target"), budget);

    private MemoryFeatures Features(string name)
    {
        var root = _golden.RootElement;
        float[][] checkpoints = [.. root.GetProperty(name).EnumerateArray().Select(c => Array.ConvertAll(Numbers(c), x => (float)x))];
        return new MemoryFeatures(name, root.GetProperty("dimension").GetInt32(), checkpoints, Numbers(root.GetProperty("etabar")));
    }
}
