namespace Pursuit.Selection.Dsir;

/// <summary>
/// DSIR (Xie et al., "Data Selection for Language Models via Importance Resampling", NeurIPS 2023, arXiv 2302.03169): examples
/// are drawn so that their words and pairs of words are distributed as the target's.
/// </summary>
internal sealed class DsirSelector : IScorer
{
    /// <summary>The method's name.</summary>
    public const string Name = "dsir";

    private readonly DsirOptions _options;

    /// <summary>Creates the method with checked options.</summary>
    public DsirSelector(DsirOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var scores = Scores(problem, context);
        if (_options.Resample)
        {
            for (var i = 0; i < scores.Length; i++)
                scores[i] += SeededRandom.Gumbel(SeededRandom.ForExample(problem.Seed, "dsir/gumbel", problem.ContentIds[i]));
        }

        return ScoredSelection.Select(Name, problem, scores, "a word");
    }

    /// <summary>Every example's log weight, without noise; NaN without a word.</summary>
    public double[] Scores(SelectionProblem problem, SelectionContext context)
    {
        var (pool, target) = (problem.RequirePoolTexts(Name), problem.RequireTargetTexts(Name));
        var grams = new GramWeights(_options, context.Threads);
        var wanted = grams.Count(target, null, context.CancellationToken);
        if (wanted.All(c => c == 0))
            throw PursuitException.At(ApiName.Target, $"no word in {target.Count:N0} examples", "examples with words");
        var present = grams.Count(
            pool,
            done => context.Progress?.Report(new WorkProgress("counting words", done, pool.Count, "examples")),
            context.CancellationToken);
        var ratios = GramWeights.LogRatios(wanted, present);
        return grams.Weigh(
            pool,
            ratios,
            done => context.Progress?.Report(new WorkProgress("weighing", done, pool.Count, "examples")),
            context.CancellationToken);
    }
}
