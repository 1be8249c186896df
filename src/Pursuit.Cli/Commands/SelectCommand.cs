using System.CommandLine;
using System.Text.Json;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Data.Export;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Storage;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit select</c>: chooses from a pool and writes the chosen records.</summary>
internal sealed class SelectCommand
{
    private readonly Option<string[]> _pool = CommonOptions.Many("--pool", "Files, directories or globs with the candidates: JSONL or JSON arrays, plain or .gz.", required: true);
    private readonly Option<string[]> _target = CommonOptions.Many("--target", "Files with examples of what the model should become good at.");
    private readonly Option<string?> _features = new("--features") { Description = "Features of the pool, gradients or embeddings as the method reads: the run of 'pursuit features' or an earlier selection, a feature store, a .npy or .safetensors matrix or bergson's directory (docs/formats/features.md). Without it they are computed." };
    private readonly Option<string?> _targetFeatures = new("--target-features") { Description = "Features of the target, where the pool's were made elsewhere." };
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<int> _maxLength = CommonOptions.MaxLength();
    private readonly Option<string> _budget = new("--budget") { Description = "How much to choose: 500, 1%, 200k-tokens, 5%-tokens or 50k-supervised-tokens.", Required = true };
    private readonly Option<string> _method = new("--method") { Description = "How to choose; see 'pursuit methods'.", Required = true };
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<ulong> _seed = new("--seed") { Description = "Seed of every random draw.", DefaultValueFactory = _ => 0 };
    private readonly Option<string?> _sourceField = new("--source-field") { Description = "A top-level text field that names each record's source; without it the file does." };
    private readonly Option<string[]> _quota = CommonOptions.Many("--quota", "Least and most of a source, as NAME=MIN..MAX in the budget's unit or as shares of it; * stands for every other source.");
    private readonly Option<string?> _match = new("--match") { Description = "A .selection.jsonl whose lengths 'length-matched-random' imitates." };
    private readonly Option<string> _out = new("--out") { Description = "The file that gets the chosen records, exactly as they stood in the input, best first.", DefaultValueFactory = _ => "selected.jsonl" };
    private readonly Option<string[]> _format = CommonOptions.Many("--format", "Also write what a trainer reads: trl, axolotl or llamafactory.");
    private readonly Option<int> _repeats = new("--repeats") { Description = "Copies per chosen record on average, shared out by weight, for trainers that know no weights.", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> _run = new("--run") { Description = "The run's directory; without it, beside --out with the ending .run." };
    private readonly Option<bool> _noReport = new("--no-report") { Description = "Leave out the report (report.html and report.json in the run's directory)." };
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _config = new("--config") { Description = "YAML with any of these options; what the command line gives wins." };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var select = new SelectCommand();
        var command = select.Parser();
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Processes.Run(group => select.Run(parsed, group, cancellationToken))));
        return command;
    }

    /// <summary>The options of a run of this command, read again.</summary>
    /// <param name="run">The run's directory.</param>
    /// <exception cref="PursuitException">They can't be read, or are another command's.</exception>
    public static SelectJobOptions OptionsOf(RunDirectory run)
    {
        var select = new SelectCommand();
        var parsed = ReplayFile.Parse(run, select.Parser());
        return select.ReadOptions(parsed) with { Command = select.Replay(parsed, run.FullPath).Command() };
    }

    private Command Parser()
    {
        var command = new Command("select", "Chooses from a pool within a budget, and writes the chosen records.");
        foreach (var option in Options()) command.Add(option);
        return command;
    }

    private ReplayFile Replay(ParseResult parsed, string run) => new(parsed, Options(), [_pool, _target, _features, _targetFeatures, _model, _match, _out], run);

    private IEnumerable<Option> Options() =>
    [
        _pool, _target, _features, _targetFeatures, _budget, _method, _set, _out, _model, _maxLength, _seed, _shape, _strict, _sourceField, _quota, _match, _format, _repeats, _run, _noReport, _threads, _config, _json,
    ];

    private int Run(ParseResult parsed, IProcessGroup group, CancellationToken cancellationToken)
    {
        var options = ReadOptions(parsed);
        if (group.Rank > 0) return Assist(options, group, cancellationToken);
        var replay = Replay(parsed, options.RunPath);
        if (!parsed.GetValue(_noReport)) options = options with { Command = replay.Command() };
        using var progress = new ProgressPrinter();
        _ = new SelectJob(options, progress); // refuses contradictions before a directory is made
        using var run = RunDirectory.Open(options.RunPath);
        var job = new SelectJob(options, progress) { OnAudit = AuditPrinter.Print, Features = FeatureCommandOptions.Source(options, run, group, progress), Group = group };
        replay.WriteUnlessThere();
        var summary = job.Run(run, cancellationToken);
        replay.Write();
        progress.Dispose();

        AtomicFile.Write(run.PathOf(SelectSummary.FileName), s => JsonSerializer.Serialize(s, summary, RunJson.Indented));
        SummaryPrinter.Print(summary);
        if (parsed.GetValue(_json)) System.Console.Out.WriteLine(JsonSerializer.Serialize(summary, RunJson.Compact));
        return CommandLine.Done;
    }

    /// <summary>Another rank's part: it reads what it is given, makes its shards and says nothing.</summary>
    private static int Assist(SelectJobOptions options, IProcessGroup group, CancellationToken cancellationToken)
    {
        using var run = RunDirectory.Join(options.RunPath);
        new SelectJob(options, null) { Features = FeatureCommandOptions.Source(options, run, group, null), Group = group }.Assist(run, cancellationToken);
        return CommandLine.Done;
    }

    /// <summary>The run that --features names, where it names one.</summary>
    private string? SharedRun(ParseResult parsed) => parsed.GetValue(_features) is { } path && FeatureSources.IsRun(path) ? path : null;

    private SelectJobOptions ReadOptions(ParseResult parsed)
    {
        var threads = CommonOptions.ThreadsOf(parsed, _threads);
        return new SelectJobOptions
        {
            Pool = new PoolOptions
            {
                Paths = parsed.GetValue(_pool)!,
                Shape = CommonOptions.ShapeOf(parsed.GetValue(_shape)),
                Strict = parsed.GetValue(_strict),
                Threads = threads,
            },
            Targets = parsed.GetValue(_target)!,
            Features = SharedRun(parsed) is null ? parsed.GetValue(_features) : null,
            ComputesFeatures = parsed.GetValue(_features) is null || SharedRun(parsed) is not null,
            TargetFeatures = parsed.GetValue(_targetFeatures),
            FeaturesRun = SharedRun(parsed),
            ModelDirectory = parsed.GetValue(_model) ?? (SharedRun(parsed) is { } shared ? FeatureSources.ModelOf(shared) : BundledModel.OrNull(null)),
            Budget = Budget.Parse(parsed.GetValue(_budget)!),
            Method = parsed.GetValue(_method)!,
            Settings = parsed.GetValue(_set)!,
            Out = parsed.GetValue(_out)!,
            RunDirectory = parsed.GetValue(_run),
            Seed = parsed.GetValue(_seed),
            MaxLength = parsed.GetValue(_maxLength),
            SourceField = parsed.GetValue(_sourceField),
            Quotas = [.. parsed.GetValue(_quota)!.Select(SourceQuota.Parse)],
            Formats = [.. parsed.GetValue(_format)!.Select(ParseFormat).Distinct()],
            Repeats = parsed.GetValue(_repeats),
            Match = parsed.GetValue(_match),
        };
    }

    private static TrainerFormat ParseFormat(string word)
    {
        var words = Enum.GetValues<TrainerFormat>().ToDictionary(TrainerWriter.Word);
        return words.TryGetValue(word, out var format)
            ? format
            : throw PursuitException.At("--format", $"'{word}'", $"one of: {string.Join(", ", words.Keys)}", Suggestion.For(word, words.Keys));
    }
}
