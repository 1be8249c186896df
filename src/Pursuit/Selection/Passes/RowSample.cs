namespace Pursuit.Selection.Passes;

/// <summary>A random sample of rows that depends on their content ids, not on their order.</summary>
internal static class RowSample
{
    /// <summary>Rows of a sample that suffice k-means for each of its clusters, as in faiss.</summary>
    private const int RowsPerCluster = 256;

    /// <summary>Numbers of a sample at most: 256 MiB.</summary>
    private const int MostNumbers = 1 << 26;

    /// <summary>Draws rows.</summary>
    /// <param name="problem">Content ids and the seed.</param>
    /// <param name="rows">What is drawn from.</param>
    /// <param name="count">How many; all where there are no more.</param>
    /// <param name="purpose">The draw's name, part of the seed.</param>
    /// <returns>The drawn rows, in an order that is random too.</returns>
    public static int[] Draw(SelectionProblem problem, IReadOnlyList<int> rows, int count, string purpose)
    {
        var keys = new ulong[problem.ContentIds.Count];
        foreach (var row in rows) keys[row] = SeededRandom.ForExample(problem.Seed, purpose, problem.ContentIds[row]);
        int[] drawn = [.. rows];
        Array.Sort(
            drawn,
            (a, b) => keys[a] != keys[b] ? keys[a].CompareTo(keys[b]) : problem.ContentIds[a].CompareTo(problem.ContentIds[b]));
        return count < drawn.Length ? drawn[..count] : drawn;
    }

    /// <summary>How many rows k-means looks at: enough of each cluster, and bounded in memory.</summary>
    /// <param name="clusters">Clusters.</param>
    /// <param name="dimension">Numbers per row.</param>
    public static int SizeFor(int clusters, int dimension) =>
        (int)Math.Max(clusters, Math.Min((long)RowsPerCluster * clusters, MostNumbers / dimension));
}
