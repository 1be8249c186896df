using System.CommandLine;
using Pursuit.Cli.Datasets;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Proof;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Reports;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.AskLlm;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit prove</c>: trains on each method's choice, on random and on everything, and says what is shown.</summary>
internal sealed class ProveCommand
{
    private static readonly ProveOptions Usual =
        new() { Pool = new PoolOptions { Paths = [] }, Tests = [], Model = "", Budgets = [], Methods = [] };

    private readonly Option<string[]> _pool = CommonOptions.Pool();
    private readonly Option<string[]> _target = new ListedOption<string[]>(
        "--target", OptionGroup.Input, "FILES", "Examples of what the model should become good at, one file per target. The methods "
            + "see them.")
    {
        CustomParser = RecordPaths.ParseEach,
        DefaultValueFactory = _ => [],
        IsCommon = true,
    };
    private readonly Option<string[]> _test = new ListedOption<string[]>(
        "--test", OptionGroup.Input, "FILES", "Held-out tests, one file per target in the same order. Only the measurement sees them.")
    {
        CustomParser = RecordPaths.ParseEach,
        Required = true,
    };
    private readonly Option<string?> _features = new ListedOption<string?>(
        "--features", OptionGroup.Features, "PATH", "Features of the pool: a run of 'pursuit features', or features computed "
            + "elsewhere (docs/formats/features.md).")
    {
        Default = "computed once for all methods, budgets and seeds",
    };
    private readonly Option<string[]> _targetFeatures = CommonOptions.Many(
        "--target-features", OptionGroup.Features, "PATHS", "Features of the targets, in the same order, if the pool's were computed "
            + "elsewhere.");
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _encoder = CommonOptions.Encoder(" for methods with on=encoder, such as rds:on=encoder");
    private readonly Option<string[]> _budget = new ListedOption<string[]>(
        "--budget", OptionGroup.Selection, "AMOUNTS", "How much to select; one or several amounts, such as 500, 0.5%,1% or "
            + "200k-tokens.")
    { Required = true };
    private readonly Option<string[]> _methods = new ListedOption<string[]>(
        "--methods", OptionGroup.Selection, "NAMES", "The methods to compare, such as gtp,less, or variants of one: "
            + "gtp,gtp:fill=none. 'random' and 'full' are always included.")
    {
        Required = true,
        Words = [.. CommonOptions.MethodNames, AutoOptions.Name],
    };
    private readonly Option<Duplicates> _dedup = DedupCommandOptions.Dedup();
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<int> _seeds = TrainingOptions.Valued(
        "--seeds", OptionGroup.Training, "COUNT", "Repetitions of everything with other seeds.", Usual.Seeds);
    private readonly Option<int?> _epochSeeds = new ListedOption<int?>(
        "--epoch-seeds", OptionGroup.Training, "COUNT", "Number of seeds that also train one epoch over the whole pool; 0 for none.")
    {
        Default = "all",
    };
    private readonly Option<ulong> _seed = CommonOptions.Seed("The first seed; the others follow it.");
    private readonly Option<bool> _fromScratch = new ListedOption<bool>(
        "--from-scratch", OptionGroup.Training, "Train new models of --model's shape on packed texts, and measure nats per byte, "
            + "instead of fine-tuning --model on answers.");
    private readonly Option<ProofUse?> _use = WordOption.Optional<ProofUse>(
        "--use", OptionGroup.Training, "What of a selection counts in training.", "weights, or uniform from scratch");
    private readonly Option<int?> _epochs = new ListedOption<int?>(
        "--epochs", OptionGroup.Training, "COUNT", "Passes over the budget. Every method trains for the same number of steps.")
    {
        Default = "4, or 1 from scratch",
    };
    private readonly Option<int> _batch = TrainingOptions.Valued(
        "--batch", OptionGroup.Training, "EXAMPLES", "Examples of a step's batch; from scratch, windows of --max-length tokens.",
        Usual.BatchExamples);
    private readonly Option<double?> _learningRate = new ListedOption<double?>(
        "--lr", OptionGroup.Training, "RATE", "The peak learning rate.")
    { Default = "0.0003, or 0.002 from scratch" };
    private readonly Option<double> _warmup = TrainingOptions.Valued(
        "--warmup", OptionGroup.Training, "SHARE", "The share of the steps in which the learning rate rises to its peak.", Usual.Warmup);
    private readonly Option<int?> _maxLength = new ListedOption<int?>(
        "--max-length", OptionGroup.Model, "TOKENS", "Truncate examples to this many tokens.")
    {
        Default = "2048, or the model's "
            + "longest sequence if that is less"
    };
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<int> _generate = TrainingOptions.Valued(
        "--generate", OptionGroup.Evaluation, "COUNT", "Answers to generate and score per test; 0 for none.", Usual.Generate);
    private readonly Option<string?> _time = new ListedOption<string?>(
        "--time", OptionGroup.Run, "DURATION", "A time limit, such as 30m or 2h. Seeds that don't fit are omitted.");
    private readonly Option<string?> _split = CommonOptions.Split();
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly RecordOptions _records = new();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<bool> _strict = new ListedOption<bool>(
        "--strict", OptionGroup.Input, "Stop at invalid records, and at tests that are in the pool or the target, instead of "
            + "reporting them.");
    private readonly Option<int> _microBatch = TrainingOptions.MicroBatch(Usual.Workers.MicroBatchTokens);
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<string> _run = new ListedOption<string>(
        "--run", OptionGroup.Run, "DIR", "The run directory, which gets the report and caches finished stages.")
    {
        DefaultValueFactory = _ => "proof.run",
    };
    private readonly Option<string?> _config = CommonOptions.Config();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var prove = new ProveCommand();
        var command = prove.Parser();
        command.Action = new JobAction(
            prove.Files, parsed => parsed.GetValue(prove._run), (parsed, _, cancellationToken) => prove.Run(parsed, cancellationToken));
        return command;
    }

    /// <summary>The command that repeats a run of this one.</summary>
    /// <exception cref="PursuitException">The run's options can't be read.</exception>
    public static string CommandOf(RunDirectory run)
    {
        var prove = new ProveCommand();
        return prove.Replay(ReplayFile.Parse(run, prove.Parser()), run.FullPath).Command();
    }

    private ToolCommand Parser()
    {
        var command = new ToolCommand("prove", "Trains on each method's selection, on random ones and on the whole pool, and compares "
            + "the results.")
        {
            Example = "prove --pool pool.jsonl --target dev.jsonl --test test.jsonl --methods gtp,less --budget 1%",
        };
        foreach (var option in Options()) command.Add(option);
        return command;
    }

    private ReplayFile Replay(ParseResult parsed, string run) =>
        new(parsed, Options(), [_pool, _target, _test, _features, _targetFeatures, _model, _encoder], run)
        {
            Spelling = (option, word) => option == _set ? JudgePrompt.WithFullPath(word) : word,
        };

    private IEnumerable<Option> Options() =>
    [
        _pool, _target, _test, _methods, _budget, _model, _fromScratch, _seeds, _epochSeeds, _time, _use, _epochs, _batch,
        _learningRate, _warmup, _maxLength, _templateSet, _generate,
        _features, _targetFeatures, _encoder, _set, _seed, _split, _shape, .. _records.All, _preference, _strict, _dedup, _microBatch,
        _threads, _device, _run, _config, _json,
    ];

    private JobFiles Files(ParseResult parsed)
    {
        var options = ReadOptions(parsed);
        options.Validate();
        return options.Files().WritesRun(_run.Name, parsed.GetValue(_run)!);
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = ReadOptions(parsed);
        using var progress = new ProgressPrinter();
        var job = new ProveJob(options, progress) { OnWarning = warning => Terminal.Line($"Warning   {warning}") };
        using var run = RunDirectory.Open(parsed.GetValue(_run)!);
        run.OnDamage = Terminal.Damage;
        var replay = Replay(parsed, run.FullPath);
        replay.WriteUnlessThere();
        var report = job.Run(run, cancellationToken);
        replay.Write();
        progress.Dispose();

        ProofPrinter.Print(report, ProofReportFiles.Write(run.FullPath, report, replay.Command()));
        if (parsed.GetValue(_json)) Terminal.Json(report);
        return CommandLine.Done;
    }

    private ProveOptions ReadOptions(ParseResult parsed)
    {
        var threads = CommonOptions.ThreadsOf(parsed, _threads);
        var features = parsed.GetValue(_features);
        var fromScratch = parsed.GetValue(_fromScratch);
        return new ProveOptions
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
            Targets = parsed.GetValue(_target)!,
            Tests = parsed.GetValue(_test)!,
            Model = BundledModel.OrGiven(parsed.GetValue(_model)),
            Budgets = [.. CommonOptions.Words(parsed.GetValue(_budget)!).Select(Budget.Parse)],
            Methods = [.. CommonOptions.Words(parsed.GetValue(_methods)!).Select(ProofMethod.Parse)],
            Settings = parsed.GetValue(_set)!,
            Features = features is not null && !FeatureSources.IsRun(features) ? features : null,
            FeaturesRun = features is not null && FeatureSources.IsRun(features) ? features : null,
            FeatureOptions = FeatureCommandOptions.Options<GradientFeatureOptions>(parsed.GetValue(_set)!),
            EmbeddingOptions = FeatureCommandOptions.Options<EmbeddingOptions>(parsed.GetValue(_set)!),
            Encoder = parsed.GetValue(_encoder),
            Encoders = FeatureCommandOptions.Encoders,
            EncoderOptions = FeatureCommandOptions.Options<EncoderOptions>(parsed.GetValue(_set)!),
            TargetFeatures = parsed.GetValue(_targetFeatures)!,
            Seeds = parsed.GetValue(_seeds),
            EpochSeeds = parsed.GetValue(_epochSeeds),
            FirstSeed = parsed.GetValue(_seed),
            FromScratch = fromScratch,
            Use = parsed.GetValue(_use) ?? (fromScratch ? ProofUse.Uniform : Usual.Use),
            Epochs = parsed.GetValue(_epochs) ?? (fromScratch ? 1 : Usual.Epochs),
            BatchExamples = parsed.GetValue(_batch),
            LearningRate = parsed.GetValue(_learningRate) ?? (fromScratch ? 0.002 : Usual.LearningRate),
            Warmup = parsed.GetValue(_warmup),
            MaxLength = parsed.GetValue(_maxLength),
            TemplateSettings = parsed.GetValue(_templateSet)!,
            Generate = parsed.GetValue(_generate),
            Time = TimeLimit.Of(_time.Name, parsed.GetValue(_time)),
            Strict = parsed.GetValue(_strict),
            Workers = new DecoderPoolOptions { Threads = threads, MicroBatchTokens = parsed.GetValue(_microBatch) },
            Device = CommonOptions.DeviceOf(parsed.GetValue(_device)),
        };
    }
}
