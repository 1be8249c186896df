using Pursuit.Selection;
using Pursuit.Selection.Bm25;
using Pursuit.Selection.Features;

namespace Pursuit.Tests.Selection.Bm25;

public sealed class Bm25Tests
{
    private static readonly string[] Pool =
        ["the cat sat on the mat", "a dog sat", "the dog chased the cat and the cat ran", "nothing here is shared", "cat", "!!"];

    private static readonly string[] Target = ["the cat sat", "cat and dog"];

    // Python's math over re.findall(r"\w+|[^\w\s]+", text.lower()), the formula of docs/methods/bm25.md written out word by word.
    [Theory]
    [InlineData(1.2, 0.75, new[] { 1.623424659813, 1.146917831797, 2.193487967281, 0, 0.999950030972, 0 })]
    [InlineData(2.0, 0.0, new[] { 1.980171452036, 1.029619417181, 3.251410475367, 0, 0.69314718056, 0 })]
    public void Scores_are_those_of_the_formula(double k1, double b, double[] expected)
    {
        var scores = new Bm25Selector(new Bm25Options { K1 = k1, B = b }).Scores(Problem(Pool, Target), SelectionContext.Default);
        for (var i = 0; i < expected.Length; i++) scores[i].ShouldBe(expected[i], 1e-11);
    }

    [Fact]
    public void Case_threads_and_the_order_of_rows_change_nothing()
    {
        var random = new SeededRandom(1, "test/bm25");
        string[] pool = [.. Enumerable.Range(0, 500).Select(_ => string.Join(' ', Enumerable.Range(0, 12).Select(_ => Word(random))))];
        var order = Enumerable.Range(0, pool.Length).ToArray();
        random.Shuffle<int>(order);
        string[] target = ["w1 w2 w3 w3", "W4 w5", "w59"];
        var selector = new Bm25Selector(new Bm25Options());
        var scores = selector.Scores(Problem(pool, target), SelectionContext.Default with { Threads = 1 });
        var others = selector.Scores(
            Problem([.. order.Select(i => pool[i].ToUpperInvariant())], target), SelectionContext.Default with { Threads = 5 });
        for (var i = 0; i < order.Length; i++) others[i].ShouldBe(scores[order[i]]);

        static string Word(SeededRandom random) => $"w{random.NextInt(60)}";
    }

    [Fact]
    public void An_example_without_a_word_is_passed_over_and_a_target_without_one_is_refused()
    {
        var selection = new Bm25Selector(new Bm25Options()).Select(Problem([.. Pool, " "], Target, "7"), SelectionContext.Default);
        selection.Rows.Select(r => r.Position).ShouldBe([2, 0, 1, 4, 3, 5], ignoreOrder: true);
        selection.Rows[0].Position.ShouldBe(2);
        selection.Remarks.ShouldHaveSingleItem().ShouldContain("1 example");
        Should.Throw<PursuitException>(() => new Bm25Selector(new Bm25Options()).Select(Problem(Pool, [" "]), SelectionContext.Default))
            .Message.ShouldContain("no word");
    }

    [Theory]
    [InlineData(-1, 0.5, "bm25.k1")]
    [InlineData(double.NaN, 0.5, "bm25.k1")]
    [InlineData(1, 1.5, "bm25.b")]
    public void Options_out_of_range_are_named(double k1, double b, string name) =>
        Should.Throw<PursuitException>(() => new Bm25Selector(new Bm25Options { K1 = k1, B = b })).Message.ShouldContain(name);

    private static SelectionProblem Problem(string[] pool, string[] target, string budget = "3") => new()
    {
        ContentIds = [.. pool.Select(ContentId.OfOwn)],
        Budget = Budget.Parse(budget),
        Texts = new TextInputs { Pool = new MemoryTexts(pool), Target = new MemoryTexts(target) },
    };
}
