using System.Collections;
using Pursuit.Selection.Features;

namespace Pursuit.Selection;

/// <summary>
/// Turns a method's order into a selection within the budget and the quotas: first each source's minimum from its best
/// ranks, then everything in rank order while it fits and its source's maximum allows.
/// </summary>
/// <remarks>
/// Filling stops at the first example that no longer fits, so that a larger budget always contains the smaller one's choice
/// and nothing is chosen for being short. Where lengths are known, examples without a trained token are passed over: they
/// would take budget and teach nothing. So are examples without features, where the method reads some (<see cref="FeaturelessRows"/>).
/// </remarks>
internal static class BudgetFiller
{
    /// <summary>Fills the budget from the best rank down.</summary>
    /// <param name="method">The method's name, for the result.</param>
    /// <param name="problem">Budget, lengths, sources and quotas.</param>
    /// <param name="ranked">Examples, best first; each position at most once.</param>
    /// <param name="features">The pool's features that the method reads; null where it reads none.</param>
    /// <exception cref="PursuitException">The best-ranked example alone is above the budget, or the quotas contradict it.</exception>
    public static SelectionResult Fill(
        string method, SelectionProblem problem, IReadOnlyList<RankedRow> ranked, IDenseFeatures? features = null)
    {
        var budget = problem.ResolvedBudget;
        var untrainable = Untrainable(problem);
        if (untrainable > 0) ranked = [.. ranked.Where(r => problem.TokenCounts!.Supervised[r.Position] > 0)];
        var empty = FeaturelessRows.Find(features);
        if (empty is not null) ranked = [.. ranked.Where(r => !empty[r.Position])];
        if (ranked.Count == 0 && empty is not null)
            throw PursuitException.At(
                ApiName.Features,
                $"rows of zeros for all of the {problem.ContentIds.Count:N0} examples that could be chosen",
                "rows that aren't",
                $"Compute the features again with the model and {ApiName.MaxLength} that training will use.");
        if (ranked.Count == 0)
            throw PursuitException.At(
                ApiName.Pool,
                $"none of the {problem.ContentIds.Count:N0} examples has a token to train on",
                "examples with an answer",
                $"Look at one with {ApiName.DatasetAudit}.");
        var taken = new BitArray(ranked.Count);
        var spent = problem.Quotas.Count == 0
            ? Fill(problem, ranked, budget, null, taken)
            : FillWithQuotas(problem, ranked, budget, taken);

        var count = 0;
        for (var rank = 0; rank < taken.Length; rank++) count += taken[rank] ? 1 : 0;
        var rows = new List<RankedRow>(count); // a list that grows would hold them twice
        for (var rank = 0; rank < taken.Length; rank++)
            if (taken[rank]) rows.Add(ranked[rank]);
        if (rows.Count == 0)
            throw PursuitException.At(
                ApiName.Budget,
                $"the first-ranked example alone takes {problem.Budget.Cost(ranked[0].Position, problem.TokenCounts):N0} "
                + Budget.UnitName(problem.Budget.Unit),
                $"a budget of at least that; it is {budget:N0}",
                "Raise the budget.");
        return new SelectionResult
        {
            Method = method,
            Rows = ScaledToMeanOne(rows),
            Budget = budget,
            Spent = spent,
            Unit = problem.Budget.Unit,
            Remarks = [.. Remarks(problem, untrainable, empty, budget - spent, rows.Count)],
        };
    }

    private static IEnumerable<string> Remarks(SelectionProblem problem, int untrainable, bool[]? empty, long left, int chosen)
    {
        if (untrainable > 0)
            yield return MessageText.Counted(untrainable, "example has", "examples have")
                + $" no token to train on and {(untrainable == 1 ? "was" : "were")} passed over; inspect "
                + $"{(untrainable == 1 ? "it" : "them")} to see why.";
        if (empty is null) yield break;
        var possible = Enumerable.Range(0, empty.Length)
            .Count(i => !empty[i] && (problem.TokenCounts is null || problem.TokenCounts.Supervised[i] > 0));
        var unmet = left > 0 && chosen == possible
            ? $"; without them {left:N0} {Budget.UnitName(problem.Budget.Unit)} of the budget can't be met"
            : "";
        var featureless = empty.Count(e => e);
        yield return MessageText.Counted(featureless, "example has", "examples have")
            + $" no features (rows of zeros) and {(featureless == 1 ? "was" : "were")} passed over{unmet}.";
    }

    private static int Untrainable(SelectionProblem problem) => problem.TokenCounts?.Supervised.Count(s => s == 0) ?? 0;

    private static long Fill(SelectionProblem problem, IReadOnlyList<RankedRow> ranked, long budget, QuotaState? quotas, BitArray taken)
    {
        var spent = quotas?.Spent ?? 0;
        for (var rank = 0; rank < ranked.Count; rank++)
        {
            if (taken[rank]) continue;
            var position = ranked[rank].Position;
            var cost = problem.Budget.Cost(position, problem.TokenCounts);
            if (quotas is not null && !quotas.Allows(problem.Sources[position], cost)) continue;
            if (spent + cost > budget) break;
            taken[rank] = true;
            spent += cost;
            quotas?.Add(problem.Sources[position], cost);
        }

        return spent;
    }

    private static long FillWithQuotas(SelectionProblem problem, IReadOnlyList<RankedRow> ranked, long budget, BitArray taken)
    {
        var quotas = new QuotaState(problem, budget);
        for (var rank = 0; rank < ranked.Count; rank++)
        {
            var position = ranked[rank].Position;
            var cost = problem.Budget.Cost(position, problem.TokenCounts);
            if (!quotas.Wants(problem.Sources[position], cost)) continue;
            taken[rank] = true;
            quotas.Add(problem.Sources[position], cost);
        }

        quotas.CheckMinimums(problem);
        return Fill(problem, ranked, budget, quotas, taken);
    }

    private static List<RankedRow> ScaledToMeanOne(List<RankedRow> rows)
    {
        var mean = rows.Average(r => r.Weight);
        return mean is 1 or <= 0 ? rows : rows.ConvertAll(r => r with { Weight = r.Weight / mean });
    }

    /// <summary>What each source has taken, against its least and most.</summary>
    private sealed class QuotaState
    {
        private readonly long[] _least;
        private readonly long[] _most;
        private readonly long[] _spent;

        public QuotaState(SelectionProblem problem, long budget)
        {
            var names = problem.SourceNames;
            _least = new long[names.Count];
            _most = new long[names.Count];
            _spent = new long[names.Count];
            var any = problem.Quotas.LastOrDefault(q => q.Source == SourceQuota.Any);
            foreach (var quota in problem.Quotas)
            {
                if (quota.Source != SourceQuota.Any && !names.Contains(quota.Source))
                    throw PursuitException.At(
                        ApiName.Quota,
                        $"no source is named '{quota.Source}'",
                        $"one of: {string.Join(", ", names.Take(20))}",
                        Suggestion.For(quota.Source, names));
            }

            for (var source = 0; source < names.Count; source++)
            {
                var quota = problem.Quotas.LastOrDefault(q => q.Source == names[source]) ?? any;
                _least[source] = quota?.Least(budget) ?? 0;
                _most[source] = quota?.Most(budget) ?? long.MaxValue;
            }

            if (_least.Sum() > budget)
                throw PursuitException.At(
                    ApiName.Quota,
                    $"the minimums add up to {_least.Sum():N0} {Budget.UnitName(problem.Budget.Unit)}",
                    $"at most the budget's {budget:N0}",
                    "Lower the minimums or raise the budget.");
        }

        public long Spent => _spent.Sum();

        public bool Allows(int source, long cost) => _spent[source] + cost <= _most[source];

        /// <summary>Below its least, and the example still fits under its least: tokens can't overshoot the sum of minimums.</summary>
        public bool Wants(int source, long cost) => _spent[source] + cost <= _least[source];

        public void Add(int source, long cost) => _spent[source] += cost;

        public void CheckMinimums(SelectionProblem problem)
        {
            if (problem.Budget.Unit != BudgetUnit.Rows) return; // token minimums are met to within one example
            for (var source = 0; source < _least.Length; source++)
            {
                if (_spent[source] < _least[source])
                    throw PursuitException.At(
                        ApiName.Quota,
                        $"source '{problem.SourceNames[source]}' has only {_spent[source]:N0} examples",
                        $"its minimum of {_least[source]:N0}",
                        "Lower that minimum.");
            }
        }
    }
}
