using System.Text.Json;
using Pursuit.Selection;
using Pursuit.Selection.Dsir;
using Pursuit.Selection.Features;
using Pursuit.TestKit;
using Pursuit.TestKit.Reference;

namespace Pursuit.Tests.Selection.Dsir;

public sealed class DsirTests
{
    private static readonly string[] Law =
        ["the court may grant a stay of the order", "an order of the court is final", "the council shall publish notice of each order"];
    private static readonly string[] Code =
        ["for (int i = 0; i < n; i++) sum += a[i];", "return x == null ? 0 : x.length;", "int main(void) { return 0; }"];

    [Fact]
    public void Log_weights_with_sha256_buckets_are_those_of_the_formula_in_python()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.Fixture("dsir", "golden.json")));
        var pool = Texts(golden, "pool");
        var options =
            new DsirOptions { Hash = GramHash.Sha256, Buckets = golden.RootElement.GetProperty("buckets").GetInt32(), Resample = false };
        var weights = new DsirSelector(options).Scores(Problem(pool, Texts(golden, "target")), SelectionContext.Default);
        var expected = golden.RootElement.GetProperty("log_weights").EnumerateArray()
            .Select(w => w.ValueKind == JsonValueKind.Null ? double.NaN : w.GetDouble())
            .ToArray();
        for (var i = 0; i < expected.Length; i++)
        {
            if (double.IsNaN(expected[i])) weights[i].ShouldBe(double.NaN);
            else weights[i].ShouldBe(expected[i], Tolerances.DoubleReordered * Math.Abs(expected[i]), $"text {i}");
        }
    }

    [Theory]
    [InlineData(GramHash.Fast)]
    [InlineData(GramHash.Sha256)]
    public void Weights_equal_the_plain_twins(GramHash hash)
    {
        string[] pool = [.. Law, .. Code, "Ärger, ÉTÉ & naïve_1 – ½ 中文!", "กันx中ガ\u3099 \u03a3\u0391\u03a3 İ", "a", "?!", " "];
        var options = new DsirOptions { Hash = hash, Buckets = 97, Resample = false };
        var weights = new DsirSelector(options).Scores(Problem(pool, Law[..2]), SelectionContext.Default);
        var expected = ReferenceDsir.LogWeights(pool, Law[..2], options);
        for (var i = 0; i < pool.Length; i++)
        {
            if (double.IsNaN(expected[i])) weights[i].ShouldBe(double.NaN);
            else weights[i].ShouldBe(expected[i], 1e-11 * Math.Max(1, Math.Abs(expected[i])));
        }
    }

    [Theory]
    [InlineData(0x4e00, 0x6000)] // Han
    [InlineData(0x3042, 0x30a2)] // Hiragana, Katakana
    [InlineData(0x0e01, 0x0e18)] // Thai
    public void Texts_without_spaces_are_told_apart_as_with_them(int first, int second)
    {
        // Two subjects with characters of their own, a quarter of the pool like the target.
        string Text(int subject, int seed, string between)
        {
            var random = new SeededRandom((ulong)seed, "test/dsir-unspaced");
            return string.Join(between, Enumerable.Range(0, 40).Select(_ => char.ConvertFromUtf32(subject + random.NextInt(20))));
        }

        foreach (var between in new[] { "", " " })
        {
            string[] pool = [.. Enumerable.Range(0, 200).Select(i => Text(i % 4 == 0 ? second : first, i, between))];
            string[] target = [.. Enumerable.Range(1000, 20).Select(i => Text(second, i, between))];
            var rows = new DsirSelector(new DsirOptions()).Select(Problem(pool, target, "25"), CancellationToken.None).Rows;
            rows.Count(r => r.Position % 4 == 0).ShouldBe(25, between);
        }
    }

    [Fact]
    public void The_authors_buckets_keep_the_authors_words_in_every_script() =>
        ReferenceDsir.Grams("\u4e2d\u6587 \u0130", new DsirOptions { Hash = GramHash.Sha256 }).Select(g => string.Join(' ', g))
            .ShouldBe(["\u4e2d\u6587", "i", "\u0307", "\u4e2d\u6587 i", "i \u0307"]);

    [Fact]
    public void A_target_distributed_as_the_pool_weighs_everything_alike()
    {
        var weights = new DsirSelector(new DsirOptions { Resample = false }).Scores(
            Problem(Code, [.. Code, .. Code]), SelectionContext.Default);
        weights.ShouldAllBe(w => Math.Abs(w) < 1e-12);
    }

    [Fact]
    public void Words_of_the_target_are_chosen_before_others()
    {
        string[] pool = [.. Code, .. Law];
        var rows = new DsirSelector(new DsirOptions { Resample = false }).Select(
            Problem(pool, ["the final order of the court", "notice of a stay"]), CancellationToken.None).Rows;
        rows.Select(r => r.Position).Order().ShouldBe([3, 4, 5]);
    }

    [Fact]
    public void Draws_follow_the_weights()
    {
        // Two buckets' worth of evidence: the draw of one row must come out by weight, which Gumbel noise promises.
        string[] pool = ["red", "blue"];
        var weights = new DsirSelector(new DsirOptions { Resample = false }).Scores(
            Problem(pool, ["red", "red", "red", "blue"]), SelectionContext.Default);
        var chance = 1 / (1 + Math.Exp(weights[1] - weights[0]));
        var red = 0;
        const int Draws = 4000;
        for (ulong seed = 0; seed < Draws; seed++)
            if (new DsirSelector(new DsirOptions()).Select(
                Problem(pool, ["red", "red", "red", "blue"], "1") with { Seed = seed }, CancellationToken.None).Rows[0].Position == 0)
            {
                red++;
            }
        chance.ShouldBe(0.75, 1e-6);
        red.ShouldBeInRange(Draws * 3 / 4 - 110, Draws * 3 / 4 + 110); // four deviations of 27
    }

    [Fact]
    public void Neither_threads_nor_the_pools_order_change_a_bit()
    {
        string[] pool = [.. Enumerable.Range(0, 300).Select(i => $"{Law[i % 3]} number {i} {Code[i % 2]}")];
        var problem = Problem(pool, Law, "40") with { Seed = 5 };
        int[] order = [.. Enumerable.Range(0, 300).Select(i => i * 7 % 300)];
        var moved = problem with
        {
            ContentIds = [.. order.Select(i => problem.ContentIds[i])],
            Texts = problem.Texts with { Pool = new MemoryTexts([.. order.Select(i => pool[i])]) },
        };
        var selector = new DsirSelector(new DsirOptions());
        selector.SelectWith(moved, 3, TestContext.Current.CancellationToken).Rows.Select(r => (moved.ContentIds[r.Position], r.Score))
            .ShouldBe(selector.Select(problem, CancellationToken.None).Rows.Select(r => (problem.ContentIds[r.Position], r.Score)));
    }

    [Fact]
    public void An_example_without_a_word_is_passed_over_and_told()
    {
        var selection = new DsirSelector(new DsirOptions()).Select(Problem([.. Law, "", " \n"], Law, "5"), CancellationToken.None);
        selection.Rows.Select(r => r.Position).Order().ShouldBe([0, 1, 2]);
        selection.Remarks.ShouldHaveSingleItem().ShouldStartWith("2 examples without a word");
    }

    [Fact]
    public void A_pool_or_a_target_without_a_word_is_refused()
    {
        Should.Throw<PursuitException>(
            () => new DsirSelector(new DsirOptions()).Select(
                Problem(["", " "], Law, "1"), CancellationToken.None)).Message.ShouldContain("none of the 2 examples has a word");
        Should.Throw<PursuitException>(
            () => new DsirSelector(new DsirOptions()).Select(
                Problem(Law, [""], "1"), CancellationToken.None)).Message.ShouldContain("no word in 1 examples");
    }

    private static SelectionProblem Problem(string[] pool, string[] target, string budget = "3") => new()
    {
        ContentIds = [.. Enumerable.Range(0, pool.Length).Select(i => Problems.Id($"text {i}"))],
        Budget = Budget.Parse(budget),
        Texts = new TextInputs { Pool = new MemoryTexts(pool), Target = new MemoryTexts(target) },
    };

    private static string[] Texts(JsonDocument golden, string name) =>
        [.. golden.RootElement.GetProperty(name).EnumerateArray().Select(t => t.GetString()!)];
}
