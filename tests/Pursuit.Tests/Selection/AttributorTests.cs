using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;

namespace Pursuit.Tests.Selection;

/// <summary>What a method says toward each target example adds up to what it says toward the target.</summary>
public sealed class AttributorTests
{
    private const int Rows = 40, Targets = 5;

    public static TheoryData<string> Attributors { get; } =
        [.. MethodRegistry.Methods.Where(m => MethodRegistry.Create(m.Name) is IAttributor).Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Attributors))]
    public void Scores_toward_each_target_example_make_the_order_toward_them_all(string method)
    {
        var attributor = (IAttributor)MethodRegistry.Create(method);
        var problem = Problem();
        var each = new SortedDictionary<int, double[]>();
        attributor.Attribute(problem, SelectionContext.Default, (v, scores) => each.Add(v, [.. scores]));
        each.Keys.ShouldBe(Enumerable.Range(0, Targets));
        double Together(int row) => method == "rds" ? each.Values.Max(s => s[row]) : each.Values.Average(s => s[row]);
        var expected = RowOrder.ByScore([.. Enumerable.Range(0, Rows).Select(Together)], problem.ContentIds);
        attributor.Select(problem, SelectionContext.Default).Rows.Select(r => r.Position)
            .ShouldBe(expected.Select(r => r.Position));
    }

    [Theory]
    [MemberData(nameof(Attributors))]
    public void A_target_examples_scores_are_those_toward_it_alone(string method)
    {
        var attributor = (IAttributor)MethodRegistry.Create(method);
        var problem = Problem();
        double[]? third = null;
        attributor.Attribute(problem, SelectionContext.Default with { Threads = 1 }, (v, scores) => third = v == 3 ? [.. scores] : third);
        double[]? alone = null;
        attributor.Attribute(Problem(3), SelectionContext.Default with { Threads = 3 }, (_, scores) => alone = [.. scores]);
        // bm25 weighs the same words, whoever else asks for others.
        for (var i = 0; i < Rows; i++) third![i].ShouldBe(alone![i], 1e-9);
    }

    private static SelectionProblem Problem(int? only = null)
    {
        var random = new SeededRandom(5, "test/attributor");
        float[] Matrix(int rows) => [.. Enumerable.Range(0, rows * 6).Select(_ => (float)random.NextGaussian())];
        string[] Texts(int count) =>
            [.. Enumerable.Range(0, count).Select(_ => string.Join(' ', Enumerable.Range(0, 9).Select(_ => $"w{random.NextInt(30)}")))];
        var (pool, target) = (Matrix(Rows), Matrix(Targets));
        var (poolTexts, targetTexts) = (Texts(Rows), Texts(Targets));
        int[] kept = only is { } v ? [v] : [.. Enumerable.Range(0, Targets)];
        IDenseFeatures Features(float[] values) => new MemoryFeatures("features", 6, [values]);
        var targetFeatures = Features([.. kept.SelectMany(t => target[(6 * t)..(6 * t + 6)])]);
        return new SelectionProblem
        {
            ContentIds = [.. Enumerable.Range(0, Rows).Select(i => ContentId.OfOwn($"row {i}"))],
            Budget = Budget.Parse("100%"),
            Gradients = new GradientInputs { Pool = Features(pool), Target = targetFeatures },
            Embeddings = new EmbeddingInputs { Pool = Features(pool), Target = targetFeatures },
            Texts = new TextInputs { Pool = new MemoryTexts(poolTexts), Target = new MemoryTexts([.. kept.Select(t => targetTexts[t])]) },
        };
    }
}
