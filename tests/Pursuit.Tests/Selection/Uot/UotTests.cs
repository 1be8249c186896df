using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Features;
using Pursuit.Selection.Less;
using Pursuit.Selection.Uot;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Uot;

/// <summary>The selectors of a published comparison, held against its code (tests/fixtures/uot/make.py).</summary>
public sealed class UotTests : IDisposable
{
    private readonly JsonDocument _golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("uot", "golden.json")));

    public void Dispose() => _golden.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Rows_take_the_mass_that_sinkhorns_iterations_of_another_package_give_them(int number)
    {
        var wanted = _golden.RootElement.GetProperty("cases")[number];
        var options = new UotOptions
        {
            Epsilon = wanted.GetProperty("epsilon").GetDouble(),
            Spread = wanted.GetProperty("spread").GetDouble(),
        };
        var mass = Numbers(wanted.GetProperty("mass"));
        var selection = new UotSelector(options).Select(Problem("40"), SelectionContext.Default);
        selection.Rows.Count.ShouldBe(40);
        foreach (var row in selection.Rows) row.Score.ShouldBe(mass[row.Position], 1e-6 * mass.Max());
        selection.Rows.Sum(r => r.Score).ShouldBe(1, 1e-9);
        ((UotDetails)selection.Details!).EffectiveRows.ShouldBe(1 / mass.Sum(m => m * m), 1e-4);
    }

    [Fact]
    public void Doubly_greedy_orders_rows_as_its_authors_do()
    {
        var selection = new DoublyGreedySelector(new LessOptions()).Select(Problem("40"), SelectionContext.Default);
        selection.Rows.Select(r => (double)r.Position).ShouldBe(Numbers(_golden.RootElement.GetProperty("order")));
        var largest = Numbers(_golden.RootElement.GetProperty("largest"));
        foreach (var row in selection.Rows) row.Score.ShouldBe(largest[row.Position], Tolerances.FloatReordered);
        ((LessDetails)selection.Details!).ChosenFor.ShouldBe([40]);
    }

    [Theory]
    [InlineData("uot")]
    [InlineData("doubly-greedy")]
    public void Neither_the_pools_order_nor_shards_nor_threads_change_a_choice(string method)
    {
        ISelector selector = method == "uot"
            ? new UotSelector(new UotOptions())
            : new DoublyGreedySelector(new LessOptions { Centre = true });
        var selection = Gradients.Realistic(150, 15, "40", groups: ["code", "mail"]);
        var one = Ids(selector, selection, 1);
        Ids(selector, Gradients.Permuted(selection, [.. Enumerable.Range(0, 150).Select(i => i * 47 % 150)]), 2).ShouldBe(one);
        var shards = Gradients.InShards((MemoryFeatures)selection.Gradients.Pool!, 11);
        Ids(selector, selection with { Gradients = selection.Gradients with { Pool = shards } }, 5).ShouldBe(one);
    }

    [Theory]
    [InlineData(0.001, 0, "uot.epsilon")]
    [InlineData(double.NaN, 0, "uot.epsilon")]
    [InlineData(0.01, -1, "uot.spread")]
    public void Options_out_of_range_are_named(double epsilon, double spread, string name) =>
        Should.Throw<PursuitException>(() => new UotSelector(new UotOptions { Epsilon = epsilon, Spread = spread }))
            .Message.ShouldContain(name);

    private static string[] Ids(ISelector selector, SelectionProblem problem, int threads) =>
        [.. selector.Select(problem, SelectionContext.Default with { Threads = threads }).Rows
            .Select(r => $"{problem.ContentIds[r.Position]} {r.Score:R}")];

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetDouble())];

    private SelectionProblem Problem(string budget)
    {
        var pool = Features("pool");
        return new SelectionProblem
        {
            ContentIds = [.. Enumerable.Range(0, pool.Rows).Select(i => Problems.Id($"row {i}"))],
            Budget = Budget.Parse(budget),
            Gradients = new GradientInputs { Pool = pool, Target = Features("target") },
        };
    }

    private MemoryFeatures Features(string name)
    {
        var root = _golden.RootElement;
        float[][] checkpoints = [.. root.GetProperty(name).EnumerateArray().Select(c => Array.ConvertAll(Numbers(c), x => (float)x))];
        return new MemoryFeatures(name, root.GetProperty("dimension").GetInt32(), checkpoints, Numbers(root.GetProperty("etabar")));
    }
}
