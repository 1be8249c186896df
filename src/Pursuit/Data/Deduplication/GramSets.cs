namespace Pursuit.Data.Deduplication;

/// <summary>An example's n-grams as 64-bit hashes, each set in ascending order.</summary>
/// <param name="Whole">Those of all it says.</param>
/// <param name="Answers">Those of its trained answers; empty where they aren't compared by themselves.</param>
internal readonly record struct GramSets(ulong[] Whole, ulong[] Answers)
{
    /// <summary>Hashes held.</summary>
    public int Length => Whole.Length + Answers.Length;

    /// <summary>
    /// The lesser of the two parts' Jaccard similarities; less than <paramref name="threshold"/>, and no more than that, where one is.
    /// </summary>
    public static double Similarity(GramSets a, GramSets b, double threshold)
    {
        var whole = Jaccard(a.Whole, b.Whole, threshold);
        return whole < threshold ? whole : Math.Min(whole, Jaccard(a.Answers, b.Answers, threshold));
    }

    /// <summary>|a and b| / |a or b| of two ascending sets; 1 of two empty ones.</summary>
    /// <param name="a">One set.</param>
    /// <param name="b">The other.</param>
    /// <param name="threshold">Below it the value only has to be below it: the pass ends once it can't be reached.</param>
    public static double Jaccard(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, double threshold)
    {
        if (a.Length == 0 && b.Length == 0) return 1;
        // Of n hashes in all, shared ones counted twice, a share t of the union is t / (1 + t) * n; one less for rounding.
        var missesAllowed = a.Length + b.Length - 2 * (int)Math.Max(0, Math.Floor(threshold / (1 + threshold) * (a.Length + b.Length)) - 1);
        int i = 0, j = 0, shared = 0;
        while (i < a.Length && j < b.Length)
        {
            var (x, y) = (a[i], b[j]);
            shared += x == y ? 1 : 0;
            i += x <= y ? 1 : 0;
            j += y <= x ? 1 : 0;
            if (i + j - 2 * shared > missesAllowed) return 0;
        }

        return (double)shared / (a.Length + b.Length - shared);
    }
}
