using YamlDotNet.Serialization;

namespace Pursuit.Cli.Datasets;

/// <summary>What a data set's README.md says of its files in the YAML before its text: <c>configs:</c>, as the hub reads it.</summary>
internal static class DatasetCard
{
    public const string FileName = "README.md";

    private const string Expected = "a data set's card, whose 'configs' list files by split";
    private const string Fence = "---";
    private const string OnlySplit = "train";

    /// <summary>The configurations of a folder; none where its card names none.</summary>
    /// <exception cref="PursuitException">The card can't be read, or its configurations are of another form.</exception>
    public static IReadOnlyList<DatasetConfig> Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        return File.Exists(path) ? YamlFile.Read(path, Expected, "Correct it, or name the files themselves.", Build, Configs) : [];
    }

    /// <summary>Of the card only the lines of <c>configs</c>: the rest may be what this reader has no use for.</summary>
    private static string Configs(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        if (lines[0].TrimEnd() != Fence) return "";
        var card = lines.Skip(1).TakeWhile(line => line.TrimEnd() != Fence).ToArray();
        var start = Array.FindIndex(card, line => line.TrimEnd() == "configs:");
        if (start < 0) return "";
        var below = card.Skip(start + 1).TakeWhile(line => line.Length == 0 || line[0] is ' ' or '-' or '#');
        return string.Join('\n', below.Prepend(card[start]));
    }

    private static IReadOnlyList<DatasetConfig> Build(TextReader reader)
    {
        var root = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object?>?>(reader);
        return root?.GetValueOrDefault("configs") is List<object?> configs ? [.. configs.Select(ConfigOf)] : [];
    }

    private static DatasetConfig ConfigOf(object? config)
    {
        if (config is not Dictionary<object, object?> fields) throw new InvalidDataException("a configuration that is no mapping");
        return new DatasetConfig(
            fields.GetValueOrDefault("config_name") as string ?? "default",
            fields.GetValueOrDefault("default") is "true",
            fields.GetValueOrDefault("data_dir") as string,
            FilesOf(fields.GetValueOrDefault("data_files")));
    }

    private static Dictionary<string, IReadOnlyList<string>> FilesOf(object? files) => files switch
    {
        null => [],
        string => new() { [OnlySplit] = PathsOf(files) },
        List<object?> paths when paths.All(p => p is string) => new() { [OnlySplit] = PathsOf(files) },
        List<object?> splits => splits
            .Select(s => s as Dictionary<object, object?> ?? throw new InvalidDataException("a split that is no mapping"))
            .ToDictionary(
                s => s.GetValueOrDefault("split") as string ?? throw new InvalidDataException("a split without a name"),
                s => PathsOf(s.GetValueOrDefault("path"))),
        Dictionary<object, object?> splits => splits.ToDictionary(s => (string)s.Key, s => PathsOf(s.Value)),
        _ => throw new InvalidDataException("data_files that are neither paths nor splits"),
    };

    private static IReadOnlyList<string> PathsOf(object? paths) => paths switch
    {
        string one => [one],
        List<object?> many => [.. many.Select(p => p as string ?? throw new InvalidDataException("a path that is no text"))],
        _ => throw new InvalidDataException("a split without a path"),
    };
}

/// <summary>One configuration of a data set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsDefault">It is marked as the one that is meant where none is named.</param>
/// <param name="Directory">Its own folder; null for the data set's.</param>
/// <param name="Files">Paths and globs by split; none where they follow from the files' names.</param>
internal sealed record DatasetConfig(
    string Name, bool IsDefault, string? Directory, IReadOnlyDictionary<string, IReadOnlyList<string>> Files);
