using System.Text.RegularExpressions;
using Pursuit.Data.Reading;
using Pursuit.Storage;

namespace Pursuit.Cli.Datasets;

/// <summary>Finds the files of a split in a folder as the hub and the library <c>datasets</c> lay it out.</summary>
internal static partial class DatasetFolder
{
    /// <summary>The word for all splits together.</summary>
    public const string AllSplits = "all";

    private const string StateFile = "state.json";
    private const string SplitsFile = "dataset_dict.json";

    /// <summary>The files to read for a folder: the folder itself where it is no data set with splits.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="split">The split, with its configuration before a slash where there are several; null for the only one.</param>
    /// <exception cref="PursuitException">There is no such split, several and none is named, or parts are missing.</exception>
    public static IReadOnlyList<string> Files(string directory, string? split)
    {
        if (File.Exists(Path.Combine(directory, StateFile))) return Compact(SavedFiles(directory));
        if (File.Exists(Path.Combine(directory, SplitsFile)))
        {
            using var json = JsonFile.Open(Path.Combine(directory, SplitsFile), JsonFile.LargestConfiguration, "a saved data set's splits");
            var saved = json.Root["splits"].Items()
                .ToDictionary(s => s.Text(), s => (IReadOnlyList<string>)[Path.Combine(directory, s.Text())]);
            return Compact([.. Choose(directory, saved, split).SelectMany(SavedFiles)]);
        }

        var configs = DatasetCard.Read(directory);
        if (configs.Count > 0) return OfCard(directory, configs, split);
        var (splits, isNamed) = ByName(directory);
        if (split is null && !(isNamed && splits.Count > 1)) return [directory];
        return Compact(Choose(directory, splits, split));
    }

    private static IReadOnlyList<string> OfCard(string directory, IReadOnlyList<DatasetConfig> configs, string? split)
    {
        var slash = split?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        var (name, of) = slash < 0 ? (null, split) : (split![..slash], split[(slash + 1)..]);
        var config = configs.FirstOrDefault(c => name is null ? configs.Count == 1 || c.IsDefault : c.Name == name)
            ?? (name is null ? configs.FirstOrDefault(c => c.Name == "default") : null)
            ?? throw PursuitException.At(
                directory,
                (name is null ? "several configurations: " : $"no configuration '{name}', but ")
                    + string.Join(", ", configs.Select(c => c.Name)),
                "one of them", $"Name it before the split: --split {configs[0].Name}/{of ?? "train"}.");
        var folder = config.Directory is { } own ? Within(directory, own) : directory;
        if (config.Files.Count == 0) return Compact(Choose(directory, ByName(folder).Splits, of));
        string[] chosen = [.. Choose(directory, config.Files, of).Select(pattern => Within(folder, pattern))];
        ShardNames.RequireAll(directory, InputFiles.Expand(chosen).Files);
        return chosen;
    }

    /// <summary>A card names files of its own folder and no others.</summary>
    private static string Within(string directory, string path)
    {
        if (Path.IsPathRooted(path) || path.Split('/', '\\').Contains("..") || path.Contains("://", StringComparison.Ordinal))
            throw PursuitException.At(
                Path.Combine(directory, DatasetCard.FileName), $"the path '{path}'", "paths within the data set's folder",
                "Name the files themselves.");
        return Path.Combine(directory, path);
    }

    /// <summary>What <c>save_to_disk</c> wrote: the data files of its state, or the state where it maps rows.</summary>
    private static IReadOnlyList<string> SavedFiles(string directory)
    {
        var state = Path.Combine(directory, StateFile);
        using var json = JsonFile.Open(state, JsonFile.LargestConfiguration, "a saved data set's state");
        if (!json.Root["_indices_data_files"].IsNull) return [state];
        string[] files = [.. json.Root["_data_files"].Items().Select(f => Path.Combine(directory, f["filename"].Text()))];
        return Array.Find(files, f => !File.Exists(f)) is { } missing
            ? throw PursuitException.At(
                directory, $"{Path.GetFileName(missing)} is missing, one of {files.Length:N0} files", "all files that state.json names",
                "Copy or save the data set again.")
            : files;
    }

    /// <summary>The parts of one whole as one glob, so that a run's options name it in a line.</summary>
    private static IReadOnlyList<string> Compact(IReadOnlyList<string> files)
    {
        var wholes = files.Select(f => ShardNames.Of(f) is { } part
            ? Path.Combine(Path.GetDirectoryName(f)!, $"{part.Stem}-*-of-{part.Count:00000}*") : null).Distinct().ToArray();
        return wholes is [{ } glob] && InputFiles.Expand([glob]).Files.SequenceEqual(files) ? [glob] : files;
    }

    private static IReadOnlyList<string> Choose(string directory, IReadOnlyDictionary<string, IReadOnlyList<string>> splits, string? split)
    {
        if (split == AllSplits && splits.Count > 0) return [.. splits.SelectMany(s => s.Value)];
        if (split is not null && splits.TryGetValue(split, out var named)) return named;
        if (split is null && splits.Count == 1) return splits.Values.First();
        var there = splits.Count == 0 ? "no splits" : $"the splits {string.Join(", ", splits.Keys.Order(StringComparer.Ordinal))}";
        throw PursuitException.At(
            directory, split is null ? there : $"{there}, and no '{split}'", "one of its splits",
            splits.Count == 0 ? "Name the files themselves." : $"Choose it by --split, or '{AllSplits}' for all of them.");
    }

    /// <summary>Splits by the names of files, and whether one is named as the hub names parts.</summary>
    private static (Dictionary<string, IReadOnlyList<string>> Splits, bool IsNamed) ByName(string directory)
    {
        var isNamed = false;
        var splits = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var file in InputFiles.Expand([directory]).Files)
        {
            var split = ShardNames.Of(file) is { Stem: not "data" } part ? part.Stem : null;
            isNamed |= split is not null;
            split ??= Known(Path.GetRelativePath(directory, file));
            if (split is null) continue;
            splits[split] = splits.TryGetValue(split, out var others) ? [.. others, file] : [file];
        }

        return (splits, isNamed);
    }

    private static string? Known(string path)
    {
        var match = Words().Match(path);
        if (!match.Success) return null;
        return match.Value.ToLowerInvariant() switch
        {
            "train" or "training" => "train",
            "test" or "testing" or "eval" or "evaluation" => "test",
            _ => "validation",
        };
    }

    [GeneratedRegex(
        "(?<![A-Za-z0-9])(train|training|test|testing|eval|evaluation|validation|valid|val|dev)(?![A-Za-z0-9])", RegexOptions.IgnoreCase)]
    private static partial Regex Words();
}
