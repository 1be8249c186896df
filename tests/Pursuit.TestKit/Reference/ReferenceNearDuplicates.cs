using Pursuit.Proof;

namespace Pursuit.TestKit.Reference;

/// <summary>
/// Near duplicates by their definition: every text is compared with every kept one before it, as sets of n-grams in words.
/// </summary>
internal static class ReferenceNearDuplicates
{
    /// <summary>For each text, the first kept one that it nearly repeats, or null.</summary>
    /// <param name="texts">The texts in order.</param>
    /// <param name="size">Words of an n-gram.</param>
    /// <param name="threshold">The least similarity.</param>
    public static List<(int Original, double Similarity)?> Find(IReadOnlyList<string> texts, int size, double threshold)
    {
        var sets = texts.Select(t => Grams(t, size)).ToArray();
        var kept = new List<int>();
        var found = new List<(int Original, double Similarity)?>();
        for (var i = 0; i < sets.Length; i++)
        {
            var all = kept.Select(k => (Original: k, Similarity: Jaccard(sets[k], sets[i])));
            var near = all.Where(p => p.Similarity >= threshold).ToList();
            found.Add(near.Count > 0 && sets[i].Count > 0 ? near[0] : null);
            if (found[i] is null) kept.Add(i);
        }

        return found;
    }

    /// <summary>|a and b| / |a or b|.</summary>
    public static double Jaccard<T>(IReadOnlySet<T> a, IReadOnlySet<T> b)
    {
        var shared = a.Count(b.Contains);
        return (double)shared / (a.Count + b.Count - shared);
    }

    /// <summary>A text's n-grams; the whole text where it has fewer words.</summary>
    public static HashSet<string> Grams(string text, int size)
    {
        var words = AnswerText.Words(text);
        if (words.Count == 0) return [];
        size = Math.Min(size, words.Count);
        return [.. Enumerable.Range(0, words.Count - size + 1).Select(i => string.Join(' ', words.Skip(i).Take(size)))];
    }
}
