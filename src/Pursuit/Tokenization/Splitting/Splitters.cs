using Pursuit.Tokenization.Patterns;

namespace Pursuit.Tokenization.Splitting;

/// <summary>A text cut into words: [start, end) ranges in order, none empty.</summary>
internal sealed class CutText(MappedText text, List<TextMatch> words)
{
    /// <summary>The text.</summary>
    public MappedText Text { get; } = text;

    /// <summary>The words in it.</summary>
    public List<TextMatch> Words { get; } = words;

    /// <summary>True for the first section of the input, where a Metaspace "first" puts its mark.</summary>
    public bool First { get; init; }

    /// <summary>True behind a step that cuts: words then begin where their characters come from.</summary>
    public bool IsCut { get; init; }
}

/// <summary>A step that cuts words into smaller ones, or rewrites them.</summary>
internal interface ISplitter
{
    /// <summary>The text cut further.</summary>
    CutText Apply(CutText cut);
}

/// <summary>What becomes of the matches of a split.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Cuts each word by a pattern.</summary>
internal sealed class PatternSplitter(TextPattern pattern, SplitBehavior behavior, bool invert) : ISplitter
{
    public CutText Apply(CutText cut)
    {
        var words = new List<TextMatch>();
        var matches = new List<TextMatch>();
        var pieces = new List<(TextMatch Range, bool IsMatch)>();
        foreach (var (start, end) in cut.Words)
        {
            matches.Clear();
            pieces.Clear();
            var word = cut.Text.Value[start..end];
            pattern.FindAll(word, matches, cut.Text.Work);
            var done = 0;
            foreach (var match in matches)
            {
                if (match.Start > done) pieces.Add((new TextMatch(start + done, start + match.Start), invert));
                if (match.End > match.Start) pieces.Add((new TextMatch(start + match.Start, start + match.End), !invert));
                done = match.End;
            }

            if (done < word.Length) pieces.Add((new TextMatch(start + done, end), invert));
            Gather(pieces, words);
        }

        return new CutText(cut.Text, words) { First = cut.First, IsCut = true };
    }

    private void Gather(List<(TextMatch Range, bool IsMatch)> pieces, List<TextMatch> words)
    {
        var first = words.Count;
        switch (behavior)
        {
            case SplitBehavior.Removed:
                words.AddRange(pieces.Where(p => !p.IsMatch).Select(p => p.Range));
                break;
            case SplitBehavior.Isolated:
                words.AddRange(pieces.Select(p => p.Range));
                break;
            case SplitBehavior.MergedWithNext:
                for (var i = pieces.Count - 1; i >= 0; i--)
                {
                    var joins = pieces[i].IsMatch && i + 1 < pieces.Count && !pieces[i + 1].IsMatch;
                    if (joins) words[^1] = new TextMatch(pieces[i].Range.Start, words[^1].End);
                    else words.Add(pieces[i].Range);
                }

                words.Reverse(first, words.Count - first);
                break;
            default:
                for (var i = 0; i < pieces.Count; i++)
                {
                    var joins = i > 0 && (behavior == SplitBehavior.Contiguous
                        ? pieces[i].IsMatch == pieces[i - 1].IsMatch
                        : pieces[i].IsMatch && !pieces[i - 1].IsMatch);
                    if (joins) words[^1] = new TextMatch(words[^1].Start, pieces[i].Range.End);
                    else words.Add(pieces[i].Range);
                }

                break;
        }
    }
}

/// <summary>Spells words in <see cref="ByteAlphabet"/> where later steps must see them so.</summary>
internal sealed class ByteSpellingSplitter : ISplitter
{
    public CutText Apply(CutText cut)
    {
        var builder = new MappedText.Builder(cut.Text);
        var words = new List<TextMatch>(cut.Words.Count);
        foreach (var (start, end) in cut.Words)
        {
            var from = builder.Length;
            for (var i = start; i < end;)
            {
                var length = char.IsHighSurrogate(cut.Text.Value[i]) && i + 1 < end && char.IsLowSurrogate(cut.Text.Value[i + 1]) ? 2 : 1;
                builder.Replace(ByteAlphabet.Encode(cut.Text.Value.AsSpan(i, length)), i, i + length);
                i += length;
            }

            words.Add(new TextMatch(from, builder.Length));
        }

        return new CutText(builder.Build(), words) { First = cut.First, IsCut = cut.IsCut };
    }
}

/// <summary>Puts a space (or Metaspace's mark) before words that don't begin with one, and writes that mark for spaces.</summary>
internal sealed class PrefixSplitter(char mark, bool replaceSpaces, PrefixScheme scheme) : ISplitter
{
    public CutText Apply(CutText cut)
    {
        var builder = new MappedText.Builder(cut.Text);
        var words = new List<TextMatch>(cut.Words.Count);
        for (var w = 0; w < cut.Words.Count; w++)
        {
            var (start, end) = cut.Words[w];
            var from = builder.Length;
            var begins = cut.Text.Value[start] == mark || (replaceSpaces && cut.Text.Value[start] == ' ');
            if (!begins && (scheme == PrefixScheme.Always || (scheme == PrefixScheme.First && IsFirst(cut, w))))
                builder.Replace([mark], start, start);
            for (var i = start; i < end; i++)
            {
                if (replaceSpaces && cut.Text.Value[i] == ' ') builder.Replace([mark], i, i + 1);
                else builder.Copy(i, i + 1);
            }

            words.Add(new TextMatch(from, builder.Length));
        }

        return new CutText(builder.Build(), words) { First = cut.First, IsCut = cut.IsCut };
    }

    // Of a text that a step has cut, the crate counts from where the word's characters came, so that one behind removed space isn't first.
    private static bool IsFirst(CutText cut, int word) =>
        cut.First && word == 0 && (!cut.IsCut || cut.Text.Origin(cut.Words[0].Start, cut.Words[0].End).Start == 0);
}

/// <summary>Where Metaspace puts its mark.</summary>
internal enum PrefixScheme
{
    Never,
    First,
    Always,
}
