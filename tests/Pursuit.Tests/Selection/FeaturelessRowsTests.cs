using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Methods;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection;

/// <summary>Rows with nothing in them, for every method that reads features.</summary>
public sealed class FeaturelessRowsTests
{
    private const int Rows = 12, Dimension = 4, Checkpoints = 2;
    private static readonly int[] Empty = [3, 8];

    /// <summary>Of the registry, so that no method is left out.</summary>
    public static TheoryData<string> Methods => [.. MethodRegistry.Methods.Where(m => m.Needs.ReadsFeatures()).Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_row_of_zeros_is_never_chosen(string method)
    {
        foreach (var budget in new[] { "1", "5", "10" })
        {
            var chosen = Select(method, budget);
            chosen.Rows.Count.ShouldBeInRange(1, int.Parse(budget, System.Globalization.CultureInfo.InvariantCulture));
            chosen.Rows.ShouldAllBe(r => !Empty.Contains(r.Position));
            chosen.Remarks.ShouldContain(
                r => r.StartsWith("2 examples have no features (rows of zeros) and were passed over", StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_budget_that_cannot_be_met_without_them_is_reported(string method)
    {
        var chosen = Select(method, "12");
        chosen.Rows.ShouldAllBe(r => !Empty.Contains(r.Position));
        if (chosen.Rows.Count < Rows - Empty.Length) return; // wanted fewer for reasons of its own
        chosen.Remarks.ShouldContain(r => r.Contains("2 examples of the budget can't be met", StringComparison.Ordinal));
    }

    [Fact]
    public void A_row_with_something_at_any_checkpoint_is_not_empty()
    {
        FeaturelessRows.Find(new MemoryFeatures("pool", 2, [[0, 0, 0, 0, 3, 0], [1, 0, 0, 0, 0, 0]])).ShouldBe([false, true, false]);
        FeaturelessRows.Find(new MemoryFeatures("pool", 2, [[0, 0, 0, 1], [1, 0, 0, 0]])).ShouldBeNull();
    }

    [Fact]
    public void Most_methods_fill_the_budget_with_all_others() =>
        // omp and tsds want fewer
        Methods.Count(m => Select(m.Data, "12").Rows.Count == Rows - Empty.Length).ShouldBeGreaterThanOrEqualTo(Methods.Count - 3);

    [Fact]
    public void A_method_that_reads_no_features_may_choose_them()
    {
        var chosen = Select("random", "12");
        chosen.Rows.Count.ShouldBe(Rows);
        chosen.Remarks.ShouldBeEmpty();
    }

    private static SelectionResult Select(string method, string budget)
    {
        // Every other row points away from the target, as in the pool where zeros came first.
        var random = new SeededRandom(7, "test/featureless");
        float[] target = [.. Enumerable.Range(0, 3 * Dimension).Select(_ => (float)(1 + 0.1 * random.NextGaussian()))];
        float[] Block() => [.. Enumerable.Range(0, Rows)
            .SelectMany(i => Enumerable.Range(0, Dimension)
                .Select(_ => Empty.Contains(i) ? 0 : (float)((i < 2 ? 1 : -1) * (0.2 + random.NextDouble()))))];
        var blocks = Enumerable.Range(0, Checkpoints).Select(_ => Block()).ToArray();
        var gradients = new MemoryFeatures("pool", Dimension, blocks);
        var targets = new MemoryFeatures("target", Dimension, [target, target]);
        var problem = Gradients.Problem(gradients, targets, budget);
        problem = problem with
        {
            Embeddings = new EmbeddingInputs
            {
                Pool = new MemoryFeatures("pool", Dimension, [blocks[0]]),
                Target = new MemoryFeatures("target", Dimension, [target]),
            },
            Statistics = new StatisticsInputs
            {
                Pool = new MemoryStatistics(1, [.. Enumerable.Repeat(MemoryStatistics.Entry.Flat(2, -1), Rows)]),
            },
            Gradients = problem.Gradients with
            {
                Losses = new ExampleLosses(
                    Checkpoints, [.. Enumerable.Range(0, Rows * Checkpoints).Select(_ => (float)random.NextDouble())]),
            },
        };
        return MethodOptions.Create(MethodRegistry.Find(method), []).Select(problem, CancellationToken.None);
    }
}
