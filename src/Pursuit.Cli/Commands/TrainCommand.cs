using System.CommandLine;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Jobs.Export;
using Pursuit.Runs;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit train</c>: trains a model, or adapters of it, further on examples.</summary>
internal sealed class TrainCommand
{
    private static readonly FineTuneOptions Usual = new() { Data = new PoolOptions { Paths = [] }, Model = "", Out = "" };

    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string[]> _data = new("--data") { Description = "Files, directories or globs with examples: JSONL or JSON arrays, plain or .gz.", Required = true, AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<string> _out = new("--out") { Description = "The directory that gets the trained model, or the trained adapters.", Required = true };
    private readonly Option<string?> _selection = new("--selection") { Description = "The .selection.jsonl of the examples, whose weights count in the loss." };
    private readonly Option<SelectionUse> _selectionUse = TrainingOptions.Valued("--selection-use", "What counts of the selection: weights or repeats.", Usual.SelectionUse);
    private readonly Option<int?> _maxLength = new("--max-length") { Description = "Tokens an example is cut to; without it, 2048 or the model's longest sequence, whichever is less." };
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<int> _epochs = TrainingOptions.Valued("--epochs", "Passes over the examples.", Usual.Epochs);
    private readonly Option<long?> _steps = new("--steps") { Description = "Steps, instead of --epochs." };
    private readonly Option<int> _batch = TrainingOptions.Valued("--batch", "Examples of a step's batch.", Usual.BatchExamples);
    private readonly Option<int?> _batchTokens = new("--batch-tokens") { Description = "Most tokens of a step's batch, instead of --batch." };
    private readonly Option<LossMean> _mean = TrainingOptions.Valued("--loss-mean", "The loss is the mean over the batch's examples, or over its tokens.", LossMean.Examples);
    private readonly Option<string?> _run = new("--run") { Description = "The run's directory; without it, beside --out with the ending .run." };
    private readonly Option<string?> _config = new("--config") { Description = "YAML with any of these options; what the command line gives wins." };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly AdapterOptions _adapters = new();
    private readonly TrainingOptions _training = new(Usual.LearningRate, Usual.Warmup, Usual.Decay, Usual.FinalShare, Usual.Optimizer, Usual.Workers.MicroBatchTokens);

    /// <summary>What the loss is a mean over.</summary>
    private enum LossMean
    {
        Examples,
        Tokens,
    }

    public static Command Create()
    {
        var train = new TrainCommand();
        var command = new Command("train", "Trains a model, or adapters of it, further on examples.");
        foreach (var option in train.Options()) command.Add(option);
        command.Action = new JobAction(train.Files, train.RunPath, (parsed, _, cancellationToken) => train.Run(parsed, cancellationToken));
        return command;
    }

    private IEnumerable<Option> Options() =>
    [
        _model, _data, _shape, _preference, _strict, _out, _selection, _selectionUse, _maxLength, _templateSet, _epochs, _steps, _batch, _batchTokens, _mean, .. _adapters.All, .. _training.All, _run, _config, _json,
    ];

    private string RunPath(ParseResult parsed) => parsed.GetValue(_run) ?? Path.TrimEndingDirectorySeparator(parsed.GetValue(_out)!) + ".run";

    private JobFiles Files(ParseResult parsed)
    {
        var options = ReadOptions(parsed);
        options.Validate();
        return options.Files().WritesRun(_run.Name, RunPath(parsed));
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = ReadOptions(parsed);
        if (options.Selection is null && options.Data.Paths is [var only] && File.Exists(SelectionWriter.FactsPath(only)))
            Terminal.Line($"Note      {SelectionWriter.FactsPath(only)} stands beside the data; give it as --selection to train with its weights.");
        using var progress = new ProgressPrinter();
        var job = new FineTuneJob(options, progress);
        using var run = RunDirectory.Open(RunPath(parsed));
        run.OnDamage = Terminal.Damage;
        var replay = new ReplayFile(parsed, Options(), [_model, _data, _out, _selection, .. _adapters.Paths, .. _training.Paths], run.FullPath);
        replay.WriteUnlessThere();
        var summary = job.Run(run, cancellationToken);
        replay.Write();
        progress.Dispose();

        SealedJson.Write(run.PathOf("summary.json"), summary);
        Terminal.Line($"Read      {summary.Examples:N0} examples; left out {summary.WithoutAnswer:N0} without an answer to learn, {summary.Duplicates:N0} exact duplicates and {summary.Quarantined:N0} bad records");
        foreach (var note in summary.Notes) Terminal.Line($"Note      {note}");
        TrainingPrinter.Print(summary.Training, summary.Parameters, summary.Model);
        if (parsed.GetValue(_json)) Terminal.Json(summary);
        return CommandLine.Done;
    }

    private FineTuneOptions ReadOptions(ParseResult parsed)
    {
        var threads = _training.Threads(parsed);
        var shape = CommonOptions.ShapeOf(parsed.GetValue(_shape));
        var preference = CommonOptions.PreferenceOf(parsed.GetValue(_preference));
        var options = new FineTuneOptions
        {
            Data = new PoolOptions { Paths = parsed.GetValue(_data)!, Shape = shape, Preference = preference, Strict = parsed.GetValue(_strict), Threads = threads },
            Model = BundledModel.OrGiven(parsed.GetValue(_model)),
            Lora = _adapters.Lora(parsed),
            Adapter = _adapters.From(parsed),
            Out = parsed.GetValue(_out)!,
            Selection = parsed.GetValue(_selection),
            SelectionUse = parsed.GetValue(_selectionUse),
            HeldOut = _training.HeldOut(parsed) is { Length: > 0 } paths ? new PoolOptions { Paths = paths, Shape = shape, Preference = preference, Threads = threads } : null,
            MaxLength = parsed.GetValue(_maxLength),
            TemplateSettings = parsed.GetValue(_templateSet)!,
            Epochs = parsed.GetValue(_epochs),
            Steps = parsed.GetValue(_steps),
            BatchExamples = parsed.GetValue(_batch),
            BatchTokens = parsed.GetValue(_batchTokens),
            Reduction = parsed.GetValue(_mean) == LossMean.Tokens ? LossReduction.TokenMean : LossReduction.ExampleMean,
        };
        return _training.Fill(options, parsed);
    }
}
