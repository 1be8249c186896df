namespace Pursuit.Selection.Bm25;

/// <summary>
/// Okapi BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) with each target example as a
/// query: <c>score_i = mean over v of sum over the words w of v of idf(w) tf (k1 + 1) / (tf + k1 (1 - b + b |i| / mean length))</c>.
/// </summary>
internal sealed class Bm25Selector : IScorer, IAttributor
{
    /// <summary>The method's name.</summary>
    public const string Name = "bm25";

    /// <summary>Scores held at once: 256 MiB.</summary>
    private const int MostScores = 1 << 25;

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
        var (statistics, queries) = Count(problem, context);
        var scores = new double[problem.ContentIds.Count];
        // A sum over queries of sums over words is one sum over words, each as often as the queries have it.
        ForEachText(problem, statistics, context, (position, words) => scores[position] = Sum(words, queries.Weights));
        return scores;
    }

    /// <inheritdoc/>
    public void Attribute(SelectionProblem problem, SelectionContext context, Action<int, double[]> visit)
    {
        var (statistics, queries) = Count(problem, context);
        string[] texts = [.. problem.RequireTargetTexts(Name).Read(context.CancellationToken)];
        foreach (var part in Enumerable.Range(0, texts.Length).Chunk(Math.Max(1, MostScores / Math.Max(1, problem.ContentIds.Count))))
        {
            double[][] weights = [.. part.Select(v => queries.WeightsOf(texts[v]))];
            double[][] scores = [.. part.Select(_ => new double[problem.ContentIds.Count])];
            ForEachText(problem, statistics, context, (position, words) =>
            {
                for (var v = 0; v < weights.Length; v++) scores[v][position] = Sum(words, weights[v]);
            });
            for (var v = 0; v < part.Length; v++)
                if (weights[v].Any(w => w > 0)) visit(part[v], scores[v]);
        }
    }

    private static double Sum(IReadOnlyList<WordValue>? words, IReadOnlyList<double> weights)
    {
        if (words is null) return double.NaN;
        var sum = 0.0;
        foreach (var word in words) sum += weights[word.Number] * word.Value;
        return sum;
    }

    /// <summary>Counts the words of the target's queries in the pool.</summary>
    private static (WordStatistics Statistics, WordQueries Queries) Count(SelectionProblem problem, SelectionContext context)
    {
        var (pool, target) = (problem.RequirePoolTexts(Name), problem.RequireTargetTexts(Name));
        var queries = WordQueries.Of(target, context.CancellationToken);
        if (queries.Words == 0) throw PursuitException.At(ApiName.Target, $"no word in {target.Count:N0} examples", "examples with words");
        var statistics = new WordStatistics(queries, context.Threads);
        statistics.Count(
            pool,
            done => context.Progress?.Report(new WorkProgress("counting words", done, pool.Count, "examples")),
            context.CancellationToken);
        return (statistics, queries);
    }

    private void ForEachText(
        SelectionProblem problem, WordStatistics statistics, SelectionContext context, Action<int, IReadOnlyList<WordValue>?> visit)
    {
        var pool = problem.RequirePoolTexts(Name);
        statistics.ForEachText(
            pool,
            _options,
            done => context.Progress?.Report(new WorkProgress("scoring", done, pool.Count, "examples")),
            visit,
            context.CancellationToken);
    }
}
