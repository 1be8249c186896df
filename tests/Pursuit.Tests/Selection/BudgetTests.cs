using Pursuit.Selection;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection;

public sealed class BudgetTests
{
    [Theory]
    [InlineData("500", 500, false, BudgetUnit.Rows)]
    [InlineData("2k", 2000, false, BudgetUnit.Rows)]
    [InlineData("1%", 0.01, true, BudgetUnit.Rows)]
    [InlineData("0.5%", 0.005, true, BudgetUnit.Rows)]
    [InlineData("200k-tokens", 200_000, false, BudgetUnit.Tokens)]
    [InlineData("1.5m-supervised-tokens", 1_500_000, false, BudgetUnit.SupervisedTokens)]
    [InlineData("5%-tokens", 0.05, true, BudgetUnit.Tokens)]
    public void A_budget_reads_its_forms_and_writes_them_back(string text, double amount, bool isShare, BudgetUnit unit)
    {
        var budget = Budget.Parse(text);
        budget.ShouldBe(new Budget(amount, isShare, unit));
        Budget.Parse(budget.ToString()).ShouldBe(budget);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("0%")]
    [InlineData("101%")]
    [InlineData("1.5")]
    [InlineData("ten")]
    [InlineData("")]
    [InlineData("NaN")]
    [InlineData("5 apples")]
    public void Nonsense_is_refused_with_the_forms_that_work(string text)
    {
        Should.Throw<PursuitException>(() => Budget.Parse(text)).Message.ShouldContain($"'{text}'");
    }

    [Theory]
    [InlineData(" 3-rows ", 3, false, BudgetUnit.Rows)]
    [InlineData("2K", 2000, false, BudgetUnit.Rows)]
    [InlineData("3g-TOKENS", 3e9, false, BudgetUnit.Tokens)]
    [InlineData("100%", 1, true, BudgetUnit.Rows)]
    public void Case_space_and_the_plain_unit_are_read_too(string text, double amount, bool isShare, BudgetUnit unit) =>
        Budget.Parse(text).ShouldBe(new Budget(amount, isShare, unit));

    [Fact]
    public void A_count_beyond_whole_numbers_is_refused() =>
        Should.Throw<PursuitException>(() => Budget.Parse("10000000000g")).Message.ShouldContain("whole number");

    [Theory]
    [InlineData("29%", 100, 29)] // 28.999999999999996 in binary
    [InlineData("1.9%", 100, 1)]
    [InlineData("0.3%", 999, 2)]
    [InlineData("100%", 7, 7)]
    [InlineData("1%", 100, 1)]
    [InlineData("400", 400, 400)]
    [InlineData("1", 400, 1)]
    public void A_budget_in_a_pool_is_its_count_or_the_whole_part_of_its_share(string text, long pool, long count) =>
        Budget.Parse(text).Resolve(pool).ShouldBe(count);

    [Fact]
    public void An_example_costs_what_the_unit_counts()
    {
        var counts = new TokenCounts([50, 70], [5, 7]);
        Budget.Parse("1").Cost(1, counts).ShouldBe(1);
        Budget.Parse("1-tokens").Cost(1, counts).ShouldBe(70);
        Budget.Parse("1-supervised-tokens").Cost(1, counts).ShouldBe(7);
    }

    [Fact]
    public void Messages_name_the_option_that_a_budget_was_given_by()
    {
        Should.Throw<PursuitException>(() => Budget.Parse("0", "--keep")).Message.ShouldStartWith("--keep: ");
        Should.Throw<PursuitException>(() => Budget.Parse("9", "--keep").Resolve(5)).Message.ShouldStartWith("--keep: ");
        Should.Throw<PursuitException>(() => Budget.Parse("9").Resolve(5)).Message.ShouldStartWith("Budget: ");
    }

    [Fact]
    public void A_budget_above_the_pool_is_refused_with_both_numbers()
    {
        var message = Should.Throw<PursuitException>(() => Budget.Parse("500").Resolve(400)).Message;
        message.ShouldContain("500");
        message.ShouldContain("400");
    }

    [Fact]
    public void A_share_that_rounds_to_nothing_is_refused()
    {
        Should.Throw<PursuitException>(() => Budget.Parse("1%").Resolve(50)).Message.ShouldContain("less than one");
    }

    [Theory]
    [InlineData("100")]
    [InlineData("3000-tokens")]
    [InlineData("20%-supervised-tokens")]
    public void Filling_never_exceeds_the_budget_and_leaves_no_room_for_the_next_rank(string budget)
    {
        var problem = Problems.Pool(300, budget);
        var ranked = RowOrder.ByScore(Enumerable.Range(0, 300).Select(i => (double)(i * 7 % 300)).ToArray(), problem.ContentIds);
        var selection = BudgetFiller.Fill("test", problem, ranked);
        selection.Spent.ShouldBe(selection.Rows.Sum(r => problem.Budget.Cost(r.Position, problem.TokenCounts)));
        selection.Spent.ShouldBeLessThanOrEqualTo(selection.Budget);
        var next = ranked[selection.Rows.Count];
        (selection.Spent + problem.Budget.Cost(next.Position, problem.TokenCounts)).ShouldBeGreaterThan(selection.Budget);
        selection.Rows.Select(r => r.Position).ShouldBe(ranked.Take(selection.Rows.Count).Select(r => r.Position));
    }

    [Fact]
    public void Examples_without_a_trained_token_are_passed_over_and_counted()
    {
        var problem = Problems.Pool(100, "50");
        int[] supervised = [.. problem.TokenCounts!.Supervised.Select((s, i) => i < 30 ? 0 : s)];
        problem = problem with { TokenCounts = problem.TokenCounts with { Supervised = supervised } };
        var selection = BudgetFiller.Fill("test", problem, RowOrder.ByScore(new double[100], problem.ContentIds));
        selection.Rows.Count.ShouldBe(50);
        selection.Rows.ShouldAllBe(r => r.Position >= 30);
        selection.Remarks.ShouldContain(r => r.StartsWith("30 examples", StringComparison.Ordinal));

        var nothing = problem with { TokenCounts = problem.TokenCounts with { Supervised = new int[100] } };
        Should.Throw<PursuitException>(
            () => BudgetFiller.Fill(
                "test", nothing, RowOrder.ByScore(new double[100], problem.ContentIds))).Message.ShouldContain("token to train on");
    }

    [Fact]
    public void Filling_stops_at_the_first_example_that_does_not_fit_and_fills_to_the_last_token()
    {
        // 40 + 30 leave 30: the 31 doesn't fit, so neither the 5 after it is taken; of 101 it does, and nothing is left.
        Chosen("100-tokens").ShouldBe([0, 1]);
        Chosen("101-tokens").ShouldBe([0, 1, 2]);
        Chosen("106-tokens").ShouldBe([0, 1, 2, 3]);
        Should.Throw<PursuitException>(() => Chosen("39-tokens")).Message.ShouldContain("40 tokens");

        static IEnumerable<int> Chosen(string budget) =>
            BudgetFiller.Fill("test", OfTokens(budget, 40, 30, 31, 5), InOrder(4)).Rows.Select(r => r.Position);
    }

    [Fact]
    public void Weights_are_scaled_to_mean_one_over_what_was_chosen()
    {
        RankedRow[] ranked = [new(0, 3, 6), new(1, 2, 2), new(2, 1, 100)];
        BudgetFiller.Fill("test", OfTokens("2", 1, 1, 1), ranked).Rows.Select(r => r.Weight).ShouldBe([1.5, 0.5]);
        BudgetFiller.Fill("test", OfTokens("2", 1, 1, 1), [new(0, 3, 0), new(1, 2, 0)]).Rows.Select(r => r.Weight).ShouldBe([0, 0]);
    }

    [Fact]
    public void Minimums_in_tokens_are_met_to_within_one_example_and_maximums_hold()
    {
        // Sources 0 and 1 in turn. Source 1 is to have at least 50 tokens: 30 and 20 reach them exactly; source 0 at most 45: 40.
        var problem = OfTokens("100-tokens", 40, 30, 10, 20, 5, 7) with
        {
            Sources = [0, 1, 0, 1, 0, 1],
            SourceNames = ["a", "b"],
            Quotas = [SourceQuota.Parse("b=50.."), SourceQuota.Parse("a=..45")],
        };
        // After b's 30 and 20: a's 40, not its 10 (50), then its 5 (45 exactly); b's 7 would make 102.
        var selection = BudgetFiller.Fill("test", problem, InOrder(6));
        selection.Rows.Select(r => r.Position).ShouldBe([0, 1, 3, 4]);
        selection.Spent.ShouldBe(95);
        // One token less, and the 20 would overshoot the minimum: the 7 is taken in its place. Then a's 40 and 10, to the last token.
        var less = problem with { Quotas = [SourceQuota.Parse("b=49..70")], Budget = Budget.Parse("87-tokens") };
        BudgetFiller.Fill("test", less, InOrder(6)).Rows.Select(r => r.Position).ShouldBe([0, 1, 2, 5]);
    }

    [Fact]
    public void Minimums_may_add_up_to_the_whole_budget_and_not_beyond()
    {
        var problem = OfTokens("3", 1, 1, 1, 1) with { Sources = [0, 1, 1, 1], SourceNames = ["a", "b"] };
        Chosen("a=1..", "b=2..").ShouldBe([0, 1, 2]);
        Chosen("b=3..").ShouldBe([1, 2, 3]);
        Should.Throw<PursuitException>(() => Chosen("a=1..", "b=3..")).Message.ShouldContain("minimums add up to 4");
        Should.Throw<PursuitException>(() => Chosen("a=2..")).Message.ShouldContain("source 'a' has only 1");
        // A source's own quota goes before that of all others, and the last of several counts.
        Chosen("*=2..2", "a=0..0", "b=..1", "b=3..").ShouldBe([1, 2, 3]);

        IEnumerable<int> Chosen(params string[] quotas) =>
            BudgetFiller.Fill("test", problem with { Quotas = [.. quotas.Select(SourceQuota.Parse)] }, InOrder(4))
                .Rows.Select(r => r.Position);
    }

    [Theory]
    [InlineData("a=29%..57%", 100, 29, 57)] // 57% of 100 is 56.99999999999999 in binary
    [InlineData("a=7%..", 100, 7, long.MaxValue)] // 7% of 100 is 7.000000000000001
    [InlineData("a=1%..1%", 150, 2, 1)] // a least is rounded up, a most down
    [InlineData("a=..500", 100, 0, 500)]
    [InlineData("a=3..3", 100, 3, 3)]
    [InlineData("a=2.5..3.5", 100, 3, 3)]
    public void A_quota_in_a_budget_is_a_least_and_a_most(string text, long budget, long least, long most)
    {
        SourceQuota.Parse(text).Least(budget).ShouldBe(least);
        SourceQuota.Parse(text).Most(budget).ShouldBe(most);
    }

    [Fact]
    public void A_quotas_source_may_be_a_path_with_any_sign_in_it()
    {
        SourceQuota.Parse("a=b..c.jsonl=10%..40%").ShouldBe(new SourceQuota("a=b..c.jsonl", 0.1, 0.4, true));
        SourceQuota.Parse("x=..").ShouldBe(new SourceQuota("x", 0, double.PositiveInfinity, false));
        SourceQuota.WithFullPath("*=..25%").ShouldBe("*=..25%");
        SourceQuota.WithFullPath("sub/a.jsonl=5..").ShouldBe(Path.Combine(Environment.CurrentDirectory, "sub", "a.jsonl") + "=5..");
    }

    [Fact]
    public void A_source_gets_at_least_its_minimum_and_at_most_its_maximum()
    {
        var problem = Problems.Pool(300, "60") with
        {
            Quotas = [SourceQuota.Parse("mail=50%.."), SourceQuota.Parse("*=..20")],
        };
        // Ranked so that mail would get nothing by itself: books first, then code, then mail.
        var ranked = RowOrder.ByScore(problem.Sources.Select(s => -(double)s).ToArray(), problem.ContentIds);
        var rows = BudgetFiller.Fill("test", problem, ranked).Rows;
        var bySource = rows.CountBy(r => problem.SourceNames[problem.Sources[r.Position]]).ToDictionary();
        bySource["mail"].ShouldBe(30);
        bySource["books"].ShouldBe(20);
        bySource["code"].ShouldBe(10);
        rows.Select(r => r.Score).ShouldBe(rows.Select(r => r.Score).OrderDescending());
    }

    [Theory]
    [InlineData("mail=100..")] // more than the budget
    [InlineData("male=1..")] // no such source
    public void Quotas_that_cannot_be_met_are_refused(string quota)
    {
        var problem = Problems.Pool(300, "60") with { Quotas = [SourceQuota.Parse(quota)] };
        var ranked = RowOrder.ByScore(new double[300], problem.ContentIds);
        Should.Throw<PursuitException>(() => BudgetFiller.Fill("test", problem, ranked));
    }

    [Theory]
    [InlineData("mail")]
    [InlineData("mail=5")]
    [InlineData("mail=5..2")]
    [InlineData("mail=10%..20")]
    [InlineData("=1..2")]
    public void A_malformed_quota_is_refused(string text)
    {
        Should.Throw<PursuitException>(() => SourceQuota.Parse(text)).Message.ShouldContain(text);
    }

    /// <summary>A pool of examples of these many tokens, one of each supervised, in one source.</summary>
    private static SelectionProblem OfTokens(string budget, params int[] tokens) =>
        Problems.Pool(tokens.Length, budget) with
        {
            TokenCounts = new TokenCounts(tokens, [.. tokens.Select(_ => 1)]),
            Sources = new int[tokens.Length],
            SourceNames = ["a"],
        };

    private static RankedRow[] InOrder(int rows) => [.. Enumerable.Range(0, rows).Select(i => new RankedRow(i, -i))];
}
