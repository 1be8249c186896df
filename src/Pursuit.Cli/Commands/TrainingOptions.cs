using System.CommandLine;
using Pursuit.Cli.Datasets;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;

namespace Pursuit.Cli.Commands;

/// <summary>What <c>pretrain</c> and <c>train</c> share: options, whose defaults are each command's own, and the course of a run.</summary>
internal sealed class TrainingOptions
{
    private readonly Option<string> _out;
    private readonly Option<double> _learningRate;
    private readonly Option<double> _warmup;
    private readonly Option<LearningRateDecay> _decay;
    private readonly Option<double> _finalShare;
    private readonly Option<float> _beta1;
    private readonly Option<float> _beta2;
    private readonly Option<float> _weightDecay;
    private readonly Option<double> _clip;
    private readonly Option<long?> _checkpointSteps = new ListedOption<long?>(
        "--checkpoint-steps", OptionGroup.Run, "STEPS", "Steps between checkpoints.");
    private readonly Option<double> _checkpointMinutes = Valued(
        "--checkpoint-minutes", OptionGroup.Run, "MINUTES", "Minutes between checkpoints; 0 for none by time.", 5.0);
    private readonly Option<long?> _evaluateSteps = new ListedOption<long?>(
        "--evaluate-steps", OptionGroup.Evaluation, "STEPS", "Steps between evaluations on the held-out data.")
    {
        Default = "only at the end",
    };
    private readonly Option<string[]> _heldOut = new ListedOption<string[]>(
        "--heldout", OptionGroup.Evaluation, "FILES", "Held-out files to evaluate on.")
    {
        DefaultValueFactory = _ => [],
        CustomParser = RecordPaths.Parse,
    };
    private readonly Option<string?> _groupField = new ListedOption<string?>(
        "--group-field", OptionGroup.Evaluation, "FIELD", "A top-level text field of the held-out records; the evaluation is split by "
            + "it.")
    { Default = "'domain' or 'source', where there is one" };
    private readonly Option<ulong> _seed = CommonOptions.Seed();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _device = CommonOptions.Device();
    private readonly Option<int> _microBatch;
    private readonly Option<string?> _run = CommonOptions.RunBesideOut();
    private readonly Option<string?> _config = CommonOptions.Config();
    private readonly Option<bool> _json = CommonOptions.Json();

    public TrainingOptions(string output, TrainingDefaults defaults)
    {
        _out = new ListedOption<string>("--out", OptionGroup.Output, "DIR", output) { Required = true };
        _learningRate = Valued("--lr", OptionGroup.Training, "RATE", "The peak learning rate.", defaults.LearningRate);
        _warmup = Valued("--warmup", OptionGroup.Training, "SHARE", "The share of the steps in which the learning rate rises to its "
            + "peak.", defaults.Warmup);
        _decay = WordOption.Of("--decay", OptionGroup.Training, "How the learning rate falls behind its peak.", defaults.Decay);
        _finalShare = Valued(
            "--final-share", OptionGroup.Training, "SHARE", "The last step's share of the peak learning rate.", defaults.FinalShare);
        _beta1 = Valued("--beta1", OptionGroup.Training, "DECAY", "AdamW: decay of the first moment.", defaults.Optimizer.Beta1);
        _beta2 = Valued("--beta2", OptionGroup.Training, "DECAY", "AdamW: decay of the second moment.", defaults.Optimizer.Beta2);
        _weightDecay = Valued(
            "--weight-decay", OptionGroup.Training, "DECAY", "AdamW: weight decay of matrices; vectors have none.",
            defaults.Optimizer.WeightDecay);
        _clip = Valued(
            "--clip", OptionGroup.Training, "NORM", "Clip the gradient to this norm; 0 for no clipping.", defaults.Optimizer.ClipNorm ?? 0);
        _microBatch = MicroBatch(defaults.MicroBatchTokens);
    }

    public IEnumerable<Option> All =>
    [
        _learningRate, _warmup, _decay, _finalShare, _beta1, _beta2, _weightDecay, _clip,
        _checkpointSteps, _checkpointMinutes, _heldOut, _groupField, _evaluateSteps, _seed, _threads, _device, _microBatch,
    ];

    /// <summary>The directory that gets the model.</summary>
    public Option<string> Out => _out;

    /// <summary>Where the run goes, where its options come from, and in which form its result is printed.</summary>
    public IEnumerable<Option> Course => [_run, _config, _json];

    /// <summary>Those whose values are paths.</summary>
    public IEnumerable<Option> Paths => [_out, _heldOut];

    public static Option<T> Valued<T>(string name, OptionGroup group, string value, string description, T usual) =>
        new ListedOption<T>(name, group, value, description) { DefaultValueFactory = _ => usual };

    /// <summary>How much of a batch a thread has in hand.</summary>
    public static Option<int> MicroBatch(int usual) =>
        Valued("--micro-batch", OptionGroup.Training, "TOKENS", "Tokens that a thread processes at once. Changes results by rounding "
            + "only.", usual);

    public string RunPath(ParseResult parsed) =>
        parsed.GetValue(_run) ?? Path.TrimEndingDirectorySeparator(parsed.GetValue(_out)!) + ".run";

    /// <summary>What a training reads and writes: its own files and the run's.</summary>
    public JobFiles Files(ParseResult parsed, JobFiles own) => own.WritesRun(_run.Name, RunPath(parsed));

    /// <summary>Trains within the run's directory, whose options are written before and after, and prints what it came to.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">The command's options.</param>
    /// <param name="paths">Those of its own whose values are paths.</param>
    /// <param name="train">Trains; begins when the directory is there.</param>
    /// <param name="print">Prints the summary, for people.</param>
    public int Run<TSummary>(
        ParseResult parsed,
        IEnumerable<Option> options,
        IEnumerable<Option> paths,
        Func<RunDirectory, TSummary> train,
        Action<TSummary> print)
        where TSummary : notnull
    {
        using var run = RunDirectory.Open(RunPath(parsed));
        run.OnDamage = Terminal.Damage;
        var replay = new ReplayFile(parsed, options, [.. paths, .. Paths], run.FullPath);
        replay.WriteUnlessThere();
        var summary = train(run);
        replay.Write();

        SealedJson.Write(run.PathOf("summary.json"), summary);
        print(summary);
        if (parsed.GetValue(_json)) Terminal.Json(summary);
        return CommandLine.Done;
    }

    public string[] HeldOut(ParseResult parsed) => parsed.GetValue(_heldOut)!;

    public int Threads(ParseResult parsed) => CommonOptions.ThreadsOf(parsed, _threads);

    /// <summary>Fills a job's options with what these say.</summary>
    public T Fill<T>(T options, ParseResult parsed)
        where T : TrainingJobOptions
    {
        TrainingJobOptions job = options;
        return (T)(job with
        {
            GroupField = parsed.GetValue(_groupField),
            LearningRate = parsed.GetValue(_learningRate),
            Warmup = parsed.GetValue(_warmup),
            Decay = parsed.GetValue(_decay),
            FinalShare = parsed.GetValue(_finalShare),
            Optimizer = Optimizer(parsed),
            Seed = parsed.GetValue(_seed),
            Workers = new() { Threads = Threads(parsed), MicroBatchTokens = parsed.GetValue(_microBatch) },
            Device = CommonOptions.DeviceOf(parsed.GetValue(_device)),
            CheckpointEverySteps = parsed.GetValue(_checkpointSteps),
            CheckpointEveryMinutes = parsed.GetValue(_checkpointMinutes) is var minutes && minutes == 0 ? null : minutes,
            EvaluateEverySteps = parsed.GetValue(_evaluateSteps),
        });
    }

    private AdamWOptions Optimizer(ParseResult parsed) => new()
    {
        Beta1 = parsed.GetValue(_beta1),
        Beta2 = parsed.GetValue(_beta2),
        WeightDecay = parsed.GetValue(_weightDecay),
        ClipNorm = parsed.GetValue(_clip) is var clip && clip == 0 ? null : clip,
    };
}
