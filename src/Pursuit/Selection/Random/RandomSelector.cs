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
        var scores = Scores(problem, Name);
        return BudgetFiller.Fill(Name, problem, RowOrder.ByScore(scores, problem.ContentIds));
    }

    /// <summary>A uniform score in [0, 1) for each example, [pool].</summary>
    internal static double[] Scores(SelectionProblem problem, string purpose)
    {
        var scores = new double[problem.ContentIds.Count];
        for (var i = 0; i < scores.Length; i++)
            scores[i] = (SeededRandom.ForExample(problem.Seed, purpose, problem.ContentIds[i]) >> 11) * (1.0 / (1UL << 53));
        return scores;
    }
}
