namespace Pursuit.Proof;

/// <summary>How near an answer comes to the right one; each figure from 0 to 1.</summary>
/// <param name="ExactMatch">1 where both are equal after <see cref="AnswerText.Normalize"/>, else 0.</param>
/// <param name="TokenF1">
/// 2PR/(P+R) of the words in common, as often as both have them (Rajpurkar et al., 2016, without their removal of articles).
/// </param>
/// <param name="RougeL">2PR/(P+R) of the longest common subsequence of words (Lin, 2004, with beta 1).</param>
/// <remarks>Where either has no word, the two word scores are those of <paramref name="ExactMatch"/>.</remarks>
internal readonly record struct AnswerScore(double ExactMatch, double TokenF1, double RougeL)
{
    /// <summary>Scores an answer.</summary>
    public static AnswerScore Of(string answer, string right)
    {
        var exact = AnswerText.Normalize(answer) == AnswerText.Normalize(right) ? 1.0 : 0.0;
        var (given, wanted) = (AnswerText.Words(answer), AnswerText.Words(right));
        return given.Count == 0 || wanted.Count == 0
            ? new AnswerScore(exact, exact, exact)
            : new AnswerScore(
                exact, Harmonic(InCommon(given, wanted), given.Count, wanted.Count),
                Harmonic(LongestCommonSubsequence(given, wanted), given.Count, wanted.Count));
    }

    // 2PR/(P+R) with P = hits/given and R = hits/wanted.
    private static double Harmonic(int hits, int given, int wanted) => 2.0 * hits / (given + wanted);

    private static int InCommon(IReadOnlyList<string> given, IReadOnlyList<string> wanted)
    {
        var left = wanted.CountBy(w => w).ToDictionary();
        var hits = 0;
        foreach (var word in given)
        {
            if (left.GetValueOrDefault(word) == 0) continue;
            left[word]--;
            hits++;
        }

        return hits;
    }

    private static int LongestCommonSubsequence(IReadOnlyList<string> given, IReadOnlyList<string> wanted)
    {
        // lengths[j]: of the words of given seen so far with the first j of wanted.
        var lengths = new int[wanted.Count + 1];
        foreach (var word in given)
        {
            var diagonal = 0;
            for (var j = 1; j <= wanted.Count; j++)
            {
                var above = lengths[j];
                lengths[j] = word == wanted[j - 1] ? diagonal + 1 : Math.Max(above, lengths[j - 1]);
                diagonal = above;
            }
        }

        return lengths[^1];
    }
}
