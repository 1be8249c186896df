using System.Text.RegularExpressions;
using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Facts out of messages, as JSON or one at a time.</summary>
internal static class Extraction
{
    /// <summary>The answer is one line of JSON with the keys in the order asked for, so that it can be scored as it stands.</summary>
    public static readonly Skill Json = new("extract-json", "facts of a message as one line of JSON with the keys asked for", 160, MakeJson)
    {
        Essence = Facts,
    };

    public static readonly Skill Field = new(
        "extract-field", "one fact of a message: an address, an amount, a date, a name", 140, MakeField);

    /// <summary>The values found: the same facts told in other words are the same exercise.</summary>
    private static string Facts(IReadOnlyList<Turn> turns) =>
        string.Join(
            ' ',
            Regex.Matches(turns[^1].Content, @": (""[^""]*""|[\d.]+|null)").Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));

    private static IReadOnlyList<Turn> MakeJson(SeededRandom random)
    {
        var message = Messages.Draw(random);
        var facts = message.Facts.ToArray();
        if (random.Chance(0.35))
            random.Shuffle<(string, string?, bool)>(facts);
        var least = Math.Min(facts.Length, 3);
        facts = facts[..random.Between(least, facts.Length)];
        var keys = facts.Select(f => f.Key).ToArray();
        var hasMissing = facts.Any(f => f.Value is null);
        var missing = hasMissing || random.Chance(0.3) ? " Use null for anything the text does not say." : "";
        var json = $"{{{string.Join(", ", facts.Select(f => $"\"{f.Key}\": {Value(f)}"))}}}";
        return random.NextInt(5) switch
        {
            0 => Talk.Under($"You turn messages into one line of JSON with the keys {Wording.And(keys)}.{missing}", message.Text, json),
            1 => Talk.Once($"{message.Text}\n\nGive {Wording.And(keys)} from this text as JSON.{missing}", json),
            2 => Talk.Once(
                $"Read the message and fill in this JSON: {{{string.Join(", ", keys.Select(k => $"\"{k}\": ..."))}}}.{missing}\n\n"
                    + $"Message: {message.Text}",
                json),
            _ => Talk.Once(
                $"{random.Pick("Extract", "Pull out", "Find")} {Wording.And(keys)} and "
                    + $"{random.Pick("return JSON", "answer in JSON", "write them as JSON")}.{missing}\n\n{message.Text}",
                json),
        };
    }

    private static string Value((string Key, string? Value, bool IsNumber) fact) =>
        fact.Value is null ? "null" : fact.IsNumber ? fact.Value : $"\"{fact.Value}\"";

    private static IReadOnlyList<Turn> MakeField(SeededRandom random)
    {
        var message = Messages.Draw(random);
        var wanted = random.Sample<(string Key, string? Value, bool IsNumber)>([.. message.Facts], 2);
        var first = wanted[0];
        var text = random.Chance(0.5) ? $"\n\n{message.Text}" : $"\n\"{message.Text}\"";
        var opening = Talk.Once(Question(first.Key, random) + text, first.Value ?? NotGiven(first.Key));
        return random.Chance(0.3)
            ? [.. opening, .. Talk.Once($"And the {Spoken(wanted[1].Key)}?", wanted[1].Value ?? NotGiven(wanted[1].Key))]
            : opening;
    }

    private static string Spoken(string key) => key switch
    {
        "email" => "email address",
        "phone" => "phone number",
        "unit_price" => "unit price",
        "tracking" => "tracking code",
        "invoice" => "invoice number",
        "due" => "due date",
        "from" => "place of departure",
        "to" => "destination",
        "arrival" => "arrival date",
        "transport" => "means of transport",
        "nights" => "number of nights",
        "guests" => "number of guests",
        _ => key,
    };

    private static string Question(string key, SeededRandom random)
    {
        var spoken = Spoken(key);
        return random.Pick(
            $"What is the {spoken} in this message?", $"Find the {spoken}.", $"Give me only the {spoken} from this text.",
            $"Copy the {spoken} out of the following message.");
    }

    private static string NotGiven(string key) => $"The message gives no {Spoken(key)}.";
}
