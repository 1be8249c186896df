using Pursuit.Numerics;
using Pursuit.Selection.Neighbours;
using Pursuit.Selection.Passes;

namespace Pursuit.Selection.SemDedup;

/// <summary>Clusters of unit rows about the centres that k-means finds.</summary>
/// <param name="Centres">The centres.</param>
/// <param name="CentreOf">Each cluster's centre, [clusters].</param>
/// <param name="Members">Each cluster's rows, by content id; none is empty.</param>
internal sealed record EmbeddingClusters(RowCentres Centres, int[] CentreOf, int[][] Members)
{
    /// <summary>Rows for each cluster, where their number isn't given.</summary>
    private const int RowsPerCluster = 1000;

    /// <summary>Finds them.</summary>
    /// <param name="pool">Unit rows.</param>
    /// <param name="rows">Those that are clustered, by content id; at least one.</param>
    /// <param name="clusters">How many; 0 for one per 1,000 rows.</param>
    /// <param name="iterations">Of k-means.</param>
    /// <param name="purpose">The draws' name, part of the seed.</param>
    /// <param name="problem">Content ids and the seed.</param>
    /// <param name="context">Threads and cancellation.</param>
    public static EmbeddingClusters Find(
        EmbeddingRows pool,
        int[] rows,
        int clusters,
        int iterations,
        string purpose,
        SelectionProblem problem,
        SelectionContext context)
    {
        var wanted = clusters == 0 ? Math.Max(1, rows.Length / RowsPerCluster) : clusters;
        var count = Math.Min(Math.Min(wanted, RowCells.MostCells), rows.Length);
        var cells = RowCells.Assign(
            pool,
            RowSample.Draw(problem, rows, RowSample.SizeFor(count, pool.Dimension), purpose + "/sample"),
            count,
            new SeededRandom(problem.Seed, purpose + "/clusters"),
            iterations,
            context.Threads,
            context.CancellationToken);
        IGrouping<int, int>[] groups = [.. rows.GroupBy(i => (int)cells.CellsOf(i, 1)[0]).OrderBy(g => g.Key)];
        return new EmbeddingClusters(
            cells.Centres, Array.ConvertAll(groups, g => g.Key), Array.ConvertAll(groups, g => g.ToArray()));
    }
}
