using System.Text;
using System.Text.RegularExpressions;
using Pursuit.Data;

namespace Pursuit.SampleWorld;

/// <summary>Ways to spoil a record's last answer (or, for garbling, its question); the marks tell which.</summary>
internal static partial class Noise
{
    /// <summary>The kinds of noise, in equal shares.</summary>
    public static readonly IReadOnlyList<string> Kinds =
        ["garbled", "swapped", "empty", "boilerplate", "truncated", "off-topic", "wrong-number"];

    private const string Junk = "#@%&*~^|<>/\\_=+qxzjkvwQXZJKV0123456789\u00e3\u00c2\u00a4\u00bf\u00f0";

    private static readonly string[] Empty = ["...", "-", "N/A", "ok", ".", "?", "done", "see above", "--"];

    private static readonly string[] Boilerplate =
    [
        "Great question! I'd be happy to help you with that. Let me know if you have any other questions!",
        "As an assistant, I strive to give accurate and helpful answers. Please feel free to reach out at any time.",
        "Thank you for your message. We have received your request and will get back to you within 3 to 5 working days.",
        "Certainly! Here is the answer you asked for. I hope this helps. Have a wonderful day!",
        "This is an interesting topic with many aspects. It depends on several factors, and there is no single answer.",
        "Subscribe to our newsletter for more tips like this. Terms and conditions apply.",
        "Sure! Before we begin, it is important to note that results may vary. Always consult a professional.",
    ];

    private static readonly string[] OffTopic =
    [
        "My grandmother's garden in {0} has more snails than lettuce this year.",
        "The ferry to {0} was late again, so we played cards on the pier.", "I once saw a dog in {0} that could open doors.",
        "Bread tastes best when it cools on the windowsill.", "The cinema in {0} only shows films about trains.",
        "Somebody left a red umbrella on the bus to {0}.", "The moon looked enormous over {0} last night.",
        "We painted the kitchen yellow and regretted it by noon.", "There is a rumour that the clock of {0} runs backwards.",
        "Cats prefer the box to the present, says my uncle in {0}.",
    ];

    /// <summary>The record with its last answer spoiled, or null where this kind doesn't fit it.</summary>
    /// <param name="turns">A right record.</param>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="foreign">The answer of some other record, for "swapped".</param>
    /// <param name="random">The stream.</param>
    public static IReadOnlyList<Turn>? Spoil(IReadOnlyList<Turn> turns, string kind, string foreign, SeededRandom random)
    {
        var answer = turns[^1].Content;
        if (kind == "garbled" && random.Chance(0.3))
        {
            var question = turns.ToList().FindLastIndex(t => t.Role == Turn.User);
            return [.. turns.Select((t, i) => i == question ? t with { Content = Garble(t.Content, random) } : t)];
        }

        var spoiled = kind switch
        {
            "garbled" => answer.Length >= 8 ? Garble(answer, random) : null,
            "swapped" => Skill.Normalise(foreign) == Skill.Normalise(answer) ? null : foreign,
            "empty" => random.Pick(Empty),
            "boilerplate" => random.Pick(Boilerplate),
            "truncated" => answer.Length >= 24 ? answer[..(answer.Length * random.Between(25, 60) / 100)].TrimEnd() : null,
            "off-topic" => random.Pick(OffTopic).Replace("{0}", random.Pick(Words.Cities), StringComparison.Ordinal),
            _ => ChangeLastNumber(answer, random),
        };
        return spoiled is null || spoiled == answer ? null : [.. turns.Take(turns.Count - 1), turns[^1] with { Content = spoiled }];
    }

    private static string Garble(string text, SeededRandom random)
    {
        var share = 0.2 + 0.4 * random.NextDouble();
        var result = new StringBuilder();
        foreach (var c in text)
            result.Append(c != '\n' && random.Chance(share) ? random.Pick<char>(Junk) : c);
        return result.ToString();
    }

    private static string? ChangeLastNumber(string answer, SeededRandom random)
    {
        var numbers = Number().Matches(answer);
        if (numbers.Count == 0)
            return null;
        var last = numbers[^1];
        var off = random.Pick(-100, -11, -10, -2, -1, 1, 2, 9, 10, 20, 100);
        return answer[..last.Index] + Math.Abs(int.Parse(last.Value, System.Globalization.CultureInfo.InvariantCulture) + off)
            + answer[(last.Index + last.Length)..];
    }

    [GeneratedRegex(@"\d{1,8}")]
    private static partial Regex Number();
}
