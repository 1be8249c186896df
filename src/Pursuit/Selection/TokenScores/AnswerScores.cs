using Pursuit.Selection.Features;

namespace Pursuit.Selection.TokenScores;

/// <summary>Mean log p of an example's answers behind their question and alone.</summary>
internal static class AnswerScores
{
    /// <summary>What an example without such means lacks.</summary>
    public const string Needed = "a question and an answer";

    /// <summary>Both means in nats; NaN where there is no question or no answer.</summary>
    public static (double Behind, double Alone) Means(TokenStatisticsRow row)
    {
        if (row.AnswerAlone.IsEmpty) return (double.NaN, double.NaN);
        var (behind, alone) = (0.0, 0.0);
        for (var t = 0; t < row.Tokens.Length; t++)
            if (row.Trained[t] != 0) behind += row.LogProbability[t];
        foreach (var value in row.AnswerAlone) alone += value;
        return (behind / row.AnswerAlone.Length, alone / row.AnswerAlone.Length);
    }
}
