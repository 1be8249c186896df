using System.CommandLine;
using Pursuit.Data;
using Pursuit.Engine.Kernels;
using Pursuit.Mpi;
using Pursuit.Storage;

namespace Pursuit.Cli.Commands;

/// <summary>Options that several commands share, so that they read the same everywhere.</summary>
internal static class CommonOptions
{
    /// <summary>An option that takes several values, none where it isn't given.</summary>
    public static Option<string[]> Many(string name, string description, bool required = false) =>
        required
            ? new(name) { Description = description, Required = true, AllowMultipleArgumentsPerToken = true }
            : new(name) { Description = description, AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };

    public static Option<bool> Json() => new("--json") { Description = "Print one JSON value on standard output." };

    public static Option<string?> Shape() => new("--shape")
    {
        Description = $"How records are laid out, where detection isn't wanted: {string.Join(", ", RecordShapeNames.All)}.",
    };

    public static Option<bool> Strict() => new("--strict") { Description = "Stop at the first bad record instead of putting it aside." };

    /// <summary>What to make of preference rows, wherever pools are read.</summary>
    public static Option<string?> Preference() => new("--preference")
    {
        Description = $"What to make of rows with chosen and rejected answers: {Quarantine} (the default), or {Chosen} to read the chosen answer as the example.",
    };

    private const string Quarantine = "quarantine";
    private const string Chosen = "chosen";

    /// <summary>Reads the word of <see cref="Preference"/>.</summary>
    public static PreferenceReading PreferenceOf(string? word) => word switch
    {
        null or Quarantine => PreferenceReading.Quarantine,
        Chosen => PreferenceReading.Chosen,
        _ => throw PursuitException.At("--preference", $"'{word}'", $"{Quarantine} or {Chosen}"),
    };

    /// <summary>Reads the word of <see cref="Shape"/>.</summary>
    public static RecordShape? ShapeOf(string? word) => word is null ? null : RecordShapeNames.Parse(word);

    public static Option<string?> Model() => Model("--model", "A model directory as Hugging Face lays it out, PEFT's adapters of one, or ORG/NAME[@REVISION] in the local hub cache. Default: the bundled model.");

    /// <summary>An option that names a model; its value is a directory, looked up in the hub's cache where a name was given.</summary>
    public static Option<string?> Model(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result => ModelDirectory.Resolve(result.Tokens[0].Value),
    };

    /// <summary>Words given apart or with commas between them.</summary>
    public static string[] Words(string[] given) => [.. given.SelectMany(g => g.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    public static Option<string[]> TemplateSet() =>
        Many("--template-set", "NAME=VALUE: a variable for the model's chat template, such as enable_thinking=false. Values are JSON, else texts.");

    public static Option<int> MaxLength() => new("--max-length")
    {
        Description = "Tokens an example is cut to, as your trainer will.",
        DefaultValueFactory = _ => 2048,
    };

    public static Option<int> Threads() => new("--threads")
    {
        Description = "Threads to work with, of each process; results don't depend on it.",
        DefaultValueFactory = _ => LaunchedCores.Own,
    };

    /// <summary>Where a model computes, for every command that runs one.</summary>
    public static Option<string?> Device() => new("--device") { Description = $"Where the model computes: {DeviceNames} (default {Engine.Kernels.Device.All[0].Name})." };

    /// <summary>The device that <see cref="Device()"/> named; the default where it isn't given.</summary>
    /// <exception cref="PursuitException">This machine has none of that name.</exception>
    public static Device DeviceOf(string? name) => name is null
        ? Engine.Kernels.Device.All[0]
        : Engine.Kernels.Device.Find(name) ?? throw PursuitException.At("--device", $"'{name}'", $"what this machine has: {DeviceNames}");

    private static string DeviceNames => string.Join(", ", Engine.Kernels.Device.All.Select(d => d.Name));

    /// <summary>The number <see cref="Threads"/> gave.</summary>
    public static int ThreadsOf(ParseResult parsed, Option<int> option)
    {
        var threads = parsed.GetValue(option);
        return threads is >= 1 and <= 256 ? threads : throw PursuitException.At("--threads", $"{threads}", "1 to 256");
    }
}
