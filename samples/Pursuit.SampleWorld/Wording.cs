namespace Pursuit.SampleWorld;

/// <summary>Small rules of English.</summary>
internal static class Wording
{
    /// <summary>"a, b and c".</summary>
    public static string And(IReadOnlyList<string> items) => Join(items, "and");

    /// <summary>"a, b or c".</summary>
    public static string Or(IReadOnlyList<string> items) => Join(items, "or");

    /// <summary>The word with a capital first letter.</summary>
    public static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    /// <summary>A headline: every word but the small ones with a capital first letter.</summary>
    public static string Title(string text) =>
        string.Join(' ', text.Split(' ').Select((word, i) => i > 0 && word is "a" or "at" or "by" or "on" ? word : Capital(word)));

    /// <summary>The word with "a" or "an"; right for the words of this project's lists.</summary>
    public static string A(string noun) => ("aeiou".Contains(noun[0], StringComparison.Ordinal) ? "an " : "a ") + noun;

    /// <summary>"1 apple", "2 apples".</summary>
    public static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {Plural(noun)}";

    /// <summary>The plural; right for the words of this project's lists.</summary>
    public static string Plural(string noun) =>
        noun.EndsWith('s') || noun.EndsWith('x') || noun.EndsWith("ch", StringComparison.Ordinal)
            || noun.EndsWith("sh", StringComparison.Ordinal)
        ? noun + "es"
        : noun.EndsWith('y') && !"aeiou".Contains(noun[^2], StringComparison.Ordinal) ? noun[..^1] + "ies"
        : noun + "s";

    /// <summary>"1st", "22nd", "13th".</summary>
    public static string Ordinal(int number) => number + ((number % 100 is >= 11 and <= 13 ? 0 : number % 10) switch
    {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    });

    /// <summary>An amount of cents as "12.50".</summary>
    public static string Money(int cents) => $"{cents / 100}.{cents % 100:00}";

    /// <summary>The words as a Python or JSON list of strings.</summary>
    public static string Quoted(IEnumerable<string> words) => $"[{string.Join(", ", words.Select(w => $"\"{w}\""))}]";

    private static string Join(IReadOnlyList<string> items, string word) =>
        items.Count == 1 ? items[0] : $"{string.Join(", ", items.Take(items.Count - 1))} {word} {items[^1]}";
}
