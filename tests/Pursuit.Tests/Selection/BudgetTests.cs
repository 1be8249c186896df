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
}
