using Pursuit.Jobs;
using Pursuit.Selection;
using static System.FormattableString;

namespace Pursuit.Reports.Explanations;

/// <summary>Puts an explanation into sentences.</summary>
internal static class ExplanationText
{
    /// <summary>What became of an example and why.</summary>
    public static IReadOnlyList<string> Why(Explanation explanation, SelectedRun run)
    {
        var chosen = run.Selection.Rows.Count;
        var why = new List<string>();
        if (explanation.Rank is { } rank)
            why.Add(
                Invariant($"{run.Selection.Method} selected it at rank {rank:N0} of {chosen:N0} with weight {explanation.Weight:0.00}."));
        else
            why.Add(Invariant($"{run.Selection.Method} selected {chosen:N0} others."));

        if (run.Problem.TokenCounts is { } counts && explanation.Rank is null && explanation.Place is null
            && IsUntrainable(explanation, run, counts))
            why.Add("It has no token to train on, so it could not be selected; inspect the record to see why.");
        if (explanation.Place is { } place)
            why.Add(Invariant($"In the method's order it is number {place:N0} of {explanation.PlaceOf:N0}")
                + (explanation.Rank is null ? Invariant($"; the budget ended at {chosen:N0}.") : "."));
        if (explanation.Passes.Count > 0) why.AddRange(explanation.Rank is null ? Lost(explanation) : Won(explanation, run));
        if (explanation.Copies.Count > 0)
            why.Add(Invariant($"{explanation.Copies.Count:N0} other {(explanation.Copies.Count == 1 ? "row has" : "rows have")} the same ")
                + Invariant($"content and {(explanation.Copies.Count == 1 ? "was" : "were")} excluded as duplicates."));
        return why;
    }

    private static bool IsUntrainable(Explanation explanation, SelectedRun run, TokenCounts counts) =>
        run.Pool.Ledger[explanation.Row.Index] is { Position: >= 0 } row && counts.Supervised[row.Position] == 0;

    private static IEnumerable<string> Won(Explanation explanation, SelectedRun run)
    {
        var taken = explanation.Passes.TakeWhile(p => p.State != "chosen already").LastOrDefault(p => p.Rank is not null);
        if (!(run.Selection.Rows[explanation.Rank!.Value - 1].Score > 0))
            yield return "It fills the budget: the pursuit did not need it, but with equal weights it brings the "
                + "selection nearer to the target.";
        else if (taken is not null)
            yield return Invariant($"The pursuit took it at pass {taken.Pass:N0}, where its gain ranked {taken.Rank:N0} and ")
                + Invariant($"{taken.Taken:N0} were added.");
    }

    private static IEnumerable<string> Lost(Explanation explanation)
    {
        var ranked = explanation.Passes.Where(p => p.Rank is not null).ToArray();
        if (ranked.Length == 0)
        {
            yield return explanation.Passes.All(p => p.State == "not offered")
                ? "The final pursuit chose among other examples: those that pursuits of parts, or the first pass, had put forward."
                : explanation.Passes.Any(p => p.State == "barred")
                ? "It was never a candidate: its features equal a selected example's."
                : "It was never a candidate: its gradient points away from the target's residual at every pass.";
            yield break;
        }

        var best = ranked.MinBy(p => p.Rank)!;
        yield return Invariant($"Its best rank by gain was {best.Rank:N0}, at pass {best.Pass:N0}, which added {best.Taken:N0}")
            + (best.Rank <= best.Taken ? "; a better one among them is nearly the same, so it had to wait." : ".");
        if (explanation.Passes.Any(p => p.State == "chosen already"))
            yield return "It was in the selection from pass "
                + Invariant($"{explanation.Passes.First(p => p.State == "chosen already").Pass:N0} on, ")
                + "and was later dropped for better ones.";
        if (explanation.Passes.FirstOrDefault(p => p.State == "barred") is { } barred)
            yield return Invariant($"From pass {barred.Pass:N0} on it was excluded: its features equal a selected example's.");
        if (explanation.Displaced is not { By: [var nearest, ..] } displaced) yield break;
        yield return Invariant($"Its gain fell most after pass {displaced.Pass:N0}, from {displaced.Before:0.0000} to ")
            + Invariant($"{displaced.After:0.0000}; of the examples added there the most similar is ")
            + Invariant($"{nearest.Id ?? Invariant($"{nearest.File}, line {nearest.Line}")} ")
            + Invariant($"(cosine {nearest.Value:0.000}{(nearest.Rank is { } rank ? Invariant($", now at rank {rank:N0}") : "")}).");
    }
}
