using Pursuit.Selection.Features;

namespace Pursuit.Selection.Dsir;

/// <summary>
/// DSIR (Xie et al., "Data Selection for Language Models via Importance Resampling", NeurIPS 2023, arXiv 2302.03169): examples
/// are drawn so that their words and pairs of words are distributed as the target's.
/// </summary>
public sealed class DsirSelector : IScorer
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
    public SelectionResult Select(SelectionProblem problem, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var scores = Scores(problem, progress, cancellationToken);
        if (_options.Resample)
        {
            for (var i = 0; i < scores.Length; i++) scores[i] += Gumbel(SeededRandom.ForExample(problem.Seed, "dsir/gumbel", problem.ContentIds[i]));
        }

        return ScoredSelection.Select(Name, problem, scores, "a word");
    }

    /// <summary>Every example's log weight, without noise; NaN without a word.</summary>
    public double[] Scores(SelectionProblem problem, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var (pool, target) = (TextProblem.Pool(problem, Name), TextProblem.Target(problem, Name));
        var grams = new GramWeights(_options, problem.Threads);
        var wanted = grams.Count(target, null, cancellationToken);
        if (wanted.All(c => c == 0)) throw PursuitException.At("--target", $"no word in {target.Count:N0} examples", "examples with words");
        var present = grams.Count(pool, done => progress?.Report(new WorkProgress("counting words", done, pool.Count, "examples")), cancellationToken);
        var ratios = GramWeights.LogRatios(wanted, present);
        return grams.Weigh(pool, ratios, done => progress?.Report(new WorkProgress("weighing", done, pool.Count, "examples")), cancellationToken);
    }

    /// <summary>A standard Gumbel number of 64 random bits: the largest of log weights with such noise is a draw by weight.</summary>
    internal static double Gumbel(ulong bits) => -Math.Log(-Math.Log(((bits >> 11) + 0.5) * (1.0 / (1UL << 53))));
}
