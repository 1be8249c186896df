using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.SemDedup;

/// <summary>
/// D4 (Tirumala et al., "D4: Improving LLM Pretraining via Document De-Duplication and Diversification", arXiv 2308.12284): near copies go
/// first (<see cref="SemDedupSelector"/>), and of what is left, clustered again, the examples farthest from their centres are kept
/// (Sorscher et al., arXiv 2206.14486, "SSL prototypes").
/// </summary>
internal sealed class D4Selector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "d4";

    private readonly D4Options _options;

    /// <summary>Creates the method with checked options.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public D4Selector(D4Options options)
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
        var first = EmbeddingClusters.Find(
            pool, usable, _options.Clusters, _options.Iterations, SemDedupSelector.Name, problem, context);
        var copies = new NearCopies(pool, context);
        var largest = copies.Find(first);
        // Stable sorts: equal ones stay by content id.
        int[] unique = [.. usable.OrderBy(i => largest[i])];
        var keep = Math.Max(1, (int)Math.Ceiling(_options.Keep * usable.Length));
        int[] kept = [.. unique[..keep].OrderBy(i => problem.ContentIds[i])];
        var second = EmbeddingClusters.Find(pool, kept, _options.Clusters, _options.Iterations, Name, problem, context);
        var distances = Distances(pool, second, context);
        RankedRow[] ranked =
        [
            .. kept.OrderByDescending(i => distances[i]).Select(i => new RankedRow(i, distances[i])),
            // A budget above what is kept takes the others after all, the least near copies first.
            .. unique[keep..].Select(i => new RankedRow(i, -largest[i])),
        ];
        var selection = BudgetFiller.Fill(Name, problem, ranked, features);
        var isKept = kept.ToHashSet();
        var after = selection.Rows.Count(r => !isKept.Contains(r.Position));
        return selection with
        {
            Remarks = after == 0
                ? selection.Remarks
                : [.. selection.Remarks, $"The budget is above d4.keep: {after:N0} near copies were taken too."],
            Details = new SemDedupDetails
            {
                Clusters = second.Members.Length,
                LargestCluster = second.Members.Max(m => m.Length),
                LargestCosine = selection.Rows.Max(r => largest[r.Position]),
                NearCopies = usable.Length - keep - after,
                BytesRead = 3 * pool.PassBytes + copies.RowsRead * (pool.PassBytes / pool.Count),
            },
        };
    }

    /// <summary>1 - each row's cosine with its cluster's centre, [pool]; 0 for rows of no cluster.</summary>
    private static double[] Distances(EmbeddingRows pool, EmbeddingClusters clusters, SelectionContext context)
    {
        var centre = new int[pool.Count];
        Array.Fill(centre, -1);
        for (var c = 0; c < clusters.Members.Length; c++)
            foreach (var row in clusters.Members[c]) centre[row] = clusters.CentreOf[c];
        var distances = new double[pool.Count];
        pool.ForEachTile(context.Threads, () => 0, (_, rows, first, count) =>
        {
            for (var r = 0; r < count; r++)
            {
                if (centre[first + r] < 0) continue;
                var row = rows.Slice(r * pool.Dimension, pool.Dimension);
                distances[first + r] = 1 - DotProduct.Cosine(row, clusters.Centres.Centre(centre[first + r]));
            }
        }, context.CancellationToken);
        return distances;
    }
}
