using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Less;
using Pursuit.Selection.Omp;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection;

/// <summary>Against SciPy, scikit-learn and NumPy; tests/fixtures/pursuit/make_golden.py made the answers.</summary>
public sealed class PursuitGoldenTests
{
    private static readonly JsonElement Golden = JsonDocument.Parse(
        File.ReadAllText(RepositoryFiles.Fixture("pursuit", "golden.json"))).RootElement;

    [Fact]
    public void The_plain_non_negative_solver_agrees_with_SciPy()
    {
        foreach (var problem in Golden.GetProperty("nnls").EnumerateArray())
        {
            var rows = Matrix(problem.GetProperty("rows"));
            var target = Vector(problem.GetProperty("target"));
            var x = ReferenceNonNegative.Solve(rows, target, 0);
            var residual = problem.GetProperty("residual").GetDouble();
            Math.Sqrt(ReferenceNonNegative.Objective(rows, target, 0, x)).ShouldBe(residual, 1e-6);
            if (residual > 1e-6) x.Zip(Vector(problem.GetProperty("weights"))).ShouldAllBe(p => Math.Abs(p.First - p.Second) < 1e-6);
        }
    }

    [Fact]
    public void Omp_chooses_and_weighs_as_scikit_learn_does_where_no_weight_would_be_negative()
    {
        var golden = Golden.GetProperty("omp");
        var rows = Matrix(golden.GetProperty("rows"));
        var target = Vector(golden.GetProperty("target"));
        var selection = Gradients.Problem(
            new MemoryFeatures("pool", 40, [Singles(rows.SelectMany(r => r))]), new MemoryFeatures("target", 40, [Singles(target)]), "5");
        var chosen = new OmpSelector(new OmpOptions { Lambda = 0, NormFloor = 0, Clip = 1e9 }).Select(selection, CancellationToken.None);
        var weights = Vector(golden.GetProperty("weights"));
        chosen.Rows.Select(r => r.Position).Order().ShouldBe(weights.Index().Where(x => x.Item != 0).Select(x => x.Index));
        var mean = weights.Sum() / 5;
        foreach (var row in chosen.Rows) row.Weight.ShouldBe(weights[row.Position] / mean, Tolerances.FloatReordered * 5);
    }

    [Fact]
    public void LESS_scores_agree_with_NumPy()
    {
        var golden = Golden.GetProperty("less");
        double[] etabar = Vector(golden.GetProperty("etabar"));
        var selection = Gradients.Problem(
            new MemoryFeatures("pool", 6, Blocks(golden.GetProperty("pool")), etabar), new MemoryFeatures(
                "target", 6, Blocks(golden.GetProperty("target")), etabar), "25")
            with
        { TargetGroups = [.. Vector(golden.GetProperty("task")).Select(t => (int)t)], TargetGroupNames = ["a", "b", "c"] };
        var scores = Vector(golden.GetProperty("scores"));
        foreach (var row in new LessSelector(new LessOptions()).Select(selection, CancellationToken.None).Rows)
            row.Score.ShouldBe(scores[row.Position], Tolerances.FloatReordered);
    }

    private static double[] Vector(JsonElement array) => [.. array.EnumerateArray().Select(x => x.GetDouble())];

    private static double[][] Matrix(JsonElement array) => [.. array.EnumerateArray().Select(Vector)];

    private static float[][] Blocks(JsonElement array) =>
        [.. array.EnumerateArray().Select(block => Singles(block.EnumerateArray().SelectMany(Vector)))];

    private static float[] Singles(IEnumerable<double> values) => [.. values.Select(v => (float)v)];
}
