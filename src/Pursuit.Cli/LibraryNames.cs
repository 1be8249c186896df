using System.Text;

namespace Pursuit.Cli;

/// <summary>What the library calls its options and jobs, and what the command line calls them.</summary>
internal static class LibraryNames
{
    /// <summary>Names that aren't the option's words run together.</summary>
    private static readonly Dictionary<string, string> Own = new(StringComparer.Ordinal)
    {
        ["HeldOut"] = "--heldout",
        ["LearningRate"] = "--lr",
        ["OptionsFile"] = "--config",
        ["DatasetAudit"] = "'pursuit inspect'",
        ["FineTuneJob"] = "'pursuit train'",
        ["ModelFeatures"] = "'pursuit features'",
        ["ProveJob"] = "'pursuit prove'",
        ["SelectJob"] = "'pursuit select'",
    };

    /// <summary>The command line's name: <c>MaxLength</c> is <c>--max-length</c>.</summary>
    /// <param name="name">The library's name.</param>
    public static string OnTheCommandLine(string name)
    {
        if (Own.TryGetValue(name, out var own)) return own;
        var option = new StringBuilder("-");
        foreach (var letter in name) option.Append(char.IsUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : letter);
        return option.ToString();
    }
}
