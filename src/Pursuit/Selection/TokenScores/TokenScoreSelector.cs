using Pursuit.Selection.Features;
using Pursuit.Selection.Length;

namespace Pursuit.Selection.TokenScores;

/// <summary>
/// Base of the methods that measure each example by its token statistics, and keep a band of the measure.
/// </summary>
internal abstract class TokenScoreSelector : IScorer
{
    private readonly string _name;
    private readonly TokenScoreOptions _options;

    /// <summary>Takes the options that all such methods share.</summary>
    /// <param name="name">The method's name, for messages.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    protected TokenScoreSelector(string name, TokenScoreOptions options)
    {
        options.Validate(name);
        (_name, _options) = (name, options);
    }

    /// <summary>What an example without a measure lacks, as in "3 examples without a token to score".</summary>
    protected virtual string Needed => "a token to score";

    /// <inheritdoc/>
    public SelectionResult Select(SelectionProblem problem, SelectionContext context)
    {
        var measures = Measure(problem, context.CancellationToken);
        var missing = measures.Values.Count(double.IsNaN);
        var left = Excessive(problem, measures.Values, context.CancellationToken);
        var values = (double[])measures.Values.Clone();
        foreach (var position in left) values[position] = double.NaN;
        var ranked = BandOrder.Ranked(values, _options.Band, problem);
        if (ranked.Count == 0)
            throw PursuitException.At(
                ApiName.Pool,
                $"none of the {measures.Values.Length:N0} examples has {Needed}",
                $"examples that '{_name}' can measure",
                $"Look at some with {ApiName.DatasetAudit}.");
        var selection = BudgetFiller.Fill(_name, problem, ranked);
        return selection with
        {
            Remarks =
            [
                .. selection.Remarks,
                .. missing == 0
                    ? []
                    : (string[])
                    [
                        MessageText.Counted(missing, "example lacks", "examples lack") + $" {Needed} and can't be chosen.",
                    ],
                .. left.Length == 0
                    ? []
                    : (string[])
                    [
                        MessageText.Counted(left.Length, "example was", "examples were") + " left out first: "
                        + $"they surprise the probe most beyond what it expected ({_name}.leave-excess).",
                    ],
            ],
            Details = TokenScoreDetails.Of(measures),
        };
    }

    /// <inheritdoc/>
    public double[] Scores(SelectionProblem problem, SelectionContext context) => Measure(problem, context.CancellationToken).Values;

    /// <summary>Every example's measure.</summary>
    private protected abstract AlignedMeasures Measure(SelectionProblem problem, CancellationToken cancellationToken);

    /// <summary>The pool's statistics at every checkpoint.</summary>
    /// <exception cref="PursuitException">There are fewer than two, or not one row per example.</exception>
    private protected IReadOnlyList<ITokenStatistics> Trajectory(SelectionProblem problem)
    {
        var checkpoints = problem.Statistics.Trajectory ?? [];
        if (checkpoints.Count < 2)
            throw PursuitException.At(
                _name, $"token statistics of the pool at {MessageText.Counted(checkpoints.Count, "checkpoint", "checkpoints")}",
                "those of at least 2 checkpoints of a training", $"Let {ApiName.SelectJob}, 'prune' or 'score' compute them.");
        return checkpoints.FirstOrDefault(c => c.Count != problem.ContentIds.Count) is { } other
            ? throw PursuitException.At(other.Name, $"{other.Count:N0} rows", $"the pool's {problem.ContentIds.Count:N0} examples")
            : checkpoints;
    }

    /// <summary>The pool's statistics.</summary>
    /// <exception cref="PursuitException">There are none, or not one row per example.</exception>
    private protected ITokenStatistics Statistics(SelectionProblem problem)
    {
        var statistics = problem.Statistics.Pool
            ?? throw PursuitException.At(
                _name, "no token statistics of the pool", "some", $"Let {ApiName.SelectJob}, 'prune' or 'score' compute them.");
        return statistics.Count == problem.ContentIds.Count
            ? statistics
            : throw PursuitException.At(
                statistics.Name, $"{statistics.Count:N0} rows", $"the pool's {problem.ContentIds.Count:N0} examples");
    }

    /// <summary>The mean of a number per token over the tokens that count, summed in float64; NaN without such a token.</summary>
    private protected double Mean(TokenStatisticsRow row, ReadOnlySpan<float> values)
    {
        var (sum, count) = (0.0, 0);
        for (var t = 0; t < values.Length; t++)
        {
            if (!Counts(row, t)) continue;
            sum += values[t];
            count++;
        }

        return count == 0 ? double.NaN : sum / count;
    }

    /// <summary>The mean of -log p less the entropy over the tokens that count; NaN without such a token.</summary>
    private protected double MeanExcess(TokenStatisticsRow row) => -Mean(row, row.LogProbability) - Mean(row, row.Entropy);

    /// <summary>Of the examples that have a measure, the share of largest excess that the options leave out.</summary>
    private int[] Excessive(SelectionProblem problem, double[] values, CancellationToken cancellationToken)
    {
        if (_options.LeaveExcess == 0) return [];
        var excess = AlignedMeasures.Measure(Statistics(problem), MeanExcess, value => value, cancellationToken).Values;
        for (var i = 0; i < excess.Length; i++)
            if (double.IsNaN(values[i])) excess[i] = double.NaN;
        var order = BandOrder.Ranked(excess, Band.Top, problem);
        return [.. order.Take((int)(_options.LeaveExcess * order.Count)).Select(r => r.Position)];
    }

    /// <summary>True where a token counts.</summary>
    private protected bool Counts(TokenStatisticsRow row, int token) => _options.Of == LengthOf.Whole || row.Trained[token] != 0;
}
