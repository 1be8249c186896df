using System.CommandLine;
using System.CommandLine.Parsing;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Cli.Commands;

/// <summary>A run's <c>options.yaml</c>: the resolved options, paths made absolute, so that it replays the run from anywhere.</summary>
/// <param name="parsed">What the command line gave.</param>
/// <param name="options">The command's options.</param>
/// <param name="paths">Those whose values are paths.</param>
/// <param name="run">Where the file goes.</param>
internal sealed class ReplayFile(ParseResult parsed, IEnumerable<Option> options, IReadOnlyCollection<Option> paths, RunDirectory run)
{
    private string FullPath => run.PathOf("options.yaml");

    /// <summary>Writes it before the work, so that a stopped first run can be replayed; a refused job leaves another's alone.</summary>
    public void WriteUnlessThere()
    {
        if (!File.Exists(FullPath)) Write();
    }

    /// <summary>Writes it: the directory's results are of these options.</summary>
    public void Write()
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
        AtomicFile.Write(FullPath, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            OptionsFile.Write(writer, parsed.CommandResult.Command.Name, values);
        });
    }
}
