namespace Pursuit.Selection.Bm25;

/// <summary>
/// Okapi BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) with each target example as a
/// query: <c>score_i = mean over v of sum over the words w of v of idf(w) tf (k1 + 1) / (tf + k1 (1 - b + b |i| / mean length))</c>.
/// </summary>
internal sealed class Bm25Selector : IScorer
{
    /// <summary>The method's name.</summary>
    public const string Name = "bm25";

    private readonly Bm25Options _options;

    /// <summary>Creates the method with checked options.</summary>
    public Bm25Selector(Bm25Options options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context) =>
        ScoredSelection.Select(Name, problem, Scores(problem, context), "a word");

    /// <summary>Every example's mean score over the target's queries; NaN without a word.</summary>
    public double[] Scores(SelectionProblem problem, SelectionContext context)
    {
        var (pool, target) = (problem.RequirePoolTexts(Name), problem.RequireTargetTexts(Name));
        // A sum over queries of sums over words is one sum over words, each as often as the queries have it.
        var queries = WordQueries.Of(target, context.CancellationToken);
        if (queries.Words == 0) throw PursuitException.At(ApiName.Target, $"no word in {target.Count:N0} examples", "examples with words");
        var statistics = new WordStatistics(queries, context.Threads);
        statistics.Count(
            pool,
            done => context.Progress?.Report(new WorkProgress("counting words", done, pool.Count, "examples")),
            context.CancellationToken);
        return statistics.Score(
            pool,
            _options,
            done => context.Progress?.Report(new WorkProgress("scoring", done, pool.Count, "examples")),
            context.CancellationToken);
    }
}
