using System.Buffers;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Pursuit.Data;

namespace Pursuit.SampleWorld;

/// <summary>
/// Small edits that keep a record's task and its right answer: they touch only the words before the first quotation mark, digit,
/// colon or line break of the person's first turn, or what stands around the task.
/// </summary>
internal static partial class NearEdits
{
    private static readonly string[] Kinds = ["greeting", "thanks", "lower-case", "spacing", "typo", "punctuation", "please"];

    private static readonly SearchValues<char> Stops = SearchValues.Create("\"\n:`|{@#$0123456789");

    /// <summary>The record with one small edit, and the edit's name.</summary>
    public static (IReadOnlyList<Turn> Turns, string Edit) Apply(IReadOnlyList<Turn> turns, SeededRandom random)
    {
        var kinds = random.Sample<string>(Kinds, Kinds.Length);
        var first = turns.ToList().FindIndex(t => t.Role == Turn.User);
        foreach (var kind in kinds)
        {
            var edited = Edit(turns[first], kind, random);
            if (edited is not null && edited.Content.Trim() != turns[first].Content.Trim())
                return ([.. turns.Select((t, i) => i == first ? edited : t)], kind);
        }

        throw new UnreachableException("Greeting and thanks fit every record.");
    }

    private static Turn? Edit(Turn turn, string kind, SeededRandom random)
    {
        var text = turn.Content;
        var free = FreeText(text);
        switch (kind)
        {
            case "greeting":
                return Manner.Greet(turn, random);
            case "thanks":
                return Manner.Thank(turn, random);
            case "lower-case":
                return IsRequest(text) ? turn with { Content = char.ToLowerInvariant(text[0]) + text[1..] } : null;
            case "spacing":
                {
                    var space = text[..free].IndexOf(' ', StringComparison.Ordinal);
                    return space > 0 ? turn with { Content = text[..space] + "  " + text[(space + 1)..] } : null;
                }

            case "typo":
                {
                    // Two neighbouring letters inside a word of the request, never inside what it is about, change places.
                    var words = RequestWord().Matches(text[..free]);
                    if (words.Count == 0)
                        return null;
                    var word = words[random.NextInt(words.Count)];
                    var at = word.Index + random.Between(1, word.Length - 2);
                    return turn with { Content = text[..at] + text[at + 1] + text[at] + text[(at + 2)..] };
                }

            case "punctuation":
                return text[^1] is '.' or '?' && text.Length - free < text.Length / 2 ? turn with { Content = text[..^1] } : null;
            default:
                return IsCommand(text)
                    ? turn with { Content = "Please " + char.ToLowerInvariant(text[0]) + text[1..] } : null;
        }
    }

    private static bool IsRequest(string text) =>
        IsCommand(text) || text.Split(' ')[0] is "What" or "Which" or "How" or "Is" or "Does" or "Can" or "If" or "A" or "The" or "For"
            or "On" or "This";

    private static bool IsCommand(string text) =>
        text.Split(' ')[0] is "Write" or "Give" or "Sort" or "Convert" or "Calculate" or "Add" or "Count" or "Find" or "Correct" or "Make"
            or "Translate" or "Extract" or "Put" or "Reverse" or "Replace" or "Remove" or "Explain" or "Describe" or "Complete" or "Turn"
            or "Rewrite" or "List" or "Work" or "Predict";

    /// <summary>How many characters at the start are plain words.</summary>
    private static int FreeText(string text)
    {
        var end = text.AsSpan().IndexOfAny(Stops);
        return end < 0 ? text.Length : end;
    }

    [GeneratedRegex(
        @"\b(calculate|convert|write|which|what|there|translate|correct|number|sentence|following|program|function|rewrite|extract|reverse|replace|complete|explain|describe)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RequestWord();
}
