using System.CommandLine;
using System.CommandLine.Parsing;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Cli.Commands;

/// <summary>A run's <c>options.yaml</c>: the resolved options, paths made absolute, so that it replays the run from anywhere.</summary>
internal static class ReplayFile
{
    public static void Write(ParseResult parsed, IEnumerable<Option> options, IReadOnlyCollection<Option> paths, RunDirectory run)
    {
        var values = new List<KeyValuePair<string, object>>();
        foreach (var option in options)
        {
            if (option.Name is "--json" or "--config" or "--run") continue;
            if (parsed.GetResult(option) is not OptionResult result || result.GetValueOrDefault<object?>() is not { } value) continue;
            if (value is string[] { Length: 0 } or false) continue;
            values.Add(new(option.Name[2..], value switch
            {
                string path when paths.Contains(option) => Path.GetFullPath(path),
                string[] several when paths.Contains(option) => several.Select(Path.GetFullPath).ToArray(),
                _ => value,
            }));
        }

        values.Add(new("run", run.FullPath));
        AtomicFile.Write(run.PathOf("options.yaml"), stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            OptionsFile.Write(writer, parsed.CommandResult.Command.Name, values);
        });
    }
}
