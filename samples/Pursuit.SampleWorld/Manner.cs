using System.Text.RegularExpressions;
using Pursuit.Data;

namespace Pursuit.SampleWorld;

/// <summary>What people put around a task: a greeting, thanks, a standing instruction, a second task in the same conversation.</summary>
internal static partial class Manner
{
    private static readonly string[] Systems =
    [
        "You are a helpful assistant.", "Answer briefly and correctly.", "You are a patient tutor.", "Be accurate.",
        "You help people with everyday tasks.", "Reply in plain words.",
    ];

    private static readonly string[] Greetings =
        [
            "Hi! ", "Hello. ", "Good morning. ", "Quick question. ", "I need a hand with this one. ", "Hey there. ", "Small task for you. ",
            "Please help me. ",
        ];

    private static readonly string[] Thanks = ["\n\nThanks!", "\n\nThank you.", "\n\nThanks in advance.", "\n\nMany thanks!"];

    private static readonly string[] Followings = ["Thanks. Next one. ", "Good. Another one. ", "And now this. ", "Now the next. "];

    /// <summary>Puts some manner around a drawn conversation; most stay as they are.</summary>
    /// <param name="skill">The conversation's skill, which may give a second task.</param>
    /// <param name="turns">The drawn conversation.</param>
    /// <param name="random">The stream.</param>
    /// <param name="isNew">Tells whether a second task is new in the world, and remembers it.</param>
    public static IReadOnlyList<Turn> Apply(
        Skill skill, IReadOnlyList<Turn> turns, SeededRandom random, Func<IReadOnlyList<Turn>, bool> isNew)
    {
        var result = turns.ToList();
        // A standing instruction of the first task would bind the second.
        if (skill.CanFollowItself && turns[0].Role == Turn.User && random.Chance(0.06))
        {
            var more = skill.Generate(random);
            if (more[0].Role == Turn.User && isNew(more))
                result.AddRange(more.Select((t, i) => i == 0 ? t with { Content = random.Pick(Followings) + t.Content } : t));
        }

        var first = result.FindIndex(t => t.Role == Turn.User);
        if (random.Chance(0.1))
            result[first] = Greet(result[first], random);
        if (random.Chance(0.05))
            result[first] = Thank(result[first], random);
        if (first == 0 && random.Chance(0.12))
            result.Insert(0, new Turn(Turn.System, random.Pick(Systems)));
        return result;
    }

    /// <summary>Puts a greeting before a turn, in the place of one that is there.</summary>
    public static Turn Greet(Turn turn, SeededRandom random) =>
        turn with { Content = random.Pick(Greetings) + WithoutOpening(turn.Content) };

    /// <summary>Puts thanks below a turn, in the place of any that are there.</summary>
    public static Turn Thank(Turn turn, SeededRandom random) =>
        turn with { Content = ThanksAtEnd().Replace(turn.Content, "") + random.Pick(Thanks) };

    /// <summary>The turn's text without greeting, transition and thanks.</summary>
    public static string Bare(string text) => ThanksAtEnd().Replace(WithoutOpening(text), "");

    private static string WithoutOpening(string text)
    {
        foreach (var opening in Greetings.Concat(Followings))
        {
            if (text.StartsWith(opening, StringComparison.Ordinal))
                return text[opening.Length..];
        }

        return text;
    }

    [GeneratedRegex(@"\n\n(Thanks!|Thank you\.|Thanks in advance\.|Many thanks!)$")]
    private static partial Regex ThanksAtEnd();
}
