using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pursuit.Data;

namespace Pursuit.SampleWorld.Tests.Checks;

/// <summary>Lists, tables and extractions, read back from the answer.</summary>
internal static class DataChecks
{
    private const string Email = @"[\w.]+@[\w.]+\w";

    public static bool? FormatList(Exchange e)
    {
        var given = e.Question[(e.Question.LastIndexOf(": ", StringComparison.Ordinal) + 2)..]
            .Replace(" out of this", "", StringComparison.Ordinal);
        var pairs = Regex.Matches(given, @"([^,]+?) (\d+) (?:years|dollars|pieces|points)")
            .Select(m => (Name: m.Groups[1].Value.Trim(), Value: m.Groups[2].Value)).ToArray();
        var items = pairs.Length > 0 ? pairs.SelectMany(p => new[] { p.Name, p.Value }).ToArray() : Regex.Split(given, ", | and ");
        string[] read;
        if (e.Answer[0] is '[' or '{')
        {
            using var json = JsonDocument.Parse(e.Answer);
            read = [.. Leaves(json.RootElement, pairs.Length > 0 && e.Answer[0] == '{')];
        }
        else if (e.Answer[0] == '|')
        {
            read = [.. e.Answer.Split('\n').Skip(2).SelectMany(l => l.Trim('|', ' ').Split(" | "))];
        }
        else if (pairs.Length > 0)
        {
            read = [.. e.Answer.Split('\n').Skip(1).SelectMany(l => l.Split(','))];
        }
        else
        {
            read = e.Answer.Contains(';')
                ? e.Answer.Split("; ")
                : [.. e.Answer.Split('\n').Select((l, i) => Regex.Replace(l, $"^(- |{i + 1}\\. )", ""))];
        }

        return read.SequenceEqual(items);
    }

    public static bool? TableLookup(Exchange e)
    {
        var lines = e.Question.Split('\n').Where(l => l.StartsWith('|') || Regex.IsMatch(l, "^[^,]+,[^,]+,[^, ]+$"))
            .Where(l => !l.StartsWith("|--", StringComparison.Ordinal))
            .Select(l => l.StartsWith('|') ? l.Trim('|', ' ').Split(" | ") : l.Split(',')).ToArray();
        var question = e.Question.Split('\n').Last(l => Regex.IsMatch(l, "^(What|Look|Which|Add|In how|Count)"));
        var column = Enumerable.Range(1, 2).Single(c => Regex.IsMatch(question, $@"\b{lines[0][c]}\b"));
        var rows = lines[1..].Select(r => (Name: r[0], Value: int.Parse(r[column], CultureInfo.InvariantCulture))).ToArray();
        if (question.Contains("highest", StringComparison.Ordinal))
            return e.Answer.StartsWith(rows.MaxBy(r => r.Value).Name, StringComparison.Ordinal);
        if (question.Contains("lowest", StringComparison.Ordinal))
            return e.Answer.StartsWith(rows.MinBy(r => r.Value).Name, StringComparison.Ordinal);
        var limit = NumberChecks.Last(question);
        var expected = Regex.IsMatch(question, "^(In how|Count)") ? rows.Count(r => r.Value > limit)
            : Regex.IsMatch(question, "total|Add up") ? rows.Sum(r => r.Value)
            : rows.Single(r => question.Contains(r.Name, StringComparison.Ordinal)).Value;
        return NumberChecks.Last(e.Answer) == expected;
    }

    /// <summary>
    /// The keys are those asked for, in order; every value stands in the text; addresses and numbers of one kind are found.
    /// </summary>
    public static bool? ExtractJson(Exchange e)
    {
        var request = e.System.Contains("keys", StringComparison.Ordinal) ? e.System : e.Question;
        var template = Regex.Match(request, @"\{(.*?)\}");
        var keys = template.Success
            ? [.. Regex.Matches(template.Value, "\"(\\w+)\"").Select(m => m.Groups[1].Value)]
            : Regex.Split(
                Regex.Match(request, @"(?:with the keys|Extract|Pull out|Find|Give) ((?:\w+, )*\w+ and \w+)").Groups[1].Value, ", | and ");
        var text = template.Success ? e.Question[(e.Question.IndexOf("Message:", StringComparison.Ordinal) + 8)..] : e.Question;
        using var json = JsonDocument.Parse(e.Answer);
        var facts = json.RootElement.EnumerateObject().ToArray();
        if (!facts.Select(f => f.Name).SequenceEqual(keys))
            return false;
        return facts.All(f => f.Value.ValueKind switch
        {
            JsonValueKind.Null => request.Contains("null", StringComparison.Ordinal) && f.Name switch
            {
                "phone" => !Regex.IsMatch(text, @"\d{3}-\d{3}-\d{4}"),
                "room" => !Regex.IsMatch(text, @"room \d"),
                _ => false,
            },
            JsonValueKind.Number => Regex.IsMatch(text, $@"(?<![\d.]){Regex.Escape(f.Value.GetRawText())}(?!\.?\d)"),
            _ => text.Contains(f.Value.GetString()!, StringComparison.Ordinal)
                && (f.Name != "email" || f.Value.GetString() == Regex.Match(text, Email).Value),
        });
    }

    /// <summary>Each answer is a piece of the message, or says that there is none.</summary>
    public static bool Fields(WorldRecord record)
    {
        var message = "";
        for (var i = 0; i + 1 < record.Turns.Count; i++)
        {
            if (record.Turns[i].Role != Turn.User)
                continue;
            var question = Manner.Bare(record.Turns[i].Content);
            var answer = record.Turns[i + 1].Content;
            message = question.Contains('\n') ? question[question.IndexOf('\n', StringComparison.Ordinal)..] : message;
            if (!message.Contains(answer, StringComparison.Ordinal)
                && !Regex.IsMatch(answer, "^The message gives no (phone number|room)\\.$"))
                return false;
            if (question.Contains("email", StringComparison.Ordinal) && question.IndexOf("email", StringComparison.Ordinal) < 50
                && answer != Regex.Match(message, Email).Value)
                return false;
        }

        return true;
    }

    private static IEnumerable<string> Leaves(JsonElement element, bool withNames) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(x => Leaves(x, false)),
        JsonValueKind.Object =>
            element.EnumerateObject().SelectMany(p => withNames ? [p.Name, .. Leaves(p.Value, false)] : Leaves(p.Value, false)),
        JsonValueKind.String => [element.GetString()!],
        _ => [element.GetRawText()],
    };
}
