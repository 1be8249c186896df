namespace Pursuit.TestKit.Reference;

/// <summary>
/// The readable twin of a search in an inverted file: of all rows, those whose nearest centre is one of the query's nearest, by distance.
/// </summary>
internal static class ReferenceCells
{
    /// <summary>The rows that a query finds, nearest first, equal ones by content id.</summary>
    /// <param name="rows">[pool].</param>
    /// <param name="query">The query.</param>
    /// <param name="centres">[lists, dimension].</param>
    /// <param name="lists">Centres.</param>
    /// <param name="probes">How many of those that have rows it looks at.</param>
    /// <param name="contentIds">[pool].</param>
    public static int[] Find(float[][] rows, float[] query, float[] centres, int lists, int probes, IReadOnlyList<ContentId> contentIds)
    {
        var cells = rows.Select(row => ReferenceKMeans.Nearest(row, centres, lists)).ToArray();
        var probed = cells.Distinct()
            .OrderBy(c => Squared(query, centres[(c * query.Length)..((c + 1) * query.Length)]))
            .ThenBy(c => c)
            .Take(probes)
            .ToHashSet();
        return [.. Enumerable.Range(0, rows.Length).Where(i => probed.Contains(cells[i])).OrderBy(i => Squared(query, rows[i]))
            .ThenBy(i => contentIds[i])];
    }

    private static double Squared(float[] a, float[] b) => a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum();
}
