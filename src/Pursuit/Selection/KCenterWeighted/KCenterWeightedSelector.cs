using Pursuit.Selection.Passes;
using Pursuit.Selection.TokenScores;

namespace Pursuit.Selection.KCenterWeighted;

/// <summary>
/// Weighted k-center with uncertainty (Ramalingam, Awasthi and Kumar, "A Weighted K-Center Algorithm for Data Subset Selection", 2023,
/// arXiv 2312.10602): minimize max_i min_{j in S} d(i, j) + lam sum_{j in S} u_j, u the mean token margin (small: unsure), by the factor-3
/// algorithm. For each radius R: a maximal set of rows pairwise more than 2 R apart, each replaced by the row of least u in its R-ball,
/// filled up with the rows of least u; the cheapest is kept.
/// </summary>
/// <remarks>
/// Which set is cheapest is decided by a bound on its radius, at most 3 R, which keeps the factor: measuring the radius itself would take
/// as long as the traversal, for every R.
/// </remarks>
internal sealed class KCenterWeightedSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "kcenter-weighted";

    private readonly KCenterWeightedOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public KCenterWeightedSelector(KCenterWeightedOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var features = problem.RequirePoolEmbeddings(Name);
        var measured = new MarginSelector(new MarginOptions(), Name).Scores(problem, context);
        var missing = measured.Count(double.IsNaN);
        // An example that no token tells of is taken for a certain one.
        var margins = Array.ConvertAll(measured, m => double.IsNaN(m) ? 1 : m);
        var search = new CoverSearch(problem, EmbeddingRows.Open(features, null, _options.Unit).Pool, margins, _options, context);

        RankedRow[] ranked = [.. search.Order().Select(i => new RankedRow(i, 1 - margins[i]))];
        var selection = BudgetFiller.Fill(Name, problem, ranked, features);
        var chosen = selection.Rows.Select(r => r.Position).ToHashSet();
        return selection with
        {
            Remarks =
            [
                .. selection.Remarks,
                .. missing == 0
                    ? []
                    : (string[])[MessageText.Counted(missing, "example lacks", "examples lack") + " a token to score: taken as certain."],
            ],
            Details = new KCenterWeightedDetails
            {
                RadiusAtMost = search.Best.RadiusAtMost,
                Lambda = search.Lambda,
                Covering = search.Best.Rows.Count(chosen.Contains),
                MeanMargin = selection.Rows.Average(r => margins[r.Position]),
                PoolMargin = margins.Average(),
                Radii = search.Radii,
            },
        };
    }
}
