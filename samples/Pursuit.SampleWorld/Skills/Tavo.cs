using Pursuit.Data;

namespace Pursuit.SampleWorld.Skills;

/// <summary>
/// Translation to and from Tavo, a language of this project: a noun comes before its adjective, "the" is not said, a plural ends in
/// "-n", and the verb stands last.
/// </summary>
internal static class Tavo
{
    public static readonly Skill Skill = new("translation", "English to and from Tavo, a small invented language", 150, Make);

    /// <summary>English singular nouns and their Tavo words.</summary>
    public static readonly (string English, string Tavo)[] Nouns =
    [
        ("dog", "ruma"), ("cat", "misu"), ("bird", "pelo"), ("fish", "sharu"), ("child", "neki"), ("farmer", "dovari"),
        ("teacher", "selmo"), ("king", "orato"), ("tree", "bolu"), ("river", "vesha"), ("house", "tamo"), ("boat", "kiru"),
        ("stone", "gada"), ("letter", "wino"), ("song", "lalei"), ("bread", "mopu"),
    ];

    /// <summary>English adjectives and their Tavo words.</summary>
    public static readonly (string English, string Tavo)[] Adjectives =
        [
            ("red", "rako"), ("big", "humo"), ("small", "titi"), ("old", "zano"), ("good", "bela"), ("cold", "frei"),
            ("quiet", "sumi"), ("new", "novi"),
        ];

    /// <summary>English verbs, third person and plural, and their Tavo words.</summary>
    public static readonly (string Singular, string Plural, string Tavo)[] Verbs =
    [
        ("sees", "see", "viska"), ("finds", "find", "tropa"), ("carries", "carry", "lemba"), ("likes", "like", "amira"),
        ("paints", "paint", "kolora"), ("follows", "follow", "sekwa"), ("forgets", "forget", "oblia"), ("buys", "buy", "kompa"),
    ];

    private static readonly string[] Irregular = ["fish", "child", "bread"];

    private static IReadOnlyList<Turn> Make(SeededRandom random)
    {
        var subject = Phrase(random);
        var thing = Phrase(random);
        var verb = random.Pick<(string Singular, string Plural, string Tavo)>(Verbs);
        var english = $"{Wording.Capital(subject.English)} {(subject.Many ? verb.Plural : verb.Singular)} {thing.English}.";
        var tavo = $"{Wording.Capital(subject.Tavo)} {thing.Tavo} {verb.Tavo}.";
        switch (random.NextInt(8))
        {
            case 0:
                {
                    var noun = random.Pick<(string, string)>(Nouns);
                    var adjective = random.Pick<(string, string)>(Adjectives);
                    return Talk.Once(
                        random.Pick(
                            $"How do you say \"{adjective.Item1} {noun.Item1}\" in Tavo?",
                            $"What is the Tavo for \"{adjective.Item1} {noun.Item1}\"?"),
                        $"{noun.Item2} {adjective.Item2}");
                }

            case 1 or 2 or 3:
                return Talk.Once(
                    random.Pick(
                        $"Translate to English: {tavo}", $"What does this Tavo sentence mean: {tavo}", $"Give the English for: {tavo}"),
                    english);
            case 4:
                return Talk.Under("You translate between English and Tavo. Give the translation only.", english, tavo);
            default:
                return Talk.Once(
                    random.Pick($"Translate to Tavo: {english}", $"Say this in Tavo: {english}", $"Put into Tavo: {english}"), tavo);
        }
    }

    private static (string English, string Tavo, bool Many) Phrase(SeededRandom random)
    {
        var (english, tavo) = random.Pick<(string, string)>(Nouns);
        var many = random.Chance(0.35) && !Irregular.Contains(english);
        if (many)
            (english, tavo) = (english + "s", tavo + "n");
        if (random.Chance(0.5))
        {
            var adjective = random.Pick<(string, string)>(Adjectives);
            (english, tavo) = ($"{adjective.Item1} {english}", $"{tavo} {adjective.Item2}");
        }

        return ($"the {english}", tavo, many);
    }
}
