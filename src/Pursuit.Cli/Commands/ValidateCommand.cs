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
using Pursuit.Runs;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit validate</c>: how faithful methods' scores are to what training does.</summary>
internal sealed class ValidateCommand
{
    private static readonly ValidateOptions Usual =
        new() { Pool = new PoolOptions { Paths = [] }, Targets = [], Model = "", Methods = [] };

    private readonly Option<string[]> _pool = CommonOptions.Pool();
    private readonly Option<string[]> _target = new ListedOption<string[]>(
        "--target", OptionGroup.Input, "FILES", "Examples that scores are toward and losses are measured on, one file per target.")
    {
        CustomParser = RecordPaths.ParseEach,
        Required = true,
    };
    private readonly Option<string[]> _methods = new ListedOption<string[]>(
        "--methods", OptionGroup.Selection, "NAMES", "The methods to validate, or variants of one: "
            + "less,less:features.preconditioning=kronecker. Random scores are always included.")
    {
        DefaultValueFactory = _ => ["bm25,rds,less,tracin"],
        Words = ValidateOptions.Possible,
        IsCommon = true,
    };
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string?> _encoder = CommonOptions.Encoder(" for methods with on=encoder, such as rds:on=encoder");
    private readonly Option<string?> _features = new ListedOption<string?>(
        "--features", OptionGroup.Features, "DIR", "A run of 'pursuit features' with the pool's features.")
    {
        Default = "computed once for all methods",
    };
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<int> _examples = TrainingOptions.Valued(
        "--examples", OptionGroup.Training, "COUNT", "Random examples of the pool that trainings draw on.", Usual.Examples);
    private readonly Option<int> _subsets = TrainingOptions.Valued(
        "--subsets", OptionGroup.Training, "COUNT", "Random subsets of those, a training each.", Usual.Subsets);
    private readonly Option<double> _share = TrainingOptions.Valued(
        "--share", OptionGroup.Training, "SHARE", "The share of the examples in each subset.", Usual.Share);
    private readonly Option<double> _removed = TrainingOptions.Valued(
        "--removed", OptionGroup.Training, "SHARE", "The share of the examples that a method's first ones are, which a training does "
            + "without.", Usual.Removed);
    private readonly Option<int> _epochs = TrainingOptions.Valued(
        "--epochs", OptionGroup.Training, "COUNT", "Passes of each training over its examples.", Usual.Epochs);
    private readonly Option<int> _batch = TrainingOptions.Valued(
        "--batch", OptionGroup.Training, "EXAMPLES", "Examples of a step's batch.", Usual.BatchExamples);
    private readonly Option<double> _learningRate = TrainingOptions.Valued(
        "--lr", OptionGroup.Training, "RATE", "The peak learning rate.", Usual.LearningRate);
    private readonly Option<int?> _maxLength = new ListedOption<int?>(
        "--max-length", OptionGroup.Model, "TOKENS", "Truncate examples to this many tokens.")
    {
        Default = "2048, or the model's longest sequence if that is less",
    };
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<string?> _time = new ListedOption<string?>(
        "--time", OptionGroup.Run, "DURATION", "A time limit, such as 10m or 2h. Subsets that don't fit are omitted.");
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<string?> _split = CommonOptions.Split();
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly RecordOptions _records = new();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<Duplicates> _dedup = DedupCommandOptions.Dedup();
    private readonly Option<int> _microBatch = TrainingOptions.MicroBatch(Usual.Workers.MicroBatchTokens);
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<string> _run = new ListedOption<string>(
        "--run", OptionGroup.Run, "DIR", "The run directory, which gets the result and caches finished trainings.")
    {
        DefaultValueFactory = _ => "validation.run",
    };
    private readonly Option<string?> _config = CommonOptions.Config();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var validate = new ValidateCommand();
        var command = new ToolCommand("validate", "Trains on random subsets of the pool and measures how well each method's scores "
            + "predict the losses.")
        {
            Example = "validate --pool pool.jsonl --target dev.jsonl --methods bm25,less --time 10m",
        };
        foreach (var option in validate.Options()) command.Add(option);
        command.Action = new JobAction(
            validate.Files, parsed => parsed.GetValue(validate._run), (parsed, _, token) => validate.Run(parsed, token));
        return command;
    }

    private IEnumerable<Option> Options() =>
    [
        _pool, _target, _methods, _model, _time, _examples, _subsets, _share, _removed, _epochs, _batch, _learningRate, _maxLength,
        _templateSet, _features, _encoder, _set, _seed, _split, _shape, .. _records.All, _preference, _strict, _dedup, _microBatch,
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
        var job = new ValidateJob(options, progress) { OnWarning = warning => Terminal.Line($"Warning   {warning}") };
        using var run = RunDirectory.Open(parsed.GetValue(_run)!);
        run.OnDamage = Terminal.Damage;
        var replay = new ReplayFile(parsed, Options(), [_pool, _target, _features, _model, _encoder], run.FullPath);
        replay.WriteUnlessThere();
        var report = job.Run(run, cancellationToken);
        replay.Write();
        progress.Dispose();
        ValidationPrinter.Print(report, run.PathOf(ValidationReport.FileName));
        if (parsed.GetValue(_json)) Terminal.Json(report);
        return CommandLine.Done;
    }

    private ValidateOptions ReadOptions(ParseResult parsed)
    {
        var threads = CommonOptions.ThreadsOf(parsed, _threads);
        return new ValidateOptions
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
            Model = BundledModel.OrGiven(parsed.GetValue(_model)),
            Methods = [.. CommonOptions.Words(parsed.GetValue(_methods)!).Select(ProofMethod.Parse)],
            Settings = parsed.GetValue(_set)!,
            FeaturesRun = parsed.GetValue(_features),
            FeatureOptions = FeatureCommandOptions.Options<GradientFeatureOptions>(parsed.GetValue(_set)!),
            EmbeddingOptions = FeatureCommandOptions.Options<EmbeddingOptions>(parsed.GetValue(_set)!),
            Encoder = parsed.GetValue(_encoder),
            Encoders = FeatureCommandOptions.Encoders,
            EncoderOptions = FeatureCommandOptions.Options<EncoderOptions>(parsed.GetValue(_set)!),
            Examples = parsed.GetValue(_examples),
            Subsets = parsed.GetValue(_subsets),
            Share = parsed.GetValue(_share),
            Removed = parsed.GetValue(_removed),
            Epochs = parsed.GetValue(_epochs),
            BatchExamples = parsed.GetValue(_batch),
            LearningRate = parsed.GetValue(_learningRate),
            MaxLength = parsed.GetValue(_maxLength),
            TemplateSettings = parsed.GetValue(_templateSet)!,
            Time = TimeLimit.Of(_time.Name, parsed.GetValue(_time)),
            Seed = parsed.GetValue(_seed),
            Workers = new DecoderPoolOptions { Threads = threads, MicroBatchTokens = parsed.GetValue(_microBatch) },
            Device = CommonOptions.DeviceOf(parsed.GetValue(_device)),
        };
    }
}
