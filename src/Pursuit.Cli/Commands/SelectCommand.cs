using System.CommandLine;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Jobs;
using Pursuit.Jobs.Export;
using Pursuit.Reports;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Information;

namespace Pursuit.Cli.Commands;

/// <summary>
/// <c>pursuit select</c>: chooses from a pool and writes the chosen records. <c>pursuit prune</c> is the same without a target: it
/// keeps a share of the pool.
/// </summary>
internal sealed class SelectCommand
{
    private const string SelectName = "select";
    private const string PruneName = "prune";

    /// <summary>Long enough that no document of a corpus is cut before it is scored.</summary>
    private const int WholeDocuments = 1 << 20;

    private readonly bool _prunes;
    private readonly Option<string[]> _pool = CommonOptions.Many("--pool", "Files, directories or globs with the candidates: JSONL or JSON arrays, plain or .gz.", required: true);
    private readonly Option<string[]> _target = CommonOptions.Many("--target", "Files with examples of what the model should become good at.");
    private readonly Option<bool> _excludeTarget = new("--exclude-target") { Description = "Leave the target's own examples out of the pool, where they stand in it." };
    private readonly Option<string?> _features = new("--features") { Description = "Features of the pool, gradients or embeddings as the method reads: the run of 'pursuit features' or an earlier selection, a feature store, a .npy or .safetensors matrix or bergson's directory (docs/formats/features.md). Without it they are computed." };
    private readonly Option<string?> _targetFeatures = new("--target-features") { Description = "Features of the target, where the pool's were made elsewhere." };
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _referenceModel = StatisticsCommandOptions.ReferenceModel();
    private readonly Option<int> _maxLength;
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<string> _budget;
    private readonly Option<string> _method;
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<ulong> _seed = new("--seed") { Description = "Seed of every random draw.", DefaultValueFactory = _ => 0 };
    private readonly Option<string?> _sourceField = new("--source-field") { Description = "A top-level text field that names each record's source; without it the file does." };
    private readonly Option<string[]> _quota = CommonOptions.Many("--quota", "Least and most of a source, as NAME=MIN..MAX in the budget's unit or as shares of it; * stands for every other source.");
    private readonly Option<string?> _match = new("--match") { Description = "A .selection.jsonl whose lengths 'length-matched-random' imitates." };
    private readonly Option<string> _out;
    private readonly Option<string[]> _format = CommonOptions.Many("--format", "Also write what a trainer reads: trl, axolotl or llamafactory.");
    private readonly Option<int> _repeats = new("--repeats") { Description = "Copies per chosen record on average, shared out by weight, for trainers that know no weights.", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> _run = new("--run") { Description = "The run's directory; without it, beside --out with the ending .run." };
    private readonly Option<bool> _noReport = new("--no-report") { Description = "Leave out the report (report.html and report.json in the run's directory)." };
    private readonly Option<string?> _memory = new("--memory") { Description = "The process's own memory at most, such as 2GiB, for gtp and omp: what can't fit is refused beforehand, and chosen rows are read again where there is no room for them. Results don't depend on it." };
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<string?> _config = new("--config") { Description = "YAML with any of these options; what the command line gives wins." };
    private readonly Option<bool> _json = CommonOptions.Json();

    private SelectCommand(bool prunes)
    {
        _prunes = prunes;
        _budget = new(prunes ? "--keep" : "--budget") { Description = $"How much to {(prunes ? "keep: 70%, 5000" : "choose: 500, 1%")}, 200k-tokens, 5%-tokens or 50k-supervised-tokens.", Required = true };
        if (prunes) _budget.Aliases.Add("--budget"); // as select calls it
        _method = new("--method") { Description = "How to choose; see 'pursuit methods'.", Required = !prunes };
        if (prunes) _method.DefaultValueFactory = _ => InformationSelector.Name;
        _maxLength = CommonOptions.MaxLength();
        if (prunes) _maxLength.DefaultValueFactory = _ => WholeDocuments;
        _out = new("--out") { Description = "The file that gets the chosen records, exactly as they stood in the input, best first.", DefaultValueFactory = _ => prunes ? "kept.jsonl" : "selected.jsonl" };
    }

    public static Command Create() => Create(new SelectCommand(prunes: false));

    /// <summary>The command that keeps a share of a pool.</summary>
    public static Command CreatePrune() => Create(new SelectCommand(prunes: true));

    private static Command Create(SelectCommand select)
    {
        var command = select.Parser();
        command.Action = new JobAction(select.Files, parsed => select.ReadOptions(parsed).RunPath, select.Run);
        return command;
    }

    /// <summary>The options of a run of this command, read again, and the command that repeats it.</summary>
    /// <param name="run">The run's directory.</param>
    /// <exception cref="PursuitException">They can't be read, or are another command's.</exception>
    public static (SelectJobOptions Options, string Command) OptionsOf(RunDirectory run)
    {
        var select = new SelectCommand(prunes: ReplayFile.CommandOf(run) == PruneName);
        var parsed = ReplayFile.Parse(run, select.Parser());
        return (select.ReadOptions(parsed), select.Replay(parsed, run.FullPath).Command());
    }

    private Command Parser()
    {
        var command = _prunes
            ? new Command(PruneName, "Keeps a share of a pool, without a target, and writes the kept records.")
            : new Command(SelectName, "Chooses from a pool within a budget, and writes the chosen records.");
        foreach (var option in Options()) command.Add(option);
        return command;
    }

    private ReplayFile Replay(ParseResult parsed, string run) => new(parsed, Options(), [_pool, _target, _features, _targetFeatures, _model, _referenceModel, _match, _out], run)
    {
        Spelling = (option, word) => option == _quota && parsed.GetValue(_sourceField) is null ? SourceQuota.WithFullPath(word) : word,
    };

    private IEnumerable<Option> Options() =>
    [
        _pool, .. _prunes ? Array.Empty<Option>() : [_target, _excludeTarget, _targetFeatures, _match], _features, _budget, _method, _set, _out, _model, _referenceModel, _maxLength, _templateSet, _seed, _shape, _preference, _strict, _sourceField, _quota, _format, _repeats, _run, _noReport, _memory, _threads, _device, _config, _json,
    ];

    private JobFiles Files(ParseResult parsed)
    {
        var options = ReadOptions(parsed);
        options.Validate();
        return options.Files();
    }

    private int Run(ParseResult parsed, IProcessGroup group, CancellationToken cancellationToken)
    {
        var options = ReadOptions(parsed);
        if (options.Memory is { } memory) ProcessMemory.Bound(memory);
        if (group.Rank > 0) return Assist(options, group, cancellationToken);
        var replay = Replay(parsed, options.RunPath);
        using var progress = new ProgressPrinter();
        _ = new SelectJob(options, progress); // refuses contradictions before a directory is made
        using var run = RunDirectory.Open(options.RunPath);
        run.OnDamage = Terminal.Damage;
        var job = new SelectJob(options, progress)
        {
            OnAudit = AuditPrinter.Print,
            OnNote = Note,
            OnSelected = parsed.GetValue(_noReport) ? null : SelectReportFiles.Writer(replay.Command(), progress, cancellationToken),
            Features = FeatureCommandOptions.Source(options, run, group, progress),
            Statistics = StatisticsCommandOptions.Source(options, run, progress),
            Group = group,
        };
        replay.WriteUnlessThere();
        var summary = job.Run(run, cancellationToken);
        replay.Write();
        progress.Dispose();

        SealedJson.Write(run.PathOf(SelectSummary.FileName), summary);
        SummaryPrinter.Print(summary);
        if (parsed.GetValue(_json)) Terminal.Json(summary);
        return CommandLine.Done;
    }

    private static void Note(string note) => Terminal.Line($"Note      {note}");

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
                Preference = CommonOptions.PreferenceOf(parsed.GetValue(_preference)),
                Strict = parsed.GetValue(_strict),
                Threads = threads,
            },
            Targets = Given(parsed, _target) ?? [],
            ExcludesTarget = Given(parsed, _excludeTarget),
            Features = SharedRun(parsed) is null ? parsed.GetValue(_features) : null,
            ComputesFeatures = parsed.GetValue(_features) is null || SharedRun(parsed) is not null,
            TargetFeatures = Given(parsed, _targetFeatures),
            FeaturesRun = SharedRun(parsed),
            ModelDirectory = parsed.GetValue(_model) ?? (SharedRun(parsed) is { } shared ? FeatureSources.ModelOf(shared) : BundledModel.OrNull(null)),
            TrainsProbes = StatisticsCommandOptions.TrainsProbes(parsed.GetValue(_method)!, parsed.GetValue(_model)),
            ReferenceModel = parsed.GetValue(_referenceModel),
            Budget = Budget.Parse(parsed.GetValue(_budget)!, parsed.GetResult(_budget)?.IdentifierToken?.Value ?? _budget.Name),
            Method = parsed.GetValue(_method)!,
            Settings = parsed.GetValue(_set)!,
            Out = parsed.GetValue(_out)!,
            RunDirectory = parsed.GetValue(_run),
            Device = parsed.GetValue(_device),
            Seed = parsed.GetValue(_seed),
            MaxLength = parsed.GetValue(_maxLength),
            TemplateSettings = TemplateSettings(parsed),
            SourceField = parsed.GetValue(_sourceField),
            Quotas = [.. parsed.GetValue(_quota)!.Select(SourceQuota.Parse)],
            Formats = [.. parsed.GetValue(_format)!.Select(ParseFormat).Distinct()],
            Repeats = parsed.GetValue(_repeats),
            Match = Given(parsed, _match),
            Memory = parsed.GetValue(_memory) is { } memory ? ByteSize.Parse("--memory", memory) : null,
        };
    }

    /// <summary>What was given, else what the features of the named run were made with.</summary>
    private IReadOnlyList<string> TemplateSettings(ParseResult parsed)
    {
        var given = parsed.GetValue(_templateSet)!;
        return given.Length == 0 && SharedRun(parsed) is { } made ? FeatureSources.TemplateSettingsOf(made) : given;
    }

    /// <summary>An option's value; its default's absence where this command hasn't the option.</summary>
    private T? Given<T>(ParseResult parsed, Option<T> option) => Options().Contains(option) ? parsed.GetValue(option) : default;

    private static TrainerFormat ParseFormat(string word)
    {
        var words = Enum.GetValues<TrainerFormat>().ToDictionary(TrainerFiles.Word);
        return words.TryGetValue(word, out var format)
            ? format
            : throw PursuitException.At("--format", $"'{word}'", $"one of: {string.Join(", ", words.Keys)}", Suggestion.For(word, words.Keys));
    }
}
