using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Conclusions from a few statements.</summary>
internal static class Logic
{
    public static readonly Skill Skill = new("logic", "syllogisms, orderings and if-then conclusions with a reason", 150, Make);

    private static readonly string[] Kinds =
        ["blorp", "wug", "dax", "fendle", "zib", "toma", "quill", "morp", "snark", "grommet", "plim", "vorn"];

    private static readonly (string Adjective, string More, string Most, string Least)[] Scales =
        [
            ("tall", "taller", "tallest", "shortest"), ("old", "older", "oldest", "youngest"), ("fast", "faster", "fastest", "slowest"),
            ("heavy", "heavier", "heaviest", "lightest"),
        ];

    private static IReadOnlyList<Turn> Make(SeededRandom random) => random.NextInt(3) switch
    {
        0 => Syllogism(random),
        1 => Order(random),
        _ => IfThen(random),
    };

    private static IReadOnlyList<Turn> Syllogism(SeededRandom random)
    {
        var kinds = random.Sample<string>(Kinds, 3);
        string a = kinds[0], b = kinds[1], c = kinds[2], who = random.Pick(Words.Names), colour = random.Pick(Words.Colours);
        string As = Wording.Plural(a), bs = Wording.Plural(b), cs = Wording.Plural(c);
        return random.NextInt(5) switch
        {
            0 => Talk.Once($"All {As} are {bs}. {who} is a {a}. Is {who} a {b}?", $"Yes. {who} is a {a}, and all {As} are {bs}."),
            1 => Talk.Once(
                $"All {As} are {bs}. {who} is a {b}. Must {who} be a {a}?",
                $"No. All {As} are {bs}, but there may be {bs} that are not {As}."),
            2 => Talk.Once($"No {a} is {colour}. {who} is {colour}. Can {who} be a {a}?", $"No. {who} is {colour}, and no {a} is."),
            3 => Talk.Once(
                $"All {As} are {bs}. All {bs} are {cs}. Are all {As} {cs}?", $"Yes. Every {a} is a {b}, and every {b} is a {c}."),
            _ => Talk.Once(
                $"Some {As} are {colour}. {who} is a {a}. Is {who} certainly {colour}?",
                $"No. Only some {As} are {colour}, so we can't tell."),
        };
    }

    private static IReadOnlyList<Turn> Order(SeededRandom random)
    {
        var people = random.Sample<string>(Words.Names, random.Between(3, 4)); // from most to least
        var scale = random.Pick<(string Adjective, string More, string Most, string Least)>(Scales);
        var facts = people.Zip(people.Skip(1), (x, y) => $"{x} is {scale.More} than {y}.").ToArray();
        random.Shuffle<string>(facts);
        var story = string.Join(' ', facts);
        var chain = string.Join(", ", people);
        return random.NextInt(3) switch
        {
            0 => Talk.Once(
                $"{story} Who is the {scale.Most}?",
                random.Pick($"{people[0]}.", $"From the {scale.Most} to the {scale.Least}: {chain}. So it is {people[0]}.")),
            1 => Talk.Once(
                $"{story} Who is the {scale.Least}?",
                random.Pick($"{people[^1]}.", $"From the {scale.Most} to the {scale.Least}: {chain}. So it is {people[^1]}.")),
            _ => Talk.Once($"{story} List them from the {scale.Most} to the {scale.Least}.", chain),
        };
    }

    private static IReadOnlyList<Turn> IfThen(SeededRandom random)
    {
        var who = random.Pick(Words.Names);
        var (cause, causeNot, effect, effectNot, ask, askCause) = random.Pick(
            ("it rains", "it does not rain", "takes the bus", "does not take the bus", "take the bus", "Does it rain"),
            ("the shop is open", "the shop is not open", "buys bread", "does not buy bread", "buy bread", "Is the shop open"),
            ("the alarm rings", "the alarm does not ring", "gets up at six", "does not get up at six", "get up at six",
                "Does the alarm ring"),
            ("the lake is frozen", "the lake is not frozen", "goes skating", "does not go skating", "go skating", "Is the lake frozen"),
            ("the train is late", "the train is not late", "reads a book", "does not read a book", "read a book", "Is the train late"),
            ("guests come", "no guests come", "bakes a cake", "does not bake a cake", "bake a cake", "Do guests come"));
        var day = random.Pick(Words.Weekdays);
        var rule = $"If {cause} on {day}, {who} {effect}.";
        return random.NextInt(4) switch
        {
            0 => Talk.Once($"{rule} On {day} {cause}. Does {who} {ask}?", $"Yes, by the rule {who} {effect}."),
            1 => Talk.Once($"{rule} On {day} {who} {effectNot}. {askCause} on {day}?", $"No. If it were so, {who} would {ask}."),
            2 => Talk.Once(
                $"{rule} On {day} {causeNot}. Can we be sure that {who} {effectNot}?",
                $"No. The rule says nothing about a day when {causeNot}."),
            _ => Talk.Once($"{rule} On {day} {who} {effect}. Can we be sure that {cause}?", $"No. {who} may {ask} for another reason."),
        };
    }
}
