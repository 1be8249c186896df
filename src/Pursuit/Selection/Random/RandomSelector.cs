using Pursuit.Storage;

namespace Pursuit.Selection.Random;

/// <summary>
/// A uniformly random choice: examples ordered by hash(seed, "random", content id). It depends on neither row order nor the
/// rest of the pool, and a larger budget contains the smaller one's choice. The baseline that every other method must beat.
/// </summary>
internal sealed class RandomSelector : ISelector
{
    /// <summary>The method's name.</summary>
    public const string Name = "random";

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        using var rows = new SpillableList<RankedRow>(directory: null);
        for (var i = 0; i < problem.ContentIds.Count; i++) rows.Add(new RankedRow(i, Score(problem, Name, i)));
        RowOrder.Sort(rows.Span, problem.ContentIds);
        return BudgetFiller.Fill(Name, problem, rows);
    }

    /// <summary>A uniform score in [0, 1) for each example, [pool].</summary>
    internal static double[] Scores(SelectionProblem problem, string purpose)
    {
        var scores = new double[problem.ContentIds.Count];
        for (var i = 0; i < scores.Length; i++) scores[i] = Score(problem, purpose, i);
        return scores;
    }

    private static double Score(SelectionProblem problem, string purpose, int position) =>
        (SeededRandom.ForExample(problem.Seed, purpose, problem.ContentIds[position]) >> 11) * (1.0 / (1UL << 53));
}
