using Pursuit.Numerics;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Tagcos;

/// <summary>
/// TAGCOS (Zhang et al., "TAGCOS: Task-agnostic Gradient Clustered Coreset Selection for Instruction Tuning Data", arXiv 2407.15235):
/// k-means on gradients, a budget for each cluster by its size, and in each a pursuit of the centroid, whose weights aren't kept.
/// </summary>
internal sealed class TagcosSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "tagcos";

    /// <summary>Numbers of a cluster that are kept in memory: 1 GiB.</summary>
    private const int MostKept = 1 << 28;

    private readonly TagcosOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public TagcosSelector(TagcosOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var features = problem.RequirePoolGradients(Name);
        var rows = new SummedRows(features);
        var usable = UsableRows.Find(problem, features);
        if (usable.Length == 0) return BudgetFiller.Fill(Name, problem, [], features);
        var budget = RowBudget(problem, usable);
        var count = Math.Min(_options.Clusters, budget);
        var clusters = Cluster(rows, usable, count, problem, context);
        var centroids = Centroids(rows, clusters, context);
        var shares = Shares([.. clusters.Select(c => c.Length)], budget);
        var (ranked, pursuits) = Pursue(rows, clusters, centroids, shares, problem, context);
        var selection = BudgetFiller.Fill(Name, problem, ranked, features);
        return selection with
        {
            Remarks = count == _options.Clusters
                ? selection.Remarks
                : [.. selection.Remarks, $"tagcos.clusters is lowered from {_options.Clusters:N0} to the budget's {count:N0} examples."],
            Details = new TagcosDetails
            {
                Clusters = clusters.Length,
                LargestCluster = clusters.Max(c => c.Length),
                Pursuits = pursuits,
                BytesRead = rows.BytesRead,
            },
        };
    }

    /// <summary>A budget's shares of clusters in proportion to their sizes, by largest remainder; equal ones by number.</summary>
    /// <param name="sizes">Rows of each cluster.</param>
    /// <param name="budget">Rows in all, at most the sizes' sum.</param>
    internal static int[] Shares(int[] sizes, int budget)
    {
        var total = sizes.Sum(s => (long)s);
        var shares = Array.ConvertAll(sizes, s => (int)(s * (long)budget / total));
        var left = budget - shares.Sum();
        foreach (var c in Enumerable.Range(0, sizes.Length).OrderByDescending(c => sizes[c] * (long)budget % total).Take(left))
            shares[c]++;
        return shares;
    }

    /// <summary>The rows that the budget pays for, at their mean cost where it counts tokens.</summary>
    private static int RowBudget(SelectionProblem problem, int[] usable)
    {
        var budget = problem.ResolvedBudget;
        if (problem.Budget.Unit == BudgetUnit.Rows) return (int)Math.Min(budget, usable.Length);
        var total = usable.Sum(i => problem.Budget.Cost(i, problem.TokenCounts));
        return (int)Math.Clamp(Math.Ceiling((double)budget * usable.Length / total), 1, usable.Length);
    }

    /// <summary>The clusters that have members, each by content id.</summary>
    private int[][] Cluster(SummedRows rows, int[] usable, int count, SelectionProblem problem, SelectionContext context)
    {
        var sample = RowSample.Draw(problem, usable, RowSample.SizeFor(count, rows.Dimension), "tagcos/sample");
        var values = new float[sample.Length * rows.Dimension];
        rows.Gather(sample, values);
        var centres = EuclideanKMeans.Cluster(
            values,
            sample.Length,
            rows.Dimension,
            count,
            new SeededRandom(problem.Seed, "tagcos/clusters"),
            _options.Iterations,
            context.Threads,
            context.CancellationToken);
        var nearest = rows.Nearest(centres, context.Threads, context.CancellationToken);
        return [.. usable.GroupBy(i => nearest[i]).OrderBy(g => g.Key).Select(g => g.ToArray())];
    }

    private static float[] Centroids(SummedRows rows, int[][] clusters, SelectionContext context)
    {
        var group = new int[rows.Count];
        Array.Fill(group, -1);
        for (var c = 0; c < clusters.Length; c++)
            foreach (var row in clusters[c]) group[row] = c;
        return rows.Means(group, [.. clusters.Select(c => c.Length)], context.Threads, context.CancellationToken);
    }

    /// <summary>
    /// All usable rows: the clusters' shares first, so that any first part of them has about the same share of each, and then the others,
    /// which quotas or a budget of tokens may ask for, by their products with their centroids.
    /// </summary>
    private (List<RankedRow> Ranked, int Pursuits) Pursue(
        SummedRows rows, int[][] clusters, float[] centroids, int[] shares, SelectionProblem problem, SelectionContext context)
    {
        var room = new float[Math.Max(rows.Dimension, Math.Min((long)clusters.Max(c => c.Length) * rows.Dimension, MostKept))];
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = Math.Max(1, context.Threads),
            CancellationToken = context.CancellationToken,
        };
        var taken = new List<(double Turn, RankedRow Row)>();
        var others = new List<RankedRow>();
        var pursuits = 0;
        for (var c = 0; c < clusters.Length; c++)
        {
            var members = clusters[c];
            var centroid = centroids.AsSpan(c * rows.Dimension, rows.Dimension).ToArray();
            var pursuit = new ClusterPursuit(
                new ClusterRows(rows, members, room, parallel), centroid, _options, context.CancellationToken);
            var order = pursuit.Take(shares[c]);
            pursuits += pursuit.Pursuits;
            for (var rank = 0; rank < order.Count; rank++)
                taken.Add(((rank + 0.5) / order.Count, new RankedRow(members[order[rank]], pursuit.Products[order[rank]])));
            var isTaken = order.ToHashSet();
            for (var i = 0; i < members.Length; i++)
                if (!isTaken.Contains(i)) others.Add(new RankedRow(members[i], pursuit.Products[i]));
            context.Progress?.Report(new WorkProgress(Name, c + 1, clusters.Length, "clusters"));
        }

        // Sorting is stable: equal turns stay in the clusters' order.
        return (
            [
                .. taken.OrderBy(t => t.Turn).Select(t => t.Row),
                .. others.OrderByDescending(r => r.Score).ThenBy(r => problem.ContentIds[r.Position]),
            ],
            pursuits);
    }
}
