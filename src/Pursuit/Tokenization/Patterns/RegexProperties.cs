namespace Pursuit.Tokenization.Patterns;

/// <summary>The sets behind <c>\p{...}</c>, <c>\s</c>, <c>\d</c> and <c>\w</c>.</summary>
internal static class RegexProperties
{
    private static readonly string[] CategoryNames =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc",
        "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private static readonly Dictionary<string, CodePointSet> Known = Build();

    /// <summary>The set of a general category, a group of them, White_Space, or a script; null for any other name.</summary>
    public static CodePointSet? ByName(string name) => Known.GetValueOrDefault(name) ?? Scripts.ByName(name);

    /// <summary>Oniguruma's <c>\w</c>, which has Latin-1's superscripts and fractions too.</summary>
    public static bool IsWord(int codePoint) =>
        AddedTokenFinder.IsWord(codePoint) || codePoint is 0xB2 or 0xB3 or 0xB9 or >= 0xBC and <= 0xBE;

    /// <summary>The set of <c>\s \S \d \D \w \W</c>.</summary>
    public static CodePointSet Shorthand(char letter)
    {
        var set = char.ToLowerInvariant(letter) switch
        {
            's' => Known["White_Space"],
            'd' => Known["Nd"],
            _ => CodePointSet.Where(IsWord),
        };
        return char.IsUpper(letter) ? set.Complement() : set;
    }

    private static Dictionary<string, CodePointSet> Build()
    {
        var known = new Dictionary<string, CodePointSet>(StringComparer.Ordinal);
        var groups = new Dictionary<char, uint>();
        for (var category = 0; category < CategoryNames.Length; category++)
        {
            var mask = 1u << category;
            known[CategoryNames[category]] = CodePointSet.Categories(mask);
            groups[CategoryNames[category][0]] = groups.GetValueOrDefault(CategoryNames[category][0]) | mask;
        }

        foreach (var (letter, mask) in groups) known[letter.ToString()] = CodePointSet.Categories(mask);
        known["White_Space"] = CodePointSet.Where(CharacterClasses.IsWhiteSpace);
        (string Long, string Short)[] longNames =
        [
            ("Letter", "L"), ("Mark", "M"), ("Number", "N"), ("Punctuation", "P"), ("Symbol", "S"), ("Separator", "Z"), ("Other", "C"),
            ("Uppercase_Letter", "Lu"), ("Lowercase_Letter", "Ll"), ("Decimal_Number", "Nd"),
        ];
        foreach (var (longName, shortName) in longNames) known[longName] = known[shortName];
        return known;
    }
}
