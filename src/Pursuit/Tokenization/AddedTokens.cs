using System.Globalization;
using System.Text;

namespace Pursuit.Tokenization;

/// <summary>A token found in the text before the model sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Whether decoding can skip it.</param>
/// <param name="Normalized">Whether it is looked for after normalization.</param>
/// <param name="StripLeft">Whether it takes the white space before it.</param>
/// <param name="StripRight">Whether it takes the white space after it.</param>
/// <param name="SingleWord">Whether it must not touch word characters.</param>
internal sealed record AddedToken(int Id, string Content, bool Special, bool Normalized, bool StripLeft, bool StripRight, bool SingleWord);

/// <summary>A stretch of text: an added token, or what is between two (token null).</summary>
internal readonly record struct AddedSection(int Start, int End, AddedToken? Token);

/// <summary>
/// Finds added tokens: leftmost first, longest among those that begin at the same place, in time linear in the text.
/// Aho and Corasick's automaton (1975) of the reversed tokens reads the text from its end: where it has read back to a
/// place, it knows the longest token that begins there.
/// </summary>
internal sealed class AddedTokenFinder
{
    private const int Root = 0;
    private const int None = -1;
    private readonly List<AddedToken> _tokens = [];
    private readonly List<int> _lengths = [];
    private readonly Dictionary<long, int> _edges = [];
    private readonly int[] _shorter; // of each state: that of its text's longest proper ending that is a state
    private readonly int[] _longest; // of each state: the longest token its text ends with, or None
    private readonly System.Buffers.SearchValues<char> _lasts;

    /// <param name="tokens">The texts to look for (as they read at that stage) and their tokens; of equal texts the later counts.</param>
    public AddedTokenFinder(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        var parents = new List<(int State, char Last)> { (Root, '\0') };
        var ends = new Dictionary<int, int>();
        var depths = new List<int> { 0 };
        foreach (var (text, token) in tokens)
        {
            if (text.Length == 0) continue;
            ends[Insert(text, parents, depths)] = _tokens.Count;
            _tokens.Add(token);
            _lengths.Add(text.Length);
        }

        _shorter = new int[parents.Count];
        _longest = new int[parents.Count];
        Array.Fill(_longest, None);
        var built = 0L;
        // Shallow states first: a state's shorter ending is shallower.
        foreach (var state in Enumerable.Range(1, parents.Count - 1).OrderBy(state => depths[state]))
        {
            var (parent, last) = parents[state];
            _shorter[state] = parent == Root ? Root : Next(_shorter[parent], last, ref built);
            _longest[state] = ends.GetValueOrDefault(state, _longest[_shorter[state]]);
        }

        _lasts = System.Buffers.SearchValues.Create([.. parents.Skip(1).Where(edge => edge.State == Root).Select(edge => edge.Last)]);
    }

    /// <summary>Whether there is nothing to look for.</summary>
    public bool IsEmpty => _tokens.Count == 0;

    /// <summary>Cuts a text into added tokens and what is between them; empty stretches are omitted.</summary>
    /// <returns>Transitions of the automaton: the work done, at most twice the text's length.</returns>
    public long Split(ReadOnlySpan<char> text, List<AddedSection> sections)
    {
        var done = 0;
        var position = 0;
        var transitions = 0L;
        var found = FindBackwards(text, ref transitions);
        for (var i = (found?.Count ?? 0) - 1; i >= 0; i--)
        {
            if (found![i].Start < position) continue;
            var token = _tokens[found[i].Token];
            var start = found[i].Start;
            var end = start + _lengths[found[i].Token];
            position = end;
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..]))) continue;
            if (token.StripLeft)
            {
                while (start > done && char.IsWhiteSpace(text[start - 1])) start--;
            }

            if (token.StripRight)
            {
                while (end < text.Length && char.IsWhiteSpace(text[end])) end++;
                position = end;
            }

            if (start > done) sections.Add(new AddedSection(done, start, null));
            sections.Add(new AddedSection(start, end, token));
            done = end;
        }

        if (done < text.Length) sections.Add(new AddedSection(done, text.Length, null));
        return transitions;
    }

    // Every place where a token begins, with the longest, from the text's end to its beginning; null for none.
    private List<(int Start, int Token)>? FindBackwards(ReadOnlySpan<char> text, ref long transitions)
    {
        List<(int Start, int Token)>? found = null;
        var state = Root;
        for (var at = text.Length - 1; at >= 0; at--)
        {
            if (state == Root)
            {
                at = text[..(at + 1)].LastIndexOfAny(_lasts);
                if (at < 0) break;
            }

            state = Next(state, text[at], ref transitions);
            if (_longest[state] != None) (found ??= []).Add((at, _longest[state]));
        }

        return found;
    }

    private int Next(int state, char c, ref long transitions)
    {
        int next;
        transitions++;
        while (!_edges.TryGetValue(Edge(state, c), out next))
        {
            if (state == Root) return Root;
            transitions++;
            state = _shorter[state];
        }

        return next;
    }

    private int Insert(string text, List<(int State, char Last)> parents, List<int> depths)
    {
        var state = Root;
        for (var i = text.Length - 1; i >= 0; i--)
        {
            if (!_edges.TryGetValue(Edge(state, text[i]), out var next))
            {
                next = parents.Count;
                _edges.Add(Edge(state, text[i]), next);
                parents.Add((state, text[i]));
                depths.Add(depths[state] + 1);
            }

            state = next;
        }

        return state;
    }

    private static long Edge(int state, char c) => ((long)state << 16) | c;

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        text.Length > 0 && Rune.DecodeLastFromUtf16(text, out var rune, out _) == System.Buffers.OperationStatus.Done && IsWord(rune.Value);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        text.Length > 0 && Rune.DecodeFromUtf16(text, out var rune, out _) == System.Buffers.OperationStatus.Done && IsWord(rune.Value);

    /// <summary>The regular expression's <c>\w</c>: letters and circled ones, marks, decimal digits, letter numbers, connectors.</summary>
    internal static bool IsWord(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint) is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation
        || codePoint is >= 0x24B6 and <= 0x24E9 or >= 0x1F130 and <= 0x1F149 or >= 0x1F150 and <= 0x1F169 or >= 0x1F170 and <= 0x1F189;
}
