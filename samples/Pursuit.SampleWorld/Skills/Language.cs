using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>Correct English, other registers of English, and words that belong together.</summary>
internal static class Language
{
    public static readonly Skill Grammar = new(
        "grammar", "one mistake in a sentence corrected, sometimes with the reason", 150, MakeGrammar);
    public static readonly Skill Rewrite = new("rewrite", "informal to formal and back", 130, MakeRewrite);
    public static readonly Skill Relations = new("word-relations", "opposites, synonyms and rhymes", 140, MakeRelations);

    private static readonly (string Base, string Third, string Past, string Participle)[] Verbs =
    [
        ("write", "writes", "wrote", "written"), ("take", "takes", "took", "taken"), ("see", "sees", "saw", "seen"),
        ("bring", "brings", "brought", "brought"),
        ("choose", "chooses", "chose", "chosen"), ("draw", "draws", "drew", "drawn"), ("break", "breaks", "broke", "broken"),
        ("forget", "forgets", "forgot", "forgotten"), ("steal", "steals", "stole", "stolen"), ("hide", "hides", "hid", "hidden"),
    ];

    private static readonly string[] Objects =
        ["the letter", "a picture", "the old map", "two notebooks", "the green bag", "a small box", "the list", "the keys"];

    private static readonly (string One, string Other)[] Opposites =
    [
        ("hot", "cold"), ("tall", "short"), ("early", "late"), ("full", "empty"), ("loud", "quiet"), ("heavy", "light"), ("wide", "narrow"),
        ("deep", "shallow"), ("rough", "smooth"), ("brave", "timid"), ("generous", "stingy"), ("polite", "rude"), ("ancient", "modern"),
        ("dry", "wet"), ("open", "closed"), ("strong", "weak"), ("rich", "poor"), ("bright", "dim"), ("sharp", "blunt"),
        ("sweet", "bitter"), ("arrive", "leave"), ("remember", "forget"), ("build", "destroy"), ("win", "lose"), ("push", "pull"),
        ("buy", "sell"), ("rise", "fall"), ("always", "never"), ("above", "below"), ("inside", "outside"),
    ];

    private static readonly (string One, string Other)[] Alike =
    [
        ("big", "large"), ("fast", "quick"), ("begin", "start"), ("end", "finish"), ("glad", "happy"), ("ill", "sick"), ("smart", "clever"),
        ("silent", "quiet"), ("reply", "answer"), ("select", "choose"), ("close", "shut"), ("gift", "present"), ("mistake", "error"),
        ("journey", "trip"), ("infant", "baby"), ("enormous", "huge"), ("courageous", "brave"), ("wealthy", "rich"), ("difficult", "hard"),
        ("assist", "help"),
    ];

    private static readonly string[][] Rhymes =
    [
        ["cat", "hat", "mat", "bat"], ["light", "night", "kite", "bite"], ["day", "play", "way", "stay"], ["tree", "sea", "key", "bee"],
        ["house", "mouse", "blouse"], ["rain", "train", "lane", "plane"], ["blue", "shoe", "two", "glue"], ["star", "car", "far", "jar"],
        ["ring", "king", "sing", "wing"], ["bear", "chair", "hair", "pear"], ["moon", "spoon", "tune", "june"],
        ["lake", "cake", "snake", "break"], ["stone", "phone", "bone", "loan"], ["book", "hook", "cook", "look"],
        ["fall", "ball", "tall", "wall"],
    ];

    /// <summary>Words that rhyme with none of <see cref="Rhymes"/>.</summary>
    private static readonly string[] Unrhymed =
    [
        "anchor", "basket", "candle", "desert", "engine", "forest", "garden", "island", "lantern", "needle", "ocean", "pepper", "planet",
        "ribbon", "silver", "tunnel", "winter", "pillow", "walnut", "marble",
    ];

    private static readonly (string Informal, string Formal)[] Registers =
    [
        ("Hey {0}, can you send me {1} by {2}?", "Dear {0}, could you please send me {1} by {2}?"),
        ("Sorry, can't make it on {2}, {0}.", "Dear {0}, I regret that I am unable to attend on {2}."),
        ("Thanks a lot for {1}, {0}!", "Dear {0}, thank you very much for {1}."),
        ("{0}, what's up with {1}?", "Dear {0}, could you please inform me about the state of {1}?"),
        ("Hi {0}, gonna call you about {1} on {2}.", "Dear {0}, I will telephone you about {1} on {2}."),
        ("{0}, I messed up {1}. My bad!", "Dear {0}, I made a mistake with {1} and I apologize."),
        ("Hi {0}, got {1}, looks great!", "Dear {0}, I have received {1}, and it is excellent."),
        ("{0}, let's talk about {1} on {2}, ok?", "Dear {0}, I would like to discuss {1} on {2}, if that suits you."),
        ("Hey {0}, where's {1}? Need it {2}!", "Dear {0}, I have not yet received {1}, which I need on {2}."),
        ("No way we finish {1} by {2}, {0}.", "Dear {0}, it is unlikely that we will complete {1} by {2}."),
    ];

    private static readonly string[] Matters =
    [
        "the report", "the contract", "the invoice", "the floor plan", "the guest list", "the first draft", "the survey", "the price list",
    ];

    private static IReadOnlyList<Turn> MakeGrammar(SeededRandom random)
    {
        var (verb, third, past, participle) = random.Pick<(string, string, string, string)>(Verbs);
        string who = random.Pick(Words.Names), what = random.Pick(Objects), day = random.Pick(Words.Weekdays),
            thing = random.Pick(Words.Things), colour = random.Pick("red", "blue", "green", "white");
        var n = random.Between(2, 9);
        var (wrong, right, why) = random.NextInt(9) switch
        {
            0 => ($"{who} {verb} {what} every {day}.", $"{who} {third} {what} every {day}.", $"With one person the verb is \"{third}\""),
            1 => ($"Yesterday {who} {third} {what}.", $"Yesterday {who} {past} {what}.", $"\"Yesterday\" needs the past tense"),
            2 => ($"{who} has {verb} {what}.", $"{who} has {participle} {what}.", $"After \"has\" comes \"{participle}\""),
            3 => ($"{who} bought {n} {thing} on {day}.", $"{who} bought {n} {Wording.Plural(thing)} on {day}.",
                $"After {n} the noun is plural"),
            4 => Article(random, who),
            5 => ($"{who} and {(who == "Leo" ? "Ada" : "Leo")} was late on {day}.",
                $"{who} and {(who == "Leo" ? "Ada" : "Leo")} were late on {day}.", "Two people take \"were\""),
            6 => ($"The dog lost it's {colour} ball near {random.Pick(Words.Cities)}.", "",
                "\"Its\" shows who owns something; \"it's\" means \"it is\""),
            7 => ($"{who} don't like {what} at all.", $"{who} doesn't like {what} at all.", "With one person it is \"doesn't\""),
            _ => ($"This {thing} is more small than the {colour} one {who} has.",
                $"This {thing} is smaller than the {colour} one {who} has.", "Short adjectives take \"-er\""),
        };
        if (right.Length == 0)
            right = wrong.Replace("it's", "its", StringComparison.Ordinal);
        return random.NextInt(4) switch
        {
            0 => Talk.Once($"Correct this sentence and say why: {wrong}", $"{right} {why}."),
            1 => Talk.Under("Correct the grammar. Reply with the corrected sentence only.", wrong, right),
            _ => Talk.Once(
                random.Pick(
                    $"Correct the grammar: {wrong}", $"Fix the mistake in this sentence: {wrong}", $"Rewrite this correctly: {wrong}"),
                right),
        };
    }

    private static (string, string, string) Article(SeededRandom random, string who)
    {
        var noun = random.Pick("apple", "orange", "umbrella", "engine", "island", "pencil", "marble", "lantern", "ticket", "olive");
        var colour = random.Pick("old", "orange", "red", "blue", "empty", "small");
        var right = $"{who} found {Wording.A(noun)} and {Wording.A($"{colour} box")}.";
        var wrong = $"{who} found {(Wording.A(noun).StartsWith("an ", StringComparison.Ordinal) ? "a" : "an")} {noun} and "
            + $"{Wording.A($"{colour} box")}.";
        return (wrong, right, "\"An\" stands before a vowel sound, \"a\" before a consonant");
    }

    private static IReadOnlyList<Turn> MakeRewrite(SeededRandom random)
    {
        var pair = random.Pick<(string, string)>(Registers);
        string name = random.Pick(Words.Names), matter = random.Pick(Matters), day = random.Pick(Words.Weekdays);
        string Fill(string text) => text.Replace("{0}", name, StringComparison.Ordinal).Replace("{1}", matter, StringComparison.Ordinal)
            .Replace("{2}", day, StringComparison.Ordinal);
        string informal = Fill(pair.Item1), formal = Fill(pair.Item2);
        return random.Chance(0.6)
            ? Talk.Once(
                random.Pick(
                    $"Make this formal: {informal}", $"Rewrite for a business letter: {informal}",
                    $"Say this politely and formally: {informal}"),
                formal)
            : Talk.Once(
                random.Pick(
                    $"Make this informal: {formal}", $"Rewrite this as a quick note to a friend: {formal}",
                    $"Say this in a casual way: {formal}"),
                informal);
    }

    private static IReadOnlyList<Turn> MakeRelations(SeededRandom random)
    {
        if (random.Chance(0.3))
        {
            var group = random.Sample<string>(random.Pick<string[]>(Rhymes), 3);
            var other = random.Pick(Unrhymed);
            var choices = random.Sample<string>([group[1], other], 2);
            return random.NextInt(3) switch
            {
                0 => Talk.Once(
                    $"Does \"{group[0]}\" rhyme with \"{choices[0]}\" or with \"{choices[1]}\"?",
                    random.Pick(group[1], $"It rhymes with \"{group[1]}\".")),
                1 => Talk.Once(
                    $"Which word does not rhyme: {string.Join(", ", random.Sample<string>([.. group, other], 4))}?",
                    random.Pick(other, $"\"{Wording.Capital(other)}\" does not rhyme with the others.")),
                _ => Talk.Once(
                    random.Pick($"Give two words that rhyme with \"{group[0]}\".", $"What rhymes with \"{group[0]}\"? Two words, please."),
                    $"{group[1]}, {group[2]}"),
            };
        }

        var opposite = random.Chance(0.6);
        var pairs = random.Sample<(string, string)>(opposite ? Opposites : Alike, random.Between(1, 3));
        for (var i = 0; i < pairs.Length; i++)
        {
            if (random.Chance(0.5))
                pairs[i] = (pairs[i].Item2, pairs[i].Item1);
        }

        var kind = opposite ? random.Pick("opposite", "antonym") : random.Pick("synonym", "word of the same meaning");
        var kinds = kind == "word of the same meaning" ? "words of the same meaning" : Wording.Plural(kind);
        if (pairs.Length == 1)
        {
            var (word, answer) = pairs[0];
            return Talk.Once(
                random.Pick(
                    $"Give {Wording.A(kind)} for \"{word}\".",
                    $"What is {(opposite ? "the" : "a")} {kind} {(opposite ? "of" : "for")} \"{word}\"?"),
                random.Pick(answer, $"{Wording.Capital(answer)}."));
        }

        var asked = Wording.And([.. pairs.Select(p => $"\"{p.Item1}\"")]);
        return Talk.Once(
            random.Pick($"Give the {kinds} of {asked}.", $"List {kinds} for {asked}, in this order."),
            random.Pick(string.Join(", ", pairs.Select(p => p.Item2)), string.Join('\n', pairs.Select(p => $"{p.Item1}: {p.Item2}"))));
    }
}
