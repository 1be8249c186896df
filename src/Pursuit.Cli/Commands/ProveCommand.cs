using System.CommandLine;
using System.Globalization;
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

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit prove</c>: trains on each method's choice, on random and on everything, and says what is shown.</summary>
internal sealed class ProveCommand
{
    private static readonly ProveOptions Usual = new() { Pool = new PoolOptions { Paths = [] }, Tests = [], Model = "", Budgets = [], Methods = [] };

    private readonly Option<string[]> _pool = CommonOptions.Many("--pool", "Files, directories or globs with the candidates: JSONL or JSON arrays, plain or .gz.", required: true);
    private readonly Option<string[]> _target = CommonOptions.Many("--target", "One file per target with examples of what the model should become good at, which methods see.");
    private readonly Option<string[]> _test = CommonOptions.Many("--test", "One file per target, in the same order, that nothing but the measurement sees.", required: true);
    private readonly Option<string?> _features = new("--features") { Description = "Features of the pool: the run of 'pursuit features', or made elsewhere (docs/formats/features.md). Without it they are computed, once for all methods, budgets and seeds." };
    private readonly Option<string[]> _targetFeatures = CommonOptions.Many("--target-features", "Features per target, in the same order, where the pool's were made elsewhere.");
    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string[]> _budget = CommonOptions.Many("--budget", "How much to choose, one or several: 0.5%,1% or 500 or 200k-tokens.", required: true);
    private readonly Option<string[]> _methods = CommonOptions.Many("--methods", "What to compare: gtp,less or, in several ways, gtp,gtp:fill=none. random and full are always there.", required: true);
    private readonly Option<string[]> _set = FeatureCommandOptions.Set();
    private readonly Option<int> _seeds = TrainingOptions.Valued("--seeds", "How often everything is repeated with other draws.", Usual.Seeds);
    private readonly Option<int?> _epochSeeds = new("--epoch-seeds") { Description = "Of the seeds, so many also train a whole epoch over the pool, 0 for none; without it, all." };
    private readonly Option<ulong> _seed = TrainingOptions.Valued("--seed", "The first seed; the others follow it.", 0UL);
    private readonly Option<bool> _fromScratch = new("--from-scratch") { Description = "Train new models of --model's shape on packed texts, and measure nats per byte, instead of tuning --model on answers." };
    private readonly Option<ProofUse?> _use = new("--use") { Description = "What of a selection counts in training: weights (default), repeats or uniform (default from scratch)." };
    private readonly Option<int?> _epochs = new("--epochs") { Description = "Passes over the budget, 4 as a rule and 1 from scratch; every method takes the steps that follow." };
    private readonly Option<int> _batch = TrainingOptions.Valued("--batch", "Examples of a step's batch; from scratch, windows of --max-length tokens.", Usual.BatchExamples);
    private readonly Option<double?> _learningRate = new("--lr") { Description = "The highest learning rate: 0.0003 as a rule, 0.002 from scratch." };
    private readonly Option<double> _warmup = TrainingOptions.Valued("--warmup", "Share of the steps in which the learning rate rises.", Usual.Warmup);
    private readonly Option<int?> _maxLength = new("--max-length") { Description = "Tokens an example is cut to; without it, 2048 or the model's longest sequence, whichever is less." };
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<int> _generate = TrainingOptions.Valued("--generate", "Answers to generate and score per test; 0 for none.", Usual.Generate);
    private readonly Option<string?> _time = new("--time") { Description = "How long it may take, such as 30m or 2h; seeds that don't fit are left out." };
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<bool> _strict = new("--strict") { Description = "Refuse bad records, and tests that stand in the pool or the target, instead of telling of them." };
    private readonly Option<int> _microBatch = TrainingOptions.Valued("--micro-batch", "Tokens that a thread works on at once; decides the last bits of sums.", Usual.Workers.MicroBatchTokens);
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<string> _run = new("--run") { Description = "The run's directory.", DefaultValueFactory = _ => "proof.run" };
    private readonly Option<string?> _config = new("--config") { Description = "YAML with any of these options; what the command line gives wins." };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var prove = new ProveCommand();
        var command = prove.Parser();
        command.Action = new JobAction(prove.Files, parsed => parsed.GetValue(prove._run), (parsed, _, cancellationToken) => prove.Run(parsed, cancellationToken));
        return command;
    }

    /// <summary>The command that repeats a run of this one.</summary>
    /// <exception cref="PursuitException">The run's options can't be read.</exception>
    public static string CommandOf(RunDirectory run)
    {
        var prove = new ProveCommand();
        return prove.Replay(ReplayFile.Parse(run, prove.Parser()), run.FullPath).Command();
    }

    private Command Parser()
    {
        var command = new Command("prove", "Trains on each method's choice, on a random one and on everything, and measures what that was worth.");
        foreach (var option in Options()) command.Add(option);
        return command;
    }

    private ReplayFile Replay(ParseResult parsed, string run) => new(parsed, Options(), [_pool, _target, _test, _features, _targetFeatures, _model], run);

    private IEnumerable<Option> Options() =>
    [
        _pool, _target, _test, _methods, _budget, _model, _fromScratch, _seeds, _epochSeeds, _time, _use, _epochs, _batch, _learningRate, _warmup, _maxLength, _templateSet, _generate,
        _features, _targetFeatures, _set, _seed, _shape, _preference, _strict, _microBatch, _threads, _device, _run, _config, _json,
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
            Pool = new PoolOptions
            {
                Paths = parsed.GetValue(_pool)!,
                Shape = CommonOptions.ShapeOf(parsed.GetValue(_shape)),
                Preference = CommonOptions.PreferenceOf(parsed.GetValue(_preference)),
                Strict = parsed.GetValue(_strict),
                Threads = threads,
            },
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
            Time = parsed.GetValue(_time) is { } time ? ParseTime(time) : null,
            Strict = parsed.GetValue(_strict),
            Workers = new DecoderPoolOptions { Threads = threads, MicroBatchTokens = parsed.GetValue(_microBatch) },
            Device = CommonOptions.DeviceOf(parsed.GetValue(_device)),
        };
    }

    /// <summary>"a,b" and "a b" alike.</summary>

    /// <summary>"90s", "30m" or "2h".</summary>
    private static TimeSpan ParseTime(string text) =>
        text.Length > 1 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount > 0 && amount < 1e6
            ? text[^1] switch
            {
                's' => TimeSpan.FromSeconds(amount),
                'm' => TimeSpan.FromMinutes(amount),
                'h' => TimeSpan.FromHours(amount),
                _ => throw BadTime(text),
            }
            : throw BadTime(text);

    private static PursuitException BadTime(string text) => PursuitException.At("--time", $"'{text}'", "a number with s, m or h behind it, such as 90s, 30m or 2h");
}
