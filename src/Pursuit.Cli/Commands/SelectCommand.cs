using System.CommandLine;
using Pursuit.Cli.Datasets;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Distribution;
using Pursuit.Engine.Features;
using Pursuit.Engine.Proof;
using Pursuit.Jobs;
using Pursuit.Jobs.Export;
using Pursuit.Reports;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.AskLlm;
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

    private static readonly Dictionary<string, TrainerFormat> FormatWords = Enum.GetValues<TrainerFormat>().ToDictionary(TrainerFiles.Word);

    private readonly bool _prunes;
    private readonly Option<string[]> _pool = CommonOptions.Pool();
    private readonly Option<string[]> _target = new ListedOption<string[]>(
        "--target", OptionGroup.Input, "FILES", "Examples of what the model should become good at.")
    {
        CustomParser = RecordPaths.Parse,
        DefaultValueFactory = _ => [],
        IsCommon = true,
    };
    private readonly Option<bool> _excludeTarget = new ListedOption<bool>(
        "--exclude-target", OptionGroup.Input, "Exclude the target's own examples from the pool.");
    private readonly Option<string?> _features = new ListedOption<string?>(
        "--features", OptionGroup.Features, "PATH", "Existing features of the pool, instead of computing them. They are gradients or "
            + "embeddings, as the method needs: a run of 'pursuit features' or of an earlier selection, a feature store, a .npy or "
            + ".safetensors matrix, or bergson's directory (docs/formats/features.md).")
    {
        Default = "computed in this run",
        IsCommon = true,
    };
    private readonly Option<string?> _on = new ListedOption<string?>(
        "--on", OptionGroup.Selection, "gradients|embeddings|encoder|PATH", "What stands for the examples in a method that compares "
            + "vectors; a path is that of features, as of --features.")
    {
        Default = "what the method was made for, or the vectors of --encoder",
    };
    private readonly Option<string?> _encoder = CommonOptions.Encoder(", by whose vectors a method over embeddings compares");
    private readonly Option<string?> _targetFeatures = new ListedOption<string?>(
        "--target-features", OptionGroup.Features, "PATH", "Features of the target, if the pool's were computed elsewhere.");
    private readonly Option<string?> _split = CommonOptions.Split();
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly RecordOptions _records = new();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<Duplicates> _dedup = DedupCommandOptions.Dedup();
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _referenceModel = StatisticsCommandOptions.ReferenceModel();
    private readonly Option<int> _maxLength;
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<string> _budget;
    private readonly Option<string> _method;
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<string?> _sourceField = new ListedOption<string?>(
        "--source-field", OptionGroup.Input, "FIELD", "A top-level text field that names each record's source.")
    {
        Default = "the file is the source",
    };
    private readonly Option<string[]> _quota = CommonOptions.Many(
        "--quota", OptionGroup.Selection, "NAME=MIN..MAX", "Minimum and maximum of a source, in the budget's unit or as shares of it; "
            + "* stands for every other source.");
    private readonly Option<string?> _match = new ListedOption<string?>(
        "--match", OptionGroup.Selection, "FILE", "A .selection.jsonl or .selection.parquet whose answer lengths "
            + "'length-matched-random' imitates.");
    private readonly Option<string> _out;
    private readonly Option<string?> _indices = new ListedOption<string?>(
        "--indices", OptionGroup.Output, "FILE", "Also write the selected rows' numbers, best first, from 0. A .npy file is a NumPy array "
            + "of rows over all files in their order, a .parquet file has file, row, row group, rank and weight, a .txt file has a row a "
            + "line, of several files with FILE and a tab before it.");
    private readonly Option<string[]> _with = CommonOptions.Many(
        "--with", OptionGroup.Output, "FIELDS", $"Add fields to the records: {string.Join(", ", AddedField.Facts)}. FIELD=NAME gives one "
            + "another name, as in weight=sample_weight.");
    private readonly Option<string[]> _format = new ListedOption<string[]>(
        "--format", OptionGroup.Output, "TRAINERS", $"Also write the files of a trainer: {string.Join(", ", FormatWords.Keys)}.")
    {
        DefaultValueFactory = _ => [],
        IsCommon = true,
        Words = [.. FormatWords.Keys],
    };
    private readonly Option<int> _repeats = new ListedOption<int>(
        "--repeats", OptionGroup.Output, "COUNT", "Copies per selected record on average, allotted by weight, for trainers that "
            + "ignore weights.")
    { DefaultValueFactory = _ => 1 };
    private readonly Option<string?> _run = CommonOptions.RunBesideOut();
    private readonly Option<bool> _noReport = new ListedOption<bool>(
        "--no-report", OptionGroup.Output, "Skip the report (report.html and report.json in the run directory).");
    private readonly Option<string?> _memory = new ListedOption<string?>(
        "--memory", OptionGroup.Run, "SIZE", "A limit on the process's own memory, such as 2GiB, for gtp and omp. What can't fit is "
            + "refused before the work; selected rows that don't fit "
        + "are read again. Results don't depend on it.");
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<string?> _config = CommonOptions.Config();
    private readonly Option<bool> _json = CommonOptions.Json();

    private SelectCommand(bool prunes)
    {
        _prunes = prunes;
        _budget = new ListedOption<string>(
            prunes ? "--keep" : "--budget", OptionGroup.Selection, "AMOUNT",
            $"How much to {(prunes ? "keep, such as 70%, 5000" : "select, such as 500, 1%")} or 200k-tokens. "
            + "Units are examples, tokens and supervised-tokens, counted or in percent: 50k-supervised-tokens, 5%-tokens.")
        {
            Required = true,
        };
        if (prunes) _budget.Aliases.Add("--budget"); // as select calls it
        _method = new ListedOption<string>("--method", OptionGroup.Selection, "NAME", prunes
            ? "The selection method. 'pursuit methods' lists them."
            : "The selection method. 'pursuit methods' lists them; 'auto' tries several by short trainings on halves of the target.")
        {
            Required = !prunes,
            IsCommon = true,
            Words = prunes ? CommonOptions.MethodNames : [.. CommonOptions.MethodNames, AutoOptions.Name],
        };
        if (prunes) _method.DefaultValueFactory = _ => InformationSelector.Name;
        _maxLength = CommonOptions.MaxLength();
        if (prunes) _maxLength.DefaultValueFactory = _ => WholeDocuments;
        _out = new ListedOption<string>("--out", OptionGroup.Output, "FILE", "The file that gets the "
            + $"{(prunes ? "kept" : "selected")} records. They come best first: lines byte for byte as in the input; in a .parquet file, "
            + "rows with the columns of the pool's tables, or with columns inferred from its lines.")
        {
            DefaultValueFactory = _ => prunes ? "kept.jsonl" : "selected.jsonl",
            IsCommon = true,
        };
    }

    public static Command Create() => Create(new SelectCommand(prunes: false));

    /// <summary>The command that keeps a share of a pool.</summary>
    public static Command CreatePrune() => Create(new SelectCommand(prunes: true));

    private static ToolCommand Create(SelectCommand select)
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
        var options = select.ReadOptions(parsed);
        if (options.Method == AutoOptions.Name) options = AutoJob.Kept(run, options);
        return (options, select.Replay(parsed, run.FullPath).Command());
    }

    private ToolCommand Parser()
    {
        var command = _prunes
            ? new ToolCommand(PruneName, "Keeps a share of a pool, without a target, and writes the kept records.")
            {
                Example = "prune --pool texts.jsonl.gz --keep 70% --method information --out kept.jsonl",
            }
            : new ToolCommand(SelectName, "Selects examples from a pool within a budget, and writes the selected records.")
            {
                Example = "select --pool pool.jsonl --target dev.jsonl --budget 5% --method gtp",
            };
        foreach (var option in Options()) command.Add(option);
        return command;
    }

    private ReplayFile Replay(ParseResult parsed, string run) =>
        new(parsed, Options(), [_pool, _target, _features, _targetFeatures, _model, _encoder, _referenceModel, _match, _out, _indices], run)
        {
            Spelling = (option, word) => option == _quota && parsed.GetValue(_sourceField) is null ? SourceQuota.WithFullPath(word)
                : option == _set ? JudgePrompt.WithFullPath(word)
                : option == _on && Representation.Parse(word).Path is { } path ? Path.GetFullPath(path)
                : word,
        };

    private IEnumerable<Option> Options() =>
    [
        _pool, .. _prunes ? Array.Empty<Option>() : [_target, _excludeTarget, _targetFeatures, _match], _features, _budget, _method, _on,
        _encoder, _set, _out, _with, _indices, _model, _referenceModel, _maxLength, _templateSet, _seed, _split, _shape, .. _records.All,
        _preference, _strict, _dedup, _sourceField, _quota, _format, _repeats, _run, _noReport, _memory, _threads, _device, _config, _json,
    ];

    private JobFiles Files(ParseResult parsed)
    {
        var options = ReadOptions(parsed);
        if (options.Method == AutoOptions.Name) _ = Auto(options, null);
        else options.Validate();
        return options.Files();
    }

    private int Run(ParseResult parsed, IProcessGroup group, CancellationToken cancellationToken)
    {
        var options = ReadOptions(parsed);
        if (options.Memory is { } memory) ProcessMemory.Bound(memory);
        var isAuto = options.Method == AutoOptions.Name;
        if (isAuto && group.Count > 1)
            throw PursuitException.At(_method.Name, $"'auto' in {group.Count} processes", "one process", "Or name a method.");
        if (group.Rank > 0) return Assist(options, group, cancellationToken);
        var replay = Replay(parsed, options.RunPath);
        using var progress = new ProgressPrinter();
        // Contradictions are refused before a directory is made.
        var auto = isAuto ? Auto(options, progress) : null;
        if (auto is null) _ = new SelectJob(options, progress);
        using var run = RunDirectory.Open(options.RunPath);
        run.OnDamage = Terminal.Damage;
        if (auto is not null)
        {
            replay.WriteUnlessThere();
            options = auto.Chosen(auto.Choose(run, cancellationToken));
        }

        var job = new SelectJob(options, progress)
        {
            OnAudit = AuditPrinter.Print,
            OnNote = Note,
            OnSelected = parsed.GetValue(_noReport) ? null : SelectReportFiles.Writer(replay.Command(), progress, cancellationToken),
            Features = FeatureCommandOptions.Source(options, run, group, progress),
            Statistics = StatisticsCommandOptions.Source(options, run, progress),
            Group = group,
            RowDevice = CommonOptions.DeviceOf(options.Device).RowDevice,
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

    private static AutoJob Auto(SelectJobOptions options, IProgress<WorkProgress>? progress) =>
        new(options, FeatureCommandOptions.Encoders, CommonOptions.DeviceOf(options.Device), progress) { OnWarning = Note };

    private static void Note(string note) => Terminal.Line($"Note      {note}");

    /// <summary>Another rank's part: it reads what it is given, makes its shards and says nothing.</summary>
    private static int Assist(SelectJobOptions options, IProcessGroup group, CancellationToken cancellationToken)
    {
        using var run = RunDirectory.Join(options.RunPath);
        var job = new SelectJob(options, null) { Features = FeatureCommandOptions.Source(options, run, group, null), Group = group };
        job.Assist(run, cancellationToken);
        return CommandLine.Done;
    }

    /// <summary>The run that --features names, where it names one.</summary>
    private string? SharedRun(ParseResult parsed) => FeaturesPath(parsed) is { } path && FeatureSources.IsRun(path) ? path : null;

    /// <summary>Where the pool's features are; null where they are to be computed.</summary>
    private string? FeaturesPath(ParseResult parsed)
    {
        var (features, on) = (parsed.GetValue(_features), On(parsed)?.Path);
        return features is null || on is null
            ? features ?? on
            : throw PursuitException.At(
                "--on", $"'{on}' beside --features '{features}'", "one of them", "--on gradients says what --features holds.");
    }

    private Representation? On(ParseResult parsed) =>
        parsed.GetValue(_on) is { } text ? Representation.Parse(text)
        : parsed.GetValue(_encoder) is not null ? Representation.Encoder
        : null;

    private SelectJobOptions ReadOptions(ParseResult parsed)
    {
        var threads = CommonOptions.ThreadsOf(parsed, _threads);
        if (On(parsed)?.Kind == FeatureKind.Encoder && parsed.GetValue(_encoder) is null && FeaturesPath(parsed) is null)
            throw PursuitException.At(_encoder.Name, "missing", "the encoder that --on encoder compares by");
        return new SelectJobOptions
        {
            Pool = _records.Of(parsed, new PoolOptions
            {
                Paths = parsed.GetValue(_pool)!,
                Shape = CommonOptions.ShapeOf(parsed.GetValue(_shape)),
                Preference = CommonOptions.PreferenceOf(parsed.GetValue(_preference)),
                Strict = parsed.GetValue(_strict),
                NearDuplicates = DedupCommandOptions.Of(parsed.GetValue(_dedup), parsed.GetValue(_set)!),
                Threads = threads,
            }),
            Targets = Given(parsed, _target) ?? [],
            ExcludesTarget = Given(parsed, _excludeTarget),
            Features = SharedRun(parsed) is null ? FeaturesPath(parsed) : null,
            ComputesFeatures = FeaturesPath(parsed) is null || SharedRun(parsed) is not null,
            TargetFeatures = Given(parsed, _targetFeatures),
            FeaturesRun = SharedRun(parsed),
            ModelDirectory = parsed.GetValue(_model)
                ?? (SharedRun(parsed) is { } shared ? FeatureSources.ModelOf(shared) : null)
                ?? BundledModel.OrNull(null),
            Encoder = parsed.GetValue(_encoder),
            TrainsProbes = StatisticsCommandOptions.TrainsProbes(
                parsed.GetValue(_method)!, parsed.GetValue(_set)!, parsed.GetValue(_model)),
            ReferenceModel = parsed.GetValue(_referenceModel),
            Budget = Budget.Parse(parsed.GetValue(_budget)!, parsed.GetResult(_budget)?.IdentifierToken?.Value ?? _budget.Name),
            Method = parsed.GetValue(_method)!,
            On = On(parsed),
            Settings = parsed.GetValue(_set)!,
            Out = parsed.GetValue(_out)!,
            With = CommonOptions.Words(parsed.GetValue(_with)!),
            Indices = parsed.GetValue(_indices),
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
        return FormatWords.TryGetValue(word, out var format)
            ? format
            : throw PursuitException.At(
                "--format", $"'{word}'", $"one of: {string.Join(", ", FormatWords.Keys)}", Suggestion.For(word, FormatWords.Keys));
    }
}
