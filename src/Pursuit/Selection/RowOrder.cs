namespace Pursuit.Selection;

/// <summary>The one order of scored examples: higher score first, equal scores by content id.</summary>
internal static class RowOrder
{
    /// <summary>Orders all positions by score, best first.</summary>
    /// <param name="scores">One score per example, [pool]; no NaN.</param>
    /// <param name="contentIds">[pool].</param>
    public static RankedRow[] ByScore(ReadOnlySpan<double> scores, IReadOnlyList<ContentId> contentIds)
    {
        var rows = new RankedRow[scores.Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = new RankedRow(i, scores[i]);
        Sort(rows, contentIds);
        return rows;
    }

    /// <summary>Orders rows by their scores, best first.</summary>
    /// <param name="rows">The rows; no score is NaN.</param>
    /// <param name="contentIds">[pool].</param>
    public static void Sort(Span<RankedRow> rows, IReadOnlyList<ContentId> contentIds) =>
        rows.Sort((a, b) => Compare(a, b, contentIds));

    private static int Compare(RankedRow a, RankedRow b, IReadOnlyList<ContentId> contentIds)
    {
        var order = b.Score.CompareTo(a.Score);
        return order != 0 ? order : contentIds[a.Position].CompareTo(contentIds[b.Position]);
    }
}
