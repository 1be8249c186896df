using Pursuit.Selection.Passes;

namespace Pursuit.Selection.Pursuits;

/// <summary>Takes the best-scored rows of one pass into the support, leaving out those that say what a better row says.</summary>
internal static class CandidateBatch
{
    /// <summary>
    /// Above this cosine to a better row of the same batch a row waits for the next pass, where the residual knows that row.
    /// </summary>
    /// <remarks>At 0.95 the second row has a tenth of its squared length left once the first is fitted.</remarks>
    public const double WaitCosine = 0.95;

    // Equal features: 1 less the rounding of a few thousand single-precision products.
    private const double EqualCosine = 1 - 1e-6;

    // A round offers a quarter more than is missing, so that few are left to a second; rows that all wait or repeat others could go on for
    // as long as there are any, and the next pass, which knows the new residual, chooses better.
    private const int MaxRounds = 4;

    /// <summary>Adds up to <paramref name="wanted"/> rows with weight zero.</summary>
    /// <param name="problem">Rows with features equal to one in the support are excluded from it for good.</param>
    /// <param name="support">What grows.</param>
    /// <param name="scores">p of all rows; what is looked at is taken out.</param>
    /// <param name="wanted">At most this many.</param>
    /// <param name="distinctFrom">
    /// Rows a candidate may not be near to, nor then to the support, with the cosine from which it is; or null.
    /// </param>
    /// <returns>Rows added.</returns>
    public static int Add(PursuitProblem problem, SupportSet support, ICandidates scores, int wanted, NearRows? distinctFrom = null)
    {
        var before = support.Count;
        for (var round = 0; round < MaxRounds && support.Count - before < wanted; round++)
        {
            var missing = wanted - (support.Count - before);
            var candidates = Array.ConvertAll(scores.Best(missing + missing / 4), c => c.Position);
            if (candidates.Length == 0) break;
            scores.Exclude(candidates);
            var first = support.Count;
            support.Add(candidates, scores.Products(candidates));
            problem.CountGathered(candidates.Length);
            support.Keep(Accepted(problem, support, before, first, before + wanted, distinctFrom));
        }

        return support.Count - before;
    }

    /// <summary>Indices of the support to keep: all before <paramref name="first"/>, and of the new ones the acceptable.</summary>
    private static int[] Accepted(PursuitProblem problem, SupportSet support, int batchStart, int first, int limit, NearRows? distinctFrom)
    {
        var kept = Enumerable.Range(0, first).ToList();
        var same = distinctFrom?.Cosine ?? EqualCosine; // a fill may not nearly repeat its own rows either
        for (var i = first; i < support.Count && kept.Count < limit; i++)
        {
            if (distinctFrom?.IsNear(support.Row(i)) == true
                || kept.Exists(k => support.MayReach(i, k, same) && support.Cosine(i, k) >= same))
            {
                problem.Excluded[support.Positions[i]] = true;
                continue;
            }

            var waits = false;
            for (var k = batchStart; k < kept.Count && !waits; k++)
                waits = support.MayReach(i, kept[k], WaitCosine) && support.Cosine(i, kept[k]) > WaitCosine;
            if (!waits) kept.Add(i);
        }

        return [.. kept];
    }
}
