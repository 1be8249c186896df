using System.Collections.Concurrent;
using System.CommandLine;
using Pursuit.Cli.Datasets;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Cuda;
using Pursuit.Data;
using Pursuit.Engine.Kernels;
using Pursuit.Mpi;
using Pursuit.Selection.Methods;
using Pursuit.Storage;

namespace Pursuit.Cli.Commands;

/// <summary>Options that several commands share, so that they read the same everywhere.</summary>
internal static class CommonOptions
{
    private const string Quarantine = "quarantine";
    private const string Chosen = "chosen";
    private const string AutoDevice = "auto";
    private const string DeviceNames = "auto, cpu, cuda, cuda:N, cuda-bf16 or cuda-bf16:N";

    /// <summary>A card that can be used, or else the processor, which is said once.</summary>
    private static readonly Lazy<Device> AnyDevice = new(static () =>
    {
        try
        {
            return Told(CudaDevices.Find("cuda"));
        }
        catch (PursuitException e)
        {
            Terminal.Line($"Note      the model computes on the processor: {e.Message}");
            return Engine.Kernels.Device.Cpu;
        }
    });

    private static readonly ConcurrentDictionary<string, bool> Noted = new(StringComparer.Ordinal);

    /// <summary>The names of all selection methods.</summary>
    public static IReadOnlyList<string> MethodNames { get; } = [.. MethodRegistry.Methods.Select(m => m.Name)];

    /// <summary>An option that takes several values, none where it isn't given.</summary>
    public static ListedOption<string[]> Many(string name, OptionGroup group, string value, string description) =>
        new(name, group, value, description) { DefaultValueFactory = _ => [] };

    /// <summary>Which split of data sets is read.</summary>
    public static ListedOption<string?> Split() => new(
        RecordPaths.SplitOption, OptionGroup.Input, "NAME", "The split to read of data sets: folders as the hub has them, or names "
            + $"in its local cache. CONFIG/NAME where it has several configurations, '{DatasetFolder.AllSplits}' for all splits.")
    {
        Default = "the only one",
    };

    /// <summary>The candidates, or what else a command reads as its pool.</summary>
    public static ListedOption<string[]> Pool(string what = "candidates") =>
        new("--pool", OptionGroup.Input, "FILES", $"The {what}, as {RecordFiles}.")
        {
            Required = true,
            CustomParser = RecordPaths.Parse,
        };

    /// <summary>What records may be, for descriptions.</summary>
    public const string RecordFiles = "JSONL, JSON arrays, Parquet, Arrow, CSV or TSV. Files, directories or globs, plain, compressed, "
        + "or within .zip and .tar files, or ORG/NAME in the local hub cache";

    public static ListedOption<bool> Json() =>
        new("--json", OptionGroup.Output, "Print the result as one line of JSON on standard output.");

    public static ListedOption<string?> Config() => new(
        "--config", OptionGroup.Run, "FILE", "A YAML file with any of these options, one 'option: value' a line. Options on the "
            + "command line take precedence.");

    /// <summary>A run directory that lies beside the output where it isn't named.</summary>
    public static ListedOption<string?> RunBesideOut() => new(
        "--run", OptionGroup.Run, "DIR", "The run directory, which caches finished stages. The same command continues or reuses it.")
    {
        Default = "--out with the ending .run",
    };

    public static ListedOption<ulong> Seed(string description = "The seed of every random draw.") =>
        new("--seed", OptionGroup.Run, "NUMBER", description) { DefaultValueFactory = _ => 0 };

    public static ListedOption<string?> Shape() => new(
        "--shape", OptionGroup.Input, "NAME", "The layout of the records, instead of detecting it: "
            + $"{string.Join(", ", RecordShapeNames.All)}.")
    { Words = [.. RecordShapeNames.All] };

    public static ListedOption<bool> Strict() =>
        new("--strict", OptionGroup.Input, "Stop at the first invalid record instead of quarantining it.");

    /// <summary>What to make of preference rows, wherever pools are read.</summary>
    public static ListedOption<string?> Preference() => new(
        "--preference", OptionGroup.Input, $"{Quarantine}|{Chosen}", "How to read records with a chosen and a rejected answer: "
            + "quarantine them, or read the chosen answer as the example.")
    {
        Words = [Quarantine, Chosen],
        Default = Quarantine,
    };

    /// <summary>Reads the word of <see cref="Preference"/>.</summary>
    public static PreferenceReading PreferenceOf(string? word) => word switch
    {
        null or Quarantine => PreferenceReading.Quarantine,
        Chosen => PreferenceReading.Chosen,
        _ => throw PursuitException.At("--preference", $"'{word}'", $"{Quarantine} or {Chosen}"),
    };

    /// <summary>Reads the word of <see cref="Shape"/>.</summary>
    public static RecordShape? ShapeOf(string? word) => word is null ? null : RecordShapeNames.Parse(word);

    public static ListedOption<string?> Model() => Model(
        "--model",
        "The model: a directory, or ORG/NAME[@REVISION] in the local hub cache. The directory has Hugging Face's layout, or PEFT's "
            + "for adapters. Nothing is downloaded.",
        "the bundled model");

    /// <summary>An option that names a model; its value is a directory, looked up in the hub's cache where a name was given.</summary>
    public static ListedOption<string?> Model(string name, string description, string? otherwise = null) =>
        new(name, OptionGroup.Model, "MODEL", description)
        {
            CustomParser = result => ModelDirectory.Resolve(result.Tokens[0].Value),
            Default = otherwise,
            IsCommon = name == "--model",
            IsModel = true,
        };

    /// <summary>A sentence encoder, whose vectors stand for the examples.</summary>
    public static ListedOption<string?> Encoder(string use) => new(
        "--encoder", OptionGroup.Features, "DIR", $"A sentence encoder{use}: a directory with model.onnx or model.safetensors, a "
            + "tokenizer and config.json, or ORG/NAME[@REVISION] in the local hub cache (docs/encoders.md).")
    {
        CustomParser = result => ModelDirectory.Resolve(result.Tokens[0].Value),
    };

    /// <summary>Words given apart or with commas between them.</summary>
    public static string[] Words(string[] given) =>
        [.. given.SelectMany(g => g.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    public static ListedOption<string[]> TemplateSet() => Many(
        "--template-set", OptionGroup.Model, "NAME=VALUE", "A variable for the model's chat template, such as enable_thinking=false. "
            + "A value that isn't JSON is a text.");

    public static ListedOption<int> MaxLength() =>
        new("--max-length", OptionGroup.Model, "TOKENS", "Truncate examples to this many tokens, as your trainer will.")
        {
            DefaultValueFactory = _ => 2048,
        };

    public static ListedOption<int> Threads() =>
        new("--threads", OptionGroup.Run, "COUNT", "Threads of each process. Results don't depend on it.")
        {
            DefaultValueFactory = _ => LaunchedCores.Own,
            Default = "all cores",
        };

    /// <summary>Where a model computes, for every command that runs one.</summary>
    public static Option<string?> Device() => new ListedOption<string?>(
        "--device",
        OptionGroup.Model,
        "NAME",
        $"The device on which the model computes: {DeviceNames}. cuda is the first NVIDIA card (a preview), cuda:N the one with number N "
            + "from 0; cuda-bf16 and cuda-bf16:N round both sides of every product to bf16; auto takes a card that can be used, or else "
            + "cpu.")
    {
        Default = Engine.Kernels.Device.All[0].Name,
    };

    /// <summary>The device that <see cref="Device()"/> named; the default where it isn't given.</summary>
    /// <exception cref="PursuitException">This machine has none of that name.</exception>
    public static Device DeviceOf(string? name) => name is null ? Engine.Kernels.Device.All[0] : Named(name);

    // Apart, so that nothing of a card's libraries is loaded where none is asked for.
    private static Device Named(string name) => name == AutoDevice ? AnyDevice.Value
        : CudaDevices.IsName(name) ? Told(CudaDevices.Find(name))
        : Engine.Kernels.Device.Find(name) ?? throw PursuitException.At("--device", $"'{name}'", DeviceNames);

    /// <summary>A card that says once what it does to make a model fit.</summary>
    private static Device Told(Device card) => card with
    {
        Notice = text =>
        {
            if (Noted.TryAdd(text, true)) Terminal.Line($"Note      {text}");
        },
    };

    /// <summary>The number <see cref="Threads"/> gave.</summary>
    public static int ThreadsOf(ParseResult parsed, Option<int> option)
    {
        var threads = parsed.GetValue(option);
        return threads is >= 1 and <= 256 ? threads : throw PursuitException.At("--threads", $"{threads}", "1 to 256");
    }
}
