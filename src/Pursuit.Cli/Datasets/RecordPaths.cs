using System.CommandLine.Parsing;
using Pursuit.Storage;

namespace Pursuit.Cli.Datasets;

/// <summary>
/// What a person names as records: files, directories and globs; data sets of the hub's cache by their names; folders of data sets, of
/// which a split is read.
/// </summary>
internal static class RecordPaths
{
    /// <summary>The option that names the split.</summary>
    public const string SplitOption = "--split";

    /// <summary>Reads an option's values.</summary>
    public static string[] Parse(ArgumentResult result)
    {
        var split = (result.GetResult(SplitOption) as OptionResult)?.Tokens is [var token, ..] ? token.Value : null;
        return [.. result.Tokens.SelectMany(t => Resolve(t.Value, split))];
    }

    /// <summary>Reads the values of an option each of which is a whole of its own, such as one target.</summary>
    public static string[] ParseEach(ArgumentResult result)
    {
        var split = (result.GetResult(SplitOption) as OptionResult)?.Tokens is [var token, ..] ? token.Value : null;
        return [.. result.Tokens.Select(t => Resolve(t.Value, split) switch
        {
            [var only] => only,
            var several => throw PursuitException.At(
                t.Value, $"{several.Count:N0} files or globs", "a folder whose records are one file or the parts of one",
                "Name its files by one glob."),
        })];
    }

    /// <summary>The paths that a word stands for.</summary>
    /// <param name="word">A path, or <c>ORG/NAME[@REVISION]</c>; of a data set <c>:SPLIT</c> may follow, before any other split.</param>
    /// <param name="split">The split of data sets; null where none is named.</param>
    /// <exception cref="PursuitException">A data set that the cache doesn't have, or without that split.</exception>
    public static IReadOnlyList<string> Resolve(string word, string? split)
    {
        if (!Path.Exists(word) && word.LastIndexOf(':') is > 0 and var colon && IsDataset(word[..colon]))
            (word, split) = (word[..colon], word[(colon + 1)..]);
        if (Directory.Exists(word)) return DatasetFolder.Files(HubCache.FollowDataset(word), split);
        if (File.Exists(word) || !word.Contains('/', StringComparison.Ordinal) || !HubCache.IsName(word)) return [word];
        if (HubCache.FindDataset(word) is { } found) return DatasetFolder.Files(found, split);
        // A mistyped path looks like a name: where its folder is there, the path is what was meant.
        return Directory.Exists(Path.GetDirectoryName(word)) || Path.HasExtension(word) ? [word] : throw PursuitException.At(
            word, $"no such file or directory, and no data set of that name in the cache at {HubCache.Directory}",
            "a path, or the name of a data set in the cache", HubCache.HowToFetchDataset(word));
    }

    private static bool IsDataset(string word) =>
        Directory.Exists(word) || (word.Contains('/', StringComparison.Ordinal) && HubCache.FindDataset(word) is not null);
}
