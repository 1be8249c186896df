using System.CommandLine;
using YamlDotNet.RepresentationModel;
using YamlDotNet.Serialization;

namespace Pursuit.Cli;

/// <summary>
/// Options from YAML: each key is an option's name without its hyphens, each value a scalar or a list. What the command line
/// gives itself wins.
/// </summary>
internal static class OptionsFile
{
    /// <summary>The option that names such a file.</summary>
    public const string ConfigOption = "--config";
    private const string CommandKey = "command";

    /// <summary>Adds to a command line with "--config FILE" the options the file holds and the command line lacks.</summary>
    /// <exception cref="PursuitException">The file can't be read, isn't a mapping, or holds an unknown key.</exception>
    public static string[] Expand(string[] args, Command root)
    {
        var at = Array.FindIndex(args, a => a == ConfigOption || a.StartsWith(ConfigOption + "=", StringComparison.Ordinal));
        if (at < 0 || root.Subcommands.FirstOrDefault(c => c.Name == args[0]) is not { } command) return args;
        var joined = args[at].Contains('=', StringComparison.Ordinal);
        if (!joined && at + 1 == args.Length) return args; // the parser says what is missing

        var path = joined ? args[at][(ConfigOption.Length + 1)..] : args[at + 1];
        var rest = args[..at].Concat(args[(at + (joined ? 1 : 2))..]).ToList();
        foreach (var (key, values) in Read(path))
        {
            if (key == CommandKey)
            {
                if (values is not [var name] || name != command.Name)
                {
                    var other = string.Join(' ', values);
                    var advice = $"Run 'pursuit {other} --config {path}'.";
                    throw PursuitException.At(path, $"options of '{other}'", $"options of '{command.Name}'", advice);
                }

                continue;
            }

            var option = command.Options.FirstOrDefault(o => o.Name == "--" + key && o.Name != ConfigOption)
                ?? throw PursuitException.At(
                    path, $"the key '{key}'", $"an option of 'pursuit {command.Name}'",
                    Suggestion.For(key, command.Options.Select(o => o.Name[2..])));
            if (rest.Any(a => a == option.Name || a.StartsWith(option.Name + "=", StringComparison.Ordinal))) continue;
            foreach (var value in values)
            {
                rest.Add(option.Name);
                rest.Add(value);
            }
        }

        return [.. rest, ConfigOption, path];
    }

    /// <summary>The command whose options a file holds; null where it doesn't say.</summary>
    /// <exception cref="PursuitException">The file can't be read or isn't a mapping.</exception>
    public static string? CommandIn(string path) =>
        Read(path).FirstOrDefault(pair => pair.Key == CommandKey).Values is [var name] ? name : null;

    /// <summary>Writes options in the form that <see cref="Expand"/> reads.</summary>
    /// <param name="writer">Gets the YAML.</param>
    /// <param name="command">The command's name.</param>
    /// <param name="options">Option names without hyphens, with their values.</param>
    public static void Write(TextWriter writer, string command, IEnumerable<KeyValuePair<string, object>> options)
    {
        writer.NewLine = "\n";
        writer.WriteLine($"# Replay: pursuit {command} --config THIS_FILE");
        var map = new Dictionary<string, object> { [CommandKey] = command };
        foreach (var (key, value) in options) map[key] = value;
        new SerializerBuilder().WithQuotingNecessaryStrings().WithNewLine("\n").Build().Serialize(writer, map);
    }

    private static List<(string Key, IReadOnlyList<string> Values)> Read(string path) => YamlFile.Read(path, "YAML of the form "
        + "'option: value'", null, reader =>
    {
        var yaml = new YamlStream();
        yaml.Load(reader);
        if (yaml.Documents is not [{ RootNode: YamlMappingNode root }])
            throw PursuitException.At(path, "not a mapping", "YAML of the form 'option: value'");
        return root.Children.Select(c => (Scalar(path, c.Key), Values(path, c.Value))).ToList();
    });

    private static IReadOnlyList<string> Values(string path, YamlNode node) =>
        node is YamlSequenceNode list ? [.. list.Children.Select(c => Scalar(path, c))] : [Scalar(path, node)];

    private static string Scalar(string path, YamlNode node) =>
        (node as YamlScalarNode)?.Value ?? throw PursuitException.At(
            $"{path}, line {node.Start.Line}", "a nested value", "a scalar or a list of scalars");
}
