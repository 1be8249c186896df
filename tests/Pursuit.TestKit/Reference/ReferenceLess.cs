using Pursuit.Selection.Features;
using Pursuit.Selection.Passes;

namespace Pursuit.TestKit.Reference;

/// <summary>LESS's scores by their formula, example by example: the plain twin of the scores all inner-product methods share.</summary>
internal static class ReferenceLess
{
    /// <summary>mean over the task's examples v of sum_t etabar_t cos(g_i(t), g_v(t)), [rows][tasks].</summary>
    public static double[][] Scores(IDenseFeatures pool, IDenseFeatures target, IReadOnlyList<int> task, int tasks)
    {
        var rows = ReferenceRows.Phi(pool, RowConstruction.ExactUnit, pool);
        var targets = ReferenceRows.Phi(target, RowConstruction.ExactUnit, pool);
        return
        [
            .. rows.Select(row => Enumerable.Range(0, tasks)
                .Select(t => targets.Where((_, v) => task[v] == t).Average(v => ReferenceRows.Dot(row, v)))
                .ToArray()),
        ];
    }
}
