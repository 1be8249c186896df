using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Longer answers: notes, announcements and plans written from a few given facts.</summary>
internal static class Letters
{
    public static readonly Skill Skill = new("letter", "notes, announcements and plans from a few facts; the longest answers", 110, Make)
    {
        CanFollowItself = false,
    };

    private static readonly string[] Openings =
        ["I hope you are well.", "It was good to see you last week.", "I have been meaning to write to you.", "How are you these days?"];

    private static readonly string[] Closings =
        ["I look forward to hearing from you.", "Give my best to everyone.", "Write back when you can.", "See you soon."];

    private static IReadOnlyList<Turn> Make(SeededRandom random)
    {
        var people = random.Sample<string>(Words.Names, 2);
        string to = people[0], from = people[1], day = random.Pick(Words.Weekdays), city = random.Pick(Words.Cities),
            item = random.Pick(Words.Products);
        var time = $"{random.Between(9, 20)}:{random.Pick("00", "15", "30", "45")}";
        string opening = random.Pick(Openings), closing = random.Pick(Closings);
        switch (random.NextInt(4))
        {
            case 0:
                {
                    var party = random.Pick("birthday dinner", "garden party", "game night", "film evening", "farewell lunch");
                    return Talk.Once(
                        $"{random.Pick("Write an invitation", "Help me invite a friend", "Draft a short invitation")}: "
                            + $"from {from} to {to}, {party}, {day} at {time}, in {city}.",
                        $"Dear {to},\n\n{opening} I'm having a {party} on {day} and would love you to come. We start at {time} at my place "
                            + $"in {city}. You don't need to bring anything but a good mood; if you'd like to help, come half an hour "
                            + $"earlier.\n\nPlease let me know whether you can make it. {closing}\n\nYours,\n{from}");
                }

            case 1:
                {
                    var use = random.Pick(
                        "I use it every day", "My whole family admires it", "It was just what I needed",
                        "It already has a place of its own in my flat");
                    return Talk.Once(
                        $"{random.Pick("Write a thank-you note", "Draft a note of thanks")} from {from} to {to} for a {item}. "
                            + $"Mention this: {use}.",
                        $"Dear {to},\n\nThank you so much for the {item}! {use}, and each time I think of you. "
                            + $"It was kind of you to remember.\n\n{opening} Perhaps we can meet one of these days? "
                            + $"{closing}\n\nWarmly,\n{from}");
                }

            case 2:
                {
                    var (what, why) = random.Pick(
                        ("library", "the heating is being repaired"), ("swimming pool", "the water is being changed"),
                        ("market hall", "the floor is being cleaned"), ("museum", "new paintings are being hung"));
                    var other = Words.Weekdays[(Array.IndexOf(Words.Weekdays, day) + random.Between(1, 4)) % 7];
                    return Talk.Once(
                        $"{random.Pick("Write a notice", "Write a short announcement")}: the {what} of {city} is closed from {day} because "
                            + $"{why}; it opens again on {other} at {time}.",
                        $"NOTICE\n\nThe {what} of {city} will be closed from {day}, because {why}. It opens again on {other} at {time}.\n\n"
                            + "We are sorry for the inconvenience and thank you for your patience. If you have questions, "
                            + "please ask the staff at the front desk.");
                }

            default:
                {
                    var stops = random.Sample<string>(
                        [
                            "visit the market", "walk along the river", "see the old mill", "have lunch in a small inn", "climb the tower",
                            "look at the harbour", "rent bicycles", "watch the boats",
                        ],
                        4);
                    var hour = random.Between(8, 10);
                    var lines = stops.Select((s, i) => $"{i + 1}. {hour + 2 * i}:00 - {Wording.Capital(s)}.");
                    return Talk.Once(
                        $"{random.Pick("Plan a day", "Make a plan for a day")} in {city} for {to} and {from}, from {hour}:00, "
                            + $"two hours each: {Wording.And(stops)}.",
                        $"A day in {city} for {to} and {from}:\n\n{string.Join('\n', lines)}\n\nThe plan ends at {hour + 8}:00. "
                            + "Take comfortable shoes and something to drink, and leave a little time between the stops.");
                }
        }
    }
}
