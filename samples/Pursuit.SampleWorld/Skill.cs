using System.Text.RegularExpressions;
using Pursuit.Data;

namespace Pursuit.SampleWorld;

/// <summary>One kind of task: everything a record of it needs comes from its own templates and the stream it is given.</summary>
/// <param name="Name">Its name in records and file names.</param>
/// <param name="About">What it asks, in a few words; printed in the README.</param>
/// <param name="PoolCount">How many clean records the pool gets; duplicates and noise come on top.</param>
/// <param name="Generate">Draws one conversation with the right answers.</param>
internal sealed record Skill(string Name, string About, int PoolCount, Func<SeededRandom, IReadOnlyList<Turn>> Generate)
{
    /// <summary>True where two tasks may follow each other in one conversation without referring to one another.</summary>
    public bool CanFollowItself { get; init; } = true;

    /// <summary>
    /// What makes two conversations the same task whatever their wording; no two clean records of a skill share it, in the
    /// pool, dev and test together.
    /// </summary>
    public Func<IReadOnlyList<Turn>, string> Essence { get; init; } = NormalisedQuestion;

    /// <summary>The person's turns in lower case, letters and digits only.</summary>
    public static string NormalisedQuestion(IReadOnlyList<Turn> turns) =>
        string.Join(' ', turns.Where(t => t.Role == Turn.User).Select(t => Normalise(t.Content)));

    /// <summary>Lower case, every run of anything but letters, digits and signs of calculation turned into one space.</summary>
    public static string Normalise(string text) =>
        Regex.Replace(text.ToLowerInvariant(), @"[^\p{L}\p{N}+\-*/%<>=]+", " ").Trim();

    /// <summary>The pieces of the person's turns that match a pattern, in order.</summary>
    public static string Pieces(IReadOnlyList<Turn> turns, string pattern) =>
        string.Join(' ', turns.Where(t => t.Role == Turn.User).SelectMany(t => Regex.Matches(t.Content, pattern)).Select(m => m.Value));
}

/// <summary>Short ways to write a conversation down.</summary>
internal static class Talk
{
    /// <summary>One question and its answer.</summary>
    public static IReadOnlyList<Turn> Once(string user, string assistant) =>
        [new(Turn.User, user), new(Turn.Assistant, assistant)];

    /// <summary>One question and its answer under a standing instruction.</summary>
    public static IReadOnlyList<Turn> Under(string system, string user, string assistant) =>
        [new(Turn.System, system), new(Turn.User, user), new(Turn.Assistant, assistant)];

    /// <summary>Several exchanges.</summary>
    public static IReadOnlyList<Turn> Exchanges(IEnumerable<(string User, string Assistant)> exchanges) =>
        [.. exchanges.SelectMany(e => Once(e.User, e.Assistant))];
}
