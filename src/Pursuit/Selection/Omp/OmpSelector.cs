using Pursuit.Selection.Pursuits;

namespace Pursuit.Selection.Omp;

/// <summary>
/// Non-negative orthogonal matching pursuit on gradients: one row per pass over the store, each time the one that points most
/// toward the residual, and an exact refit (GradMatch: Killamsetty et al., ICML 2021, arXiv 2103.00123; the non-negative variant
/// of Bruckstein, Elad and Zibulevsky, 2008). The yardstick <c>gtp</c> is measured against: M passes where <c>gtp</c> takes some 30.
/// </summary>
internal sealed class OmpSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "omp";

    private readonly OmpOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public OmpSelector(OmpOptions options)
    {
        options.Validate(Name);
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        _options.RequirePossible(PursuitQuestion.Of(problem, context));
        using var session = PursuitSession.Open(problem, Name, _options, context);
        var outcome = new OmpSolver(
            session.Problem,
            new PursuitStops(_options.Residual, 0, false)).Run(session.RowBudget, context.Progress, context.CancellationToken);
        var ranked = session.Ranked(outcome);
        var left = session.Left(ranked.Select(r => r.Position));
        string[] unused = left > 0 && outcome.Reason != StopReason.BudgetFull ? [session.Unused(outcome, left)] : [];
        string[] remarks = [.. unused, .. PursuitSession.FitRemarks(outcome)];
        var selection = session.Select(ranked, remarks);
        return selection with { Details = session.Details(outcome, selection, context.CancellationToken) };
    }
}
