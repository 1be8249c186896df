using Pursuit.Selection.Features;
using Pursuit.Selection.TokenScores;

namespace Pursuit.Selection.Information;

/// <summary>
/// Information pruning (Kim and Baek; the abstract's two terms, the formula our reading): H_q = -(1/n) sum log q(w_t | w_before)
/// under a data probe q plus H_f = -(1/n) sum log f(w_t), f being the corpus's token frequencies; the least informative go first.
/// </summary>
internal sealed class InformationSelector(InformationOptions options) : TokenMeanSelector(Name, options)
{
    /// <summary>The method's name.</summary>
    public const string Name = "information";

    private protected override AlignedMeasures Measure(SelectionProblem problem, CancellationToken cancellationToken)
    {
        var statistics = Statistics(problem);
        var total = Math.Log(statistics.UnigramCounts.Sum());
        var surprise = statistics.UnigramCounts.Select(c => c == 0 ? 0 : total - Math.Log(c)).ToArray();
        var measures = AlignedMeasures.Measure(statistics, row => MeanOf(row, surprise), value => value, cancellationToken);
        if (options.Normalize == Normalize.Mean) return measures;
        var sums = measures.Values.ToArray();
        for (var i = 0; i < sums.Length; i++)
        {
            if (!double.IsNaN(sums[i])) sums[i] *= Count(statistics.Read(statistics.Has(0, i) ? 0 : 1, i));
        }

        return measures with { Values = sums };
    }

    /// <inheritdoc/>
    protected override double MeanOf(TokenStatisticsRow row) => -Mean(row, row.LogProbability);

    private double MeanOf(TokenStatisticsRow row, double[] surprise)
    {
        if (options.Terms == InformationTerms.Probe) return MeanOf(row);
        var (sum, count) = (0.0, 0);
        for (var t = 0; t < row.Tokens.Length; t++)
        {
            if (!Counts(row, t)) continue;
            sum += surprise[row.Tokens[t]] - (options.Terms == InformationTerms.Both ? row.LogProbability[t] : 0);
            count++;
        }

        return count == 0 ? double.NaN : sum / count;
    }

    private int Count(TokenStatisticsRow row)
    {
        var count = 0;
        for (var t = 0; t < row.Tokens.Length; t++)
            if (Counts(row, t)) count++;
        return count;
    }
}
