using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>Options of <see cref="El2nSelector"/>.</summary>
public sealed record El2nOptions : TokenScoreOptions;

/// <summary>
/// The mean over tokens of ||p - onehot(y)|| = sqrt(sum p^2 - 2 p_y + 1) (Paul et al., "Deep Learning on a Data Diet", NeurIPS
/// 2021, arXiv 2107.07075; per token as in Marion et al., arXiv 2309.04564).
/// </summary>
internal sealed class El2nSelector(El2nOptions options) : TokenScoreSelector(Name, options)
{
    /// <summary>The method's name.</summary>
    public const string Name = "el2n";

    /// <inheritdoc/>
    protected override double MeanOf(TokenStatisticsRow row)
    {
        var (sum, count) = (0.0, 0);
        for (var t = 0; t < row.Tokens.Length; t++)
        {
            if (!Counts(row, t)) continue;
            // Rounding may leave a certain prediction a hair below 0.
            sum += Math.Sqrt(Math.Max(0, row.SquareSum[t] - 2 * Math.Exp(row.LogProbability[t]) + 1));
            count++;
        }

        return count == 0 ? double.NaN : sum / count;
    }
}
