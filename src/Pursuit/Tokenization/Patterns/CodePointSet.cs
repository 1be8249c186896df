using System.Globalization;

namespace Pursuit.Tokenization.Patterns;

/// <summary>A set of code points, as a character class describes it.</summary>
internal sealed class CodePointSet
{
    private const int PageSize = 256;
    private const int PageCount = 0x110000 / PageSize;
    private readonly Func<int, bool> _contains;
    private readonly (int First, int Last)? _range;
    private readonly ulong[]?[] _pages;

    private CodePointSet(Func<int, bool> contains)
    {
        _contains = contains;
        _pages = new ulong[]?[PageCount];
    }

    private CodePointSet(int first, int last)
    {
        _contains = c => c >= first && c <= last;
        _range = (first, last);
        _pages = []; // two comparisons need no memory
    }

    /// <summary>Every code point of a predicate.</summary>
    public static CodePointSet Where(Func<int, bool> contains) => new(contains);

    /// <summary>The code points from one to another, both included.</summary>
    public static CodePointSet Range(int first, int last) => new(first, last);

    /// <summary>The code points of general categories.</summary>
    public static CodePointSet Categories(uint mask) =>
        new(c => (mask >> (int)CharUnicodeInfo.GetUnicodeCategory(c) & 1) != 0);

    /// <summary>Every code point in any of the sets.</summary>
    public static CodePointSet Union(IReadOnlyList<CodePointSet> sets)
    {
        if (sets.Count == 1) return sets[0];
        // A class may list thousands of characters: those are found by halving, not one by one.
        var ranges = Merged(sets.Where(set => set._range is not null).Select(set => set._range!.Value));
        var firsts = ranges.ConvertAll(range => range.First);
        var others = sets.Where(set => set._range is null).Distinct().ToArray();
        return new(c =>
        {
            var at = firsts.BinarySearch(c);
            if (at < 0) at = ~at - 1;
            if (at >= 0 && c <= ranges[at].Last) return true;
            foreach (var set in others)
            {
                if (set._contains(c)) return true;
            }

            return false;
        });
    }

    // The same code points in ranges that ascend and don't overlap.
    private static List<(int First, int Last)> Merged(IEnumerable<(int First, int Last)> ranges)
    {
        var merged = new List<(int First, int Last)>();
        foreach (var (first, last) in ranges.Order())
        {
            if (merged.Count > 0 && first <= merged[^1].Last) merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            else merged.Add((first, last));
        }

        return merged;
    }

    /// <summary>Every code point in both sets.</summary>
    public CodePointSet Intersect(CodePointSet other) => new(c => _contains(c) && other._contains(c));

    /// <summary>Every code point outside this set.</summary>
    public CodePointSet Complement() => new(c => !_contains(c));

    /// <summary>This set with the other case of its ASCII letters (all the case folding the reference does).</summary>
    public CodePointSet FoldAscii() => new(c => _contains(c) || (IsAsciiLetter(c) && _contains(c ^ 0x20)));

    /// <summary>Whether the set holds a code point; answers are kept a page of code points at a time.</summary>
    public bool Contains(int codePoint)
    {
        if (_range is var (first, last)) return codePoint >= first && codePoint <= last;
        var page = _pages[codePoint / PageSize] ??= BuildPage(codePoint - (codePoint % PageSize)); // two threads may both build it: equal
        var within = codePoint % PageSize;
        return (page[within >> 6] >> (within & 63) & 1) != 0;
    }

    private ulong[] BuildPage(int start)
    {
        var bits = new ulong[PageSize / 64];
        for (var i = 0; i < PageSize; i++)
        {
            if (_contains(start + i)) bits[i >> 6] |= 1UL << (i & 63);
        }

        return bits;
    }

    private static bool IsAsciiLetter(int c) => c is >= 'A' and <= 'Z' or >= 'a' and <= 'z';
}
