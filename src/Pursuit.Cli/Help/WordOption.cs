using System.CommandLine.Parsing;

namespace Pursuit.Cli.Help;

/// <summary>Options whose value is one of an enumeration's names, read in any case and shown in lower case.</summary>
internal static class WordOption
{
    /// <summary>One with a default.</summary>
    public static ListedOption<T> Of<T>(string name, OptionGroup group, string description, T value)
        where T : struct, Enum => new(name, group, Choice<T>(), description)
        {
            Words = Names<T>(),
            DefaultValueFactory = _ => value,
            CustomParser = result => Parse<T>(name, result) ?? value,
        };

    /// <summary>One whose default depends on other options.</summary>
    /// <param name="name">Its name, with the hyphens.</param>
    /// <param name="group">The heading it is listed under.</param>
    /// <param name="description">What it is.</param>
    /// <param name="otherwise">How help names the default.</param>
    public static ListedOption<T?> Optional<T>(string name, OptionGroup group, string description, string otherwise)
        where T : struct, Enum => new(name, group, Choice<T>(), description)
        {
            Words = Names<T>(),
            Default = otherwise,
            CustomParser = result => Parse<T>(name, result),
        };

    /// <summary>An enumeration's names in lower case.</summary>
    public static IReadOnlyList<string> Names<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(n => n.ToLowerInvariant())];

    private static string Choice<T>()
        where T : struct, Enum => string.Join('|', Names<T>());

    private static T? Parse<T>(string option, ArgumentResult result)
        where T : struct, Enum
    {
        var word = result.Tokens[^1].Value;
        var at = Names<T>().ToList().IndexOf(word.ToLowerInvariant());
        if (at >= 0) return Enum.GetValues<T>()[at];
        result.AddError($"{option}: '{word}'; expected {AnyOf(Names<T>())}. {Suggestion.For(word, Names<T>())}".TrimEnd());
        return null;
    }

    /// <summary>"a", "a or b", "a, b or c".</summary>
    public static string AnyOf(IReadOnlyList<string> words) =>
        words.Count > 1 ? $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}" : string.Concat(words);
}
