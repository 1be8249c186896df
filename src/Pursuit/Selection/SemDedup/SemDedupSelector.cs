using Pursuit.Selection.Passes;

namespace Pursuit.Selection.SemDedup;

/// <summary>
/// SemDeDup (Abbas et al., "SemDeDup: Data-efficient learning at web-scale through semantic deduplication", arXiv 2303.09540): within
/// clusters of embeddings, examples that are nearly copies of one before them go.
/// </summary>
internal sealed class SemDedupSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "semdedup";

    private readonly SemDedupOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public SemDedupSelector(SemDedupOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var features = problem.RequirePoolEmbeddings(Name);
        var usable = UsableRows.Find(problem, features);
        if (usable.Length == 0) return BudgetFiller.Fill(Name, problem, [], features);
        var pool = EmbeddingRows.OpenHere(features, unit: true);
        var clusters = EmbeddingClusters.Find(pool, usable, _options.Clusters, _options.Iterations, Name, problem, context);
        var copies = new NearCopies(pool, context);
        var largest = copies.Find(clusters);
        RankedRow[] ranked =
        [
            .. RowOrder.ByScore(Array.ConvertAll(largest, cosine => 1.0 - cosine), problem.ContentIds)
                .Where(r => _options.Epsilon is not { } epsilon || r.Score >= epsilon),
        ];
        var selection = BudgetFiller.Fill(Name, problem, ranked, features);
        var nearCopies = usable.Count(i => _options.Epsilon is { } epsilon && 1.0 - largest[i] < epsilon);
        var isUnmet = selection.Rows.Count == usable.Length - nearCopies && selection.Spent < selection.Budget;
        return selection with
        {
            Remarks = nearCopies > 0 && isUnmet
                ? [.. selection.Remarks, $"{nearCopies:N0} examples are near copies of others; without them the budget can't be met."]
                : selection.Remarks,
            Details = new SemDedupDetails
            {
                Clusters = clusters.Members.Length,
                LargestCluster = clusters.Members.Max(m => m.Length),
                LargestCosine = selection.Rows.Max(r => largest[r.Position]),
                NearCopies = nearCopies,
                BytesRead = pool.PassBytes + copies.RowsRead * (pool.PassBytes / pool.Count),
            },
        };
    }
}
