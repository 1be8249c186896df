using System.Globalization;
using System.Text.RegularExpressions;

namespace Pursuit.SampleWorld.Tests.Checks;

/// <summary>Letters, words and order again, with regular expressions and loops where the generator uses LINQ on words.</summary>
internal static class TextChecks
{
    public static bool? StringEdit(Exchange e)
    {
        var quoted = Regex.Matches(e.Question, "\"([^\"]*)\"").Select(m => m.Groups[1].Value).ToArray();
        var text = quoted[^1];
        var q = e.Question;
        string? expected =
            Regex.IsMatch(q, "order of the words|Put the words") ? Regex.Replace(Backwards(text), "[a-z]+", m => Backwards(m.Value))
            : Regex.IsMatch(q, "^Reverse|backwards|back to front") ? Backwards(text)
            : Regex.IsMatch(q, "capital letters|upper case|Uppercase") ? Regex.Replace(text, "[a-z]", m => $"{(char)(m.Value[0] - 32)}")
            : Regex.IsMatch(q, "Capitalize|title case") ? CultureInfo.InvariantCulture.TextInfo.ToTitleCase(text)
            : Regex.IsMatch(q, "vowels") ? Regex.Replace(text, "[aeiou]", "")
            : Regex.IsMatch(q, "first letter|acronym") ? Regex.Replace(text, @"\B[a-z]| ", "")
            : Regex.IsMatch(q, "hyphens") ? Regex.Replace(text, " ", "-")
            : quoted.Length == 3 ? Regex.Replace(text, Regex.Escape(quoted[0]), quoted[1])
            : null;
        return expected is null ? null : expected == e.Answer;
    }

    public static bool? Counting(Exchange e)
    {
        var quoted = Regex.Matches(e.Question, "\"([^\"]*)\"").Select(m => m.Groups[1].Value).ToArray();
        var q = e.Question;
        var list = Regex.Match(q, "list: (.*)$");
        int? expected = list.Success ? Regex.Count(list.Groups[1].Value, $@"\b{quoted[0]}\b")
            : Regex.IsMatch(q, "vowels") ? Regex.Count(quoted[0], "[aeiou]")
            : quoted.Length == 2 ? Regex.Count(quoted[1], quoted[0])
            : Regex.IsMatch(q, "many words|Count the words") ? Regex.Count(quoted[0], "[a-z]+")
            : Regex.IsMatch(q, "letters|How long") ? Regex.Count(quoted[0], "[a-z]")
            : null;
        if (expected is null)
            return null;
        var given = Regex.Match(e.Answer, @"\d+");
        return (given.Success
            ? int.Parse(given.Value, CultureInfo.InvariantCulture)
            : e.Answer.Contains("once", StringComparison.Ordinal) ? 1 : -1) == expected;
    }

    /// <summary>The answer has the question's items, each neighbour pair in order; equal lengths keep their order.</summary>
    public static bool? Sorting(Exchange e)
    {
        var head = e.Question[..e.Question.LastIndexOf(':')];
        var given = e.Question[(e.Question.LastIndexOf(':') + 1)..].Split(',', StringSplitOptions.TrimEntries);
        var answer = e.Answer.Split([',', '\n'], StringSplitOptions.TrimEntries);
        if (!given.Order(StringComparer.Ordinal).SequenceEqual(answer.Order(StringComparer.Ordinal)))
            return false;
        var down = Regex.IsMatch(head, "largest to smallest|descending|reverse|Z to A");
        for (var i = 1; i < answer.Length; i++)
        {
            var order = Regex.IsMatch(head, "length|number of letters")
                ? 100 * (answer[i - 1].Length - answer[i].Length) + Array.IndexOf(given, answer[i - 1]) - Array.IndexOf(given, answer[i])
                : int.TryParse(answer[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    ? int.Parse(answer[i - 1], CultureInfo.InvariantCulture).CompareTo(number)
                    : string.CompareOrdinal(answer[i - 1], answer[i]);
            if (down ? order < 0 : order > 0)
                return false;
        }

        return true;
    }

    private static string Backwards(string text)
    {
        var letters = text.ToCharArray();
        Array.Reverse(letters);
        return new string(letters);
    }
}
