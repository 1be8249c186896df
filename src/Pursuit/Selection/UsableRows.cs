using Pursuit.Selection.Features;

namespace Pursuit.Selection;

/// <summary>The rows that a method which reads features may choose: those with features and a token to train on.</summary>
internal static class UsableRows
{
    /// <summary>Their positions, by content id: an order that the pool's doesn't change.</summary>
    /// <param name="problem">Content ids and lengths.</param>
    /// <param name="features">The pool's features that the method reads.</param>
    public static int[] Find(SelectionProblem problem, IDenseFeatures features)
    {
        var empty = FeaturelessRows.Find(features);
        int[] rows =
        [
            .. Enumerable.Range(0, problem.ContentIds.Count)
                .Where(i => problem.TokenCounts?.Supervised[i] != 0 && empty?[i] != true),
        ];
        Array.Sort(rows, (a, b) => problem.ContentIds[a].CompareTo(problem.ContentIds[b]));
        return rows;
    }
}
