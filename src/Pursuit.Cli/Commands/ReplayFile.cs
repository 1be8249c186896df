using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Cli.Commands;

/// <summary>A run's <c>options.yaml</c>: the resolved options, paths made absolute, so that it replays the run from anywhere.</summary>
/// <param name="parsed">What the command line gave.</param>
/// <param name="options">The command's options.</param>
/// <param name="paths">Those whose values are paths.</param>
/// <param name="run">The run's directory, where the file goes.</param>
internal sealed class ReplayFile(ParseResult parsed, IEnumerable<Option> options, IReadOnlyCollection<Option> paths, string run)
{
    /// <summary>The file's name.</summary>
    public const string Name = RunDirectory.OptionsName;

    /// <summary>Before the SHA-256 of all lines above it: whoever looks back at a run must know that these are its options.</summary>
    private const string SealStart = "# sha256: ";

    /// <summary>Spells a word of an option that names a file but isn't a path, so that it says the same from anywhere.</summary>
    public Func<Option, string, string> Spelling { get; init; } = (_, word) => word;

    private readonly string _run = Path.GetFullPath(run);

    private string FullPath => Path.Combine(_run, Name);

    /// <summary>The command that made a run; null where its options aren't there, or don't say.</summary>
    /// <exception cref="PursuitException">They can't be read.</exception>
    public static string? CommandOf(RunDirectory run)
    {
        var path = run.PathOf(Name);
        if (!File.Exists(path)) return null;
        _ = Read(path);
        return OptionsFile.CommandIn(path);
    }

    /// <summary>Reads a run's options again.</summary>
    /// <param name="run">The run.</param>
    /// <param name="command">The command that made it, with its options.</param>
    /// <exception cref="PursuitException">They can't be read, aren't as they were written, or are another command's.</exception>
    public static ParseResult Parse(RunDirectory run, Command command)
    {
        var path = run.PathOf(Name);
        _ = Read(path);
        var root = new Command("pursuit") { command };
        var parsed = CommandLine.Parse(root, OptionsFile.Expand([command.Name, "--config", path], root));
        return parsed.Errors is [var error, ..]
            ? throw PursuitException.At(path, error.Message, $"the options of 'pursuit {command.Name}'", "Another version of Pursuit "
                + "may have made the run; run the command again.")
            : parsed;
    }

    /// <summary>Writes it before the work, so that a stopped first run can be replayed; a refused job leaves another's alone.</summary>
    public void WriteUnlessThere()
    {
        if (!File.Exists(FullPath)) Write();
    }

    /// <summary>Writes it: the directory's results are of these options.</summary>
    public void Write() => AtomicFile.Write(FullPath, stream =>
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        OptionsFile.Write(writer, parsed.CommandResult.Command.Name, [.. Values(), new("run", _run)]);
        var text = writer.ToString();
        stream.Write(Encoding.UTF8.GetBytes($"{text}{SealStart}{Sum(text)}\n"));
    });

    /// <summary>The command line that repeats the job from anywhere, for a POSIX shell; options at their defaults are left out.</summary>
    public string Command()
    {
        var words = new List<string> { "pursuit", parsed.CommandResult.Command.Name };
        foreach (var (name, value) in Values())
        {
            var option = options.First(o => o.Name[2..] == name);
            if (name == "threads" || Equals(value, option.HasDefaultValue ? option.GetDefaultValue() : null)) continue;
            words.Add(option.Name);
            if (value is not true)
                words.AddRange((value as IEnumerable<string> ?? [Convert.ToString(value, CultureInfo.InvariantCulture)!]).Select(Quoted));
        }

        words.Add("--run");
        words.Add(Quoted(_run));
        return string.Join(' ', words);
    }

    /// <summary>The file's text, which must be as it was written: a changed option would be taken for the run's.</summary>
    private static string Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(
                path,
                $"the file can't be read ({e.Message})",
                "the options that made the run",
                "Run the command again: finished stages are reused.",
                e);
        }

        var at = text.LastIndexOf(SealStart, StringComparison.Ordinal);
        return at >= 0 && text[at..] == $"{SealStart}{Sum(text[..at])}\n"
            ? text[..at]
            : throw PursuitException.At(path, "lines that don't match the SHA-256 in the last one", "the options that made the run, "
                + "as they were written", $"Run the command again, or 'pursuit COMMAND --config {path}' if you changed them: what is "
                + "finished is reused.");
    }

    private static string Sum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private IEnumerable<KeyValuePair<string, object>> Values()
    {
        foreach (var option in options)
        {
            if (option.Name is "--json" or "--config" or "--run") continue;
            if (parsed.GetResult(option) is not OptionResult result || result.GetValueOrDefault<object?>() is not { } value) continue;
            if (value is string[] { Length: 0 } or false) continue;
            yield return new(option.Name[2..], value switch
            {
                string path when paths.Contains(option) => Path.GetFullPath(path),
                string[] several when paths.Contains(option) => several.Select(Path.GetFullPath).ToArray(),
                string[] several => several.Select(word => Spelling(option, word)).ToArray(),
                _ => value,
            });
        }
    }

    /// <summary>A word that a shell takes as it stands, else in single quotes.</summary>
    private static string Quoted(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "%+,-./:=@_".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
