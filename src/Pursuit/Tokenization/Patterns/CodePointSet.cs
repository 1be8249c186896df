using System.Globalization;

namespace Pursuit.Tokenization;

/// <summary>A set of code points, as a character class describes it.</summary>
internal sealed class CodePointSet
{
    private readonly Func<int, bool> _contains;
    private ulong[]? _basic;

    private CodePointSet(Func<int, bool> contains) => _contains = contains;

    /// <summary>Every code point of a predicate.</summary>
    public static CodePointSet Where(Func<int, bool> contains) => new(contains);

    /// <summary>The code points from one to another, both included.</summary>
    public static CodePointSet Range(int first, int last) => new(c => c >= first && c <= last);

    /// <summary>The code points of general categories.</summary>
    public static CodePointSet Categories(uint mask) =>
        new(c => (mask >> (int)CharUnicodeInfo.GetUnicodeCategory(c) & 1) != 0);

    /// <summary>Every code point in any of the sets.</summary>
    public static CodePointSet Union(IReadOnlyList<CodePointSet> sets) =>
        sets.Count == 1 ? sets[0] : new(c =>
        {
            foreach (var set in sets)
            {
                if (set._contains(c)) return true;
            }

            return false;
        });

    /// <summary>Every code point in both sets.</summary>
    public CodePointSet Intersect(CodePointSet other) => new(c => _contains(c) && other._contains(c));

    /// <summary>Every code point outside this set.</summary>
    public CodePointSet Complement() => new(c => !_contains(c));

    /// <summary>This set with the other case of its ASCII letters (all the case folding the reference does).</summary>
    public CodePointSet FoldAscii() => new(c => _contains(c) || (IsAsciiLetter(c) && _contains(c ^ 0x20)));

    /// <summary>Whether the set holds a code point; the Basic Multilingual Plane is looked up in a bitmap.</summary>
    public bool Contains(int codePoint)
    {
        if (codePoint > char.MaxValue) return _contains(codePoint);
        var basic = _basic ??= BuildBasic();
        return (basic[codePoint >> 6] >> (codePoint & 63) & 1) != 0;
    }

    private ulong[] BuildBasic()
    {
        var bits = new ulong[(char.MaxValue + 1) / 64];
        for (var c = 0; c <= char.MaxValue; c++)
        {
            if (_contains(c)) bits[c >> 6] |= 1UL << (c & 63);
        }

        return bits;
    }

    private static bool IsAsciiLetter(int c) => c is >= 'A' and <= 'Z' or >= 'a' and <= 'z';
}
