using System.CommandLine;
using Pursuit.Cli.Datasets;
using Pursuit.Cli.Help;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Storage;
using Pursuit.Tokenization.Training;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit pretrain</c>: trains a small decoder from scratch.</summary>
internal sealed class PretrainCommand
{
    private const string EndOfText = "<|endoftext|>";
    private static readonly PretrainOptions Usual = new() { Corpus = new PoolOptions { Paths = [] }, Out = "" };

    private readonly RecordOptions _records = new();
    private readonly Option<string[]> _data = new ListedOption<string[]>(
        "--data", OptionGroup.Input, "FILES", $"The texts, as {CommonOptions.RecordFiles}.")
    {
        CustomParser = RecordPaths.Parse,
        Required = true,
    };
    private readonly Option<string?> _split = CommonOptions.Split();
    private readonly Option<Duplicates> _dedup = DedupCommandOptions.Dedup();
    private readonly Option<string[]> _set = DedupCommandOptions.Set();
    private readonly Option<string?> _tokenizer = new ListedOption<string?>(
        "--tokenizer", OptionGroup.Tokenizer, "DIR", "A directory with the tokenizer to use.")
    {
        Default = "a new one, trained on the "
            + "data",
        IsCommon = true
    };
    private readonly Option<int> _vocabulary = TrainingOptions.Valued(
        "--vocab", OptionGroup.Tokenizer, "ENTRIES", "Vocabulary size of a new tokenizer.", 4096);
    private readonly Option<WordPattern> _pattern = WordOption.Of(
        "--pattern", OptionGroup.Tokenizer, "How a new tokenizer splits text into words before merging.", WordPattern.Llama3);
    private readonly Option<double> _tokenizerSample = TrainingOptions.Valued(
        "--tokenizer-sample", OptionGroup.Tokenizer, "MB", "Megabytes of text, spread over the data, to train a new tokenizer on.",
        Usual.TokenizerSampleMegabytes);
    private readonly Option<string?> _template = new ListedOption<string?>(
        "--chat-template", OptionGroup.Tokenizer, "FILE", "A Jinja file with the chat template of a new tokenizer.");
    private readonly Option<int> _width = TrainingOptions.Valued(
        "--width", OptionGroup.Architecture, "COUNT", "Width of the residual stream.", Usual.Shape.Width);
    private readonly Option<int> _layers = TrainingOptions.Valued(
        "--layers", OptionGroup.Architecture, "COUNT", "Number of layers.", Usual.Shape.Layers);
    private readonly Option<int> _heads = TrainingOptions.Valued(
        "--heads", OptionGroup.Architecture, "COUNT", "Number of query heads.", Usual.Shape.Heads);
    private readonly Option<int?> _keyValueHeads = new ListedOption<int?>(
        "--kv-heads", OptionGroup.Architecture, "COUNT", "Number of key and value heads.")
    { Default = "the number of query heads" };
    private readonly Option<int?> _mlp = new ListedOption<int?>(
        "--mlp", OptionGroup.Architecture, "COUNT", "Width of the feed-forward block.")
    { Default = "8/3 of the width" };
    private readonly Option<int> _context = TrainingOptions.Valued(
        "--context", OptionGroup.Architecture, "TOKENS", "Tokens of a training window, and the model's longest sequence.",
        Usual.Shape.Context);
    private readonly Option<double> _ropeTheta = TrainingOptions.Valued(
        "--rope-theta", OptionGroup.Architecture, "BASE", "Base of the rotary position embedding.", Usual.Shape.RopeTheta);
    private readonly Option<bool> _untied = new ListedOption<bool>(
        "--untied", OptionGroup.Architecture, "Give the output head its own weights instead of the embedding's.");
    private readonly Option<long?> _tokens = new ListedOption<long?>(
        "--tokens", OptionGroup.Training, "COUNT", "Tokens to train on, rounded up to whole steps; excludes --epochs.")
    { IsCommon = true };
    private readonly Option<double?> _epochs = new ListedOption<double?>(
        "--epochs", OptionGroup.Training, "COUNT", "Passes over the data.")
    { Default = "1" };
    private readonly Option<int> _batch = TrainingOptions.Valued(
        "--batch-tokens", OptionGroup.Training, "TOKENS", "Tokens of a step's batch.", Usual.BatchTokens);
    private readonly TrainingOptions _training = new("The directory that gets the model.", new TrainingDefaults(
        Usual.LearningRate, Usual.Warmup, Usual.Decay, Usual.FinalShare, Usual.Optimizer, Usual.Workers.MicroBatchTokens));

    public static Command Create()
    {
        var pretrain = new PretrainCommand();
        var command = new ToolCommand("pretrain", "Trains a small decoder and its tokenizer from scratch.")
        {
            Example = "pretrain --data corpus.jsonl.gz --tokens 20000000 --out model",
        };
        foreach (var option in pretrain.Options()) command.Add(option);
        command.Action = new JobAction(
            pretrain.Files, pretrain._training.RunPath, (parsed, _, cancellationToken) => pretrain.Run(parsed, cancellationToken));
        return command;
    }

    private IEnumerable<Option> Options() =>
    [
        _data, _split, .. _records.All, _dedup, _set, _training.Out, _tokenizer, _vocabulary, _pattern, _tokenizerSample, _template,
        _width, _layers, _heads, _keyValueHeads, _mlp, _context, _ropeTheta, _untied,
        _tokens, _epochs, _batch, .. _training.All, .. _training.Course,
    ];

    private JobFiles Files(ParseResult parsed)
    {
        var options = ReadOptions(parsed);
        options.Validate();
        return _training.Files(parsed, options.Files().Reads(_template.Name, parsed.GetValue(_template)));
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = ReadOptions(parsed);
        using var progress = new ProgressPrinter();
        var job = new PretrainJob(options, progress);
        return _training.Run(parsed, Options(), [_data, _tokenizer, _template], run => job.Run(run, cancellationToken), summary =>
        {
            progress.Dispose();
            Terminal.Line($"Read      {summary.Documents:N0} documents, {summary.CorpusTokens:N0} tokens, "
                + $"{summary.CorpusBytes / 1e6:N1} MB; "
                + $"omitted {summary.Duplicates:N0} exact duplicates and {summary.Quarantined:N0} invalid records");
            foreach (var note in summary.Notes) Terminal.Line($"Note      {note}");
            TrainingPrinter.Print(summary.Training, summary.Parameters, summary.Model);
        });
    }

    private PretrainOptions ReadOptions(ParseResult parsed)
    {
        if (parsed.GetValue(_tokens) is { } tokens && parsed.GetValue(_epochs) is { } epochs)
            throw PursuitException.At("--epochs", $"{epochs} beside --tokens {tokens}", "only one of the two: each sets the length of "
                + "training");
        var threads = _training.Threads(parsed);
        var options = new PretrainOptions
        {
            Corpus = _records.Of(parsed, new PoolOptions
            {
                Paths = parsed.GetValue(_data)!,
                NearDuplicates = DedupCommandOptions.OnlyOf(parsed.GetValue(_dedup), parsed.GetValue(_set)!),
                Threads = threads,
            }),
            HeldOut = _training.HeldOut(parsed) is { Length: > 0 } paths
                ? new PoolOptions { Paths = paths, Columns = _records.Columns(parsed), Threads = threads }.Beside(paths)
                : null,
            Out = parsed.GetValue(_training.Out)!,
            Tokenizer = parsed.GetValue(_tokenizer),
            NewTokenizer = new BpeTrainingOptions
            {
                VocabularySize = parsed.GetValue(_vocabulary),
                Pattern = parsed.GetValue(_pattern),
                SpecialTokens = [EndOfText],
                BosToken = EndOfText,
                EosToken = EndOfText,
                ChatTemplate = parsed.GetValue(_template) is { } file ? ReadTemplate(file) : null,
            },
            TokenizerSampleMegabytes = parsed.GetValue(_tokenizerSample),
            Shape = new DecoderShape
            {
                Width = parsed.GetValue(_width),
                Layers = parsed.GetValue(_layers),
                Heads = parsed.GetValue(_heads),
                KeyValueHeads = parsed.GetValue(_keyValueHeads),
                Mlp = parsed.GetValue(_mlp),
                Context = parsed.GetValue(_context),
                RopeTheta = parsed.GetValue(_ropeTheta),
                UntiedHead = parsed.GetValue(_untied),
            },
            Tokens = parsed.GetValue(_tokens),
            Epochs = parsed.GetValue(_epochs) ?? 1,
            BatchTokens = parsed.GetValue(_batch),
        };
        return _training.Fill(options, parsed);
    }

    // An editor's line end behind the template is no part of it, as Jinja has it.
    private static string ReadTemplate(string file)
    {
        Disk.RequireRegular(file);
        try
        {
            var text = File.ReadAllText(file);
            return text.EndsWith('\n') ? text[..^1] : text;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At("--chat-template", $"the file can't be read ({e.Message})", "a file with a Jinja template", null, e);
        }
    }
}
