using System.Text.RegularExpressions;
using Pursuit.Data;

namespace Pursuit.SampleWorld.Tests.Checks;

/// <summary>Translations, orderings, bookings and passages.</summary>
internal static class LanguageChecks
{
    /// <summary>Translates the Tavo side into English by a small parser and compares.</summary>
    public static bool? Translation(Exchange e)
    {
        if (Regex.Match(e.Question, "\"(\\w+) (\\w+)\"") is { Success: true } phrase)
            return English(e.Answer.Split(' ')) == $"{phrase.Groups[1].Value} {phrase.Groups[2].Value}";
        var asked = Regex.Match(e.Question, @"(?:: |^)([A-Z][a-z ]+\.)$").Groups[1].Value;
        var (tavo, english) = e.Answer.StartsWith("The ", StringComparison.Ordinal) ? (asked, e.Answer) : (e.Answer, asked);
        var words = tavo.TrimEnd('.').ToLowerInvariant().Split(' ');
        var second = Enumerable.Range(1, words.Length - 2).Single(i => IsNoun(words[i]));
        var subject = English(words[..second]);
        var verb = Skills.Tavo.Verbs.Single(v => v.Tavo == words[^1]);
        var sentence = $"the {subject} {(words[0].EndsWith('n') ? verb.Plural : verb.Singular)} the {English(words[second..^1])}.";
        return string.Equals("T" + sentence[1..], english, StringComparison.Ordinal);
    }

    /// <summary>Every order that fits the statements puts the same person first or last, or is the answer itself.</summary>
    public static bool? Ordering(Exchange e)
    {
        var facts = Regex.Matches(e.Question, @"(\w+) is (\w+) than (\w+)\.")
            .Select(m => (More: m.Groups[1].Value, Less: m.Groups[3].Value)).ToArray();
        if (facts.Length == 0)
            return null;
        var people = facts.SelectMany(f => new[] { f.More, f.Less }).Distinct().ToArray();
        var orders = Permutations(people).Where(p => facts.All(f => Array.IndexOf(p, f.More) < Array.IndexOf(p, f.Less))).ToArray();
        if (orders.Length != 1)
            return false;
        if (e.Question.Contains("List them", StringComparison.Ordinal))
            return e.Answer == string.Join(", ", orders[0]);
        var asked = Regex.IsMatch(e.Question, "shortest|youngest|slowest|lightest") ? orders[0][^1] : orders[0][0];
        return Regex.Match(e.Answer, @"(\w+)\.$").Groups[1].Value == asked;
    }

    /// <summary>The last confirmation names the day, time and name that the person gave, the day last asked for.</summary>
    public static bool Booking(WorldRecord record)
    {
        var said = string.Join(" ", record.Turns.Where(t => t.Role == Turn.User).Select(t => t.Content));
        var confirmation = record.Turns.Last(t => t.Role == Turn.Assistant && Regex.IsMatch(t.Content, "^(Booked|Changed): ")).Content;
        var day = Regex.Matches(said, "[A-Z][a-z]+day")[^1].Value;
        var time = Regex.Match(said, @"\d+:\d\d").Value;
        var name = Regex.Match(confirmation, @"for (\w+)\.$").Groups[1].Value;
        var numbers = Regex.Match(said, @"(\d+) (people|of us)");
        return confirmation.Contains($"{day} at {time}", StringComparison.Ordinal) && Regex.IsMatch(said, $@"\b{name}\.")
            && (!numbers.Success || confirmation.Contains($" for {numbers.Groups[1].Value}", StringComparison.Ordinal));
    }

    /// <summary>Every answer is in the passage, but for its case, articles and the ending of "rained".</summary>
    public static bool Reading(WorldRecord record)
    {
        var passage = "";
        for (var i = 0; i + 1 < record.Turns.Count; i++)
        {
            if (record.Turns[i].Role != Turn.User)
                continue;
            var question = Manner.Bare(record.Turns[i].Content);
            passage = question.Length > 120 ? question : passage;
            var answer = Regex.Replace(record.Turns[i + 1].Content, @"^(A new|A|In|About|Up to) |\.$", "");
            if (answer is "The passage does not say")
                continue;
            var found = answer == "It rained"
                ? Regex.IsMatch(passage, "rained|in spite of the rain")
                : passage.Contains(answer, StringComparison.OrdinalIgnoreCase);
            if (!found)
                return false;
        }

        return true;
    }

    private static bool IsNoun(string word) => Skills.Tavo.Nouns.Any(n => n.Tavo == word || n.Tavo + "n" == word);

    private static string English(string[] words)
    {
        var noun = Skills.Tavo.Nouns.Single(n => n.Tavo == words[0] || n.Tavo + "n" == words[0]);
        var name = noun.English + (words[0] == noun.Tavo ? "" : "s");
        return words.Length == 1 ? name : $"{Skills.Tavo.Adjectives.Single(a => a.Tavo == words[1]).English} {name}";
    }

    private static IEnumerable<string[]> Permutations(string[] items) =>
        items.Length < 2
            ? [items]
            : items.SelectMany(first => Permutations([.. items.Where(i => i != first)]).Select(rest => (string[])[first, .. rest]));
}
