using System.CommandLine;
using Pursuit.Cli.Datasets;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Jobs.Export;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit train</c>: trains a model, or adapters of it, further on examples.</summary>
internal sealed class TrainCommand
{
    private static readonly FineTuneOptions Usual = new() { Data = new PoolOptions { Paths = [] }, Model = "", Out = "" };

    private readonly Option<string?> _model = CommonOptions.Model();
    private readonly Option<string[]> _data = new ListedOption<string[]>(
        "--data", OptionGroup.Input, "FILES", $"The examples, as {CommonOptions.RecordFiles}.")
    {
        CustomParser = RecordPaths.Parse,
        Required = true,
    };
    private readonly Option<string?> _split = CommonOptions.Split();
    private readonly Option<string?> _shape = CommonOptions.Shape();
    private readonly RecordOptions _records = new();
    private readonly Option<string?> _preference = CommonOptions.Preference();
    private readonly Option<bool> _strict = CommonOptions.Strict();
    private readonly Option<Duplicates> _dedup = DedupCommandOptions.Dedup();
    private readonly Option<string[]> _set = DedupCommandOptions.Set();
    private readonly Option<string?> _selection = new ListedOption<string?>(
        "--selection", OptionGroup.Input, "FILE", "The .selection.jsonl or .selection.parquet of the examples; its weights scale "
            + "their losses.")
    {
        IsCommon = true,
    };
    private readonly Option<SelectionUse> _selectionUse = WordOption.Of(
        "--selection-use", OptionGroup.Input, "What of the selection counts in training.", Usual.SelectionUse);
    private readonly Option<int?> _maxLength = new ListedOption<int?>(
        "--max-length", OptionGroup.Model, "TOKENS", "Truncate examples to this many tokens.")
    {
        Default = "2048, or the model's "
            + "longest sequence if that is less"
    };
    private readonly Option<string[]> _templateSet = CommonOptions.TemplateSet();
    private readonly Option<int> _epochs = new ListedOption<int>("--epochs", OptionGroup.Training, "COUNT", "Passes over the examples.")
    {
        DefaultValueFactory = _ => Usual.Epochs,
        IsCommon = true,
    };
    private readonly Option<long?> _steps = new ListedOption<long?>(
        "--steps", OptionGroup.Training, "COUNT", "Training steps, instead of --epochs.");
    private readonly Option<int> _batch = TrainingOptions.Valued(
        "--batch", OptionGroup.Training, "EXAMPLES", "Examples of a step's batch.", Usual.BatchExamples);
    private readonly Option<int?> _batchTokens = new ListedOption<int?>(
        "--batch-tokens", OptionGroup.Training, "TOKENS", "Maximum number of tokens of a step's batch, instead of --batch.");
    private readonly Option<LossMean> _mean = WordOption.Of(
        "--loss-mean", OptionGroup.Training, "What the loss is averaged over.", LossMean.Examples);
    private readonly AdapterOptions _adapters = new();
    private readonly TrainingOptions _training = new("The directory that gets the trained model, or the adapters.", new TrainingDefaults(
        Usual.LearningRate, Usual.Warmup, Usual.Decay, Usual.FinalShare, Usual.Optimizer, Usual.Workers.MicroBatchTokens));

    /// <summary>What the loss is a mean over.</summary>
    private enum LossMean
    {
        Examples,
        Tokens,
    }

    public static Command Create()
    {
        var train = new TrainCommand();
        var command = new ToolCommand("train", "Fine-tunes a model, or adapters of it, on examples.")
        {
            Example = "train --data selected.jsonl --selection selected.selection.jsonl --model DIR --lora --out tuned",
        };
        foreach (var option in train.Options()) command.Add(option);
        command.Action = new JobAction(
            train.Files, train._training.RunPath, (parsed, _, cancellationToken) => train.Run(parsed, cancellationToken));
        return command;
    }

    private IEnumerable<Option> Options() =>
    [
        _model, _data, _split, _shape, .. _records.All, _preference, _strict, _dedup, _set, _training.Out, _selection, _selectionUse,
        _maxLength,
        _templateSet,
        _epochs, _steps, _batch, _batchTokens, _mean, .. _adapters.All, .. _training.All, .. _training.Course,
    ];

    private JobFiles Files(ParseResult parsed)
    {
        var options = ReadOptions(parsed);
        options.Validate();
        return _training.Files(parsed, options.Files());
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = ReadOptions(parsed);
        if (options.Selection is null && options.Data.Paths is [var only] && File.Exists(SelectionWriter.FactsPath(only)))
            Terminal.Line($"Note      {SelectionWriter.FactsPath(only)} lies beside the data; add --selection "
                + $"{SelectionWriter.FactsPath(only)} to train with its weights.");
        using var progress = new ProgressPrinter();
        var job = new FineTuneJob(options, progress);
        Option[] paths = [_model, _data, _selection, .. _adapters.Paths];
        return _training.Run(parsed, Options(), paths, run => job.Run(run, cancellationToken), summary =>
        {
            progress.Dispose();
            Terminal.Line($"Read      {summary.Examples:N0} examples; omitted {summary.WithoutAnswer:N0} without an answer to learn, "
                + $"{summary.Duplicates:N0} exact duplicates and {summary.Quarantined:N0} invalid records");
            foreach (var note in summary.Notes) Terminal.Line($"Note      {note}");
            TrainingPrinter.Print(summary.Training, summary.Parameters, summary.Model);
        });
    }

    private FineTuneOptions ReadOptions(ParseResult parsed)
    {
        var threads = _training.Threads(parsed);
        var shape = CommonOptions.ShapeOf(parsed.GetValue(_shape));
        var preference = CommonOptions.PreferenceOf(parsed.GetValue(_preference));
        var options = new FineTuneOptions
        {
            Data = _records.Of(parsed, new PoolOptions
            {
                Paths = parsed.GetValue(_data)!,
                Shape = shape,
                Preference = preference,
                Strict = parsed.GetValue(_strict),
                NearDuplicates = DedupCommandOptions.OnlyOf(parsed.GetValue(_dedup), parsed.GetValue(_set)!),
                Threads = threads,
            }),
            Model = BundledModel.OrGiven(parsed.GetValue(_model)),
            Lora = _adapters.Lora(parsed),
            Adapter = _adapters.From(parsed),
            Out = parsed.GetValue(_training.Out)!,
            Selection = parsed.GetValue(_selection),
            SelectionUse = parsed.GetValue(_selectionUse),
            HeldOut = _training.HeldOut(parsed) is { Length: > 0 } paths
                ? new PoolOptions
                {
                    Paths = paths,
                    Shape = shape,
                    Preference = preference,
                    Columns = _records.Columns(parsed),
                    Threads = threads,
                }.Beside(paths)
                : null,
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
