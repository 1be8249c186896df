using System.CommandLine;
using Pursuit.Cli.Output;
using Pursuit.Data;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.Tokenization.Training;

namespace Pursuit.Cli.Commands;

/// <summary><c>pursuit pretrain</c>: trains a small decoder from scratch.</summary>
internal sealed class PretrainCommand
{
    private const string EndOfText = "<|endoftext|>";
    private static readonly DecoderShape UsualShape = new();

    private readonly Option<string[]> _data = new("--data") { Description = "Files, directories or globs with texts: JSONL or JSON arrays, plain or .gz.", Required = true, AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> _out = new("--out") { Description = "The directory that gets the model.", Required = true };
    private readonly Option<string?> _tokenizer = new("--tokenizer") { Description = "A directory with the tokenizer to use; without it, one is trained on the data." };
    private readonly Option<int> _vocabulary = TrainingOptions.Valued("--vocab", "Entries of the tokenizer to train.", 4096);
    private readonly Option<WordPattern> _pattern = TrainingOptions.Valued("--pattern", "How the tokenizer to train cuts text into words: llama3, gpt2 or qwen2.", WordPattern.Llama3);
    private readonly Option<double> _tokenizerSample = TrainingOptions.Valued("--tokenizer-sample", "MB of text that the tokenizer is trained on, spread over the data.", 16.0);
    private readonly Option<string?> _template = new("--chat-template") { Description = "A file with the chat template that goes with the tokenizer to train." };
    private readonly Option<int> _width = TrainingOptions.Valued("--width", "Width of the residual stream.", UsualShape.Width);
    private readonly Option<int> _layers = TrainingOptions.Valued("--layers", "Layers.", UsualShape.Layers);
    private readonly Option<int> _heads = TrainingOptions.Valued("--heads", "Query heads.", UsualShape.Heads);
    private readonly Option<int?> _keyValueHeads = new("--kv-heads") { Description = "Key and value heads; without it, as many as query heads." };
    private readonly Option<int?> _mlp = new("--mlp") { Description = "Width of the feed-forward block; without it, 8/3 of the width." };
    private readonly Option<int> _context = TrainingOptions.Valued("--context", "Tokens of a window, and the model's longest sequence.", UsualShape.Context);
    private readonly Option<double> _ropeTheta = TrainingOptions.Valued("--rope-theta", "Base of the rotary angles.", UsualShape.RopeTheta);
    private readonly Option<bool> _untied = new("--untied") { Description = "Give the head weights of its own instead of the embedding's." };
    private readonly Option<long?> _tokens = new("--tokens") { Description = "Tokens to train on, rounded up to whole steps; without it, see --epochs." };
    private readonly Option<double?> _epochs = new("--epochs") { Description = "Passes over the data, where --tokens isn't given; 1 without either." };
    private readonly Option<int> _batch = TrainingOptions.Valued("--batch-tokens", "Tokens of a step's batch.", 16384);
    private readonly Option<string?> _run = new("--run") { Description = "The run's directory; without it, beside --out with the ending .run." };
    private readonly Option<string?> _config = new("--config") { Description = "YAML with any of these options; what the command line gives wins." };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly TrainingOptions _training = new(0.002, 0.03, LearningRateDecay.Cosine, 0.1, new AdamWOptions(), 2048);

    public static Command Create()
    {
        var pretrain = new PretrainCommand();
        var command = new Command("pretrain", "Trains a small decoder and its tokenizer from scratch.");
        foreach (var option in pretrain.Options()) command.Add(option);
        command.Action = new JobAction(pretrain.Files, pretrain.RunPath, (parsed, _, cancellationToken) => pretrain.Run(parsed, cancellationToken));
        return command;
    }

    private IEnumerable<Option> Options() =>
    [
        _data, _out, _tokenizer, _vocabulary, _pattern, _tokenizerSample, _template,
        _width, _layers, _heads, _keyValueHeads, _mlp, _context, _ropeTheta, _untied,
        _tokens, _epochs, _batch, .. _training.All, _run, _config, _json,
    ];

    private string RunPath(ParseResult parsed) => parsed.GetValue(_run) ?? Path.TrimEndingDirectorySeparator(parsed.GetValue(_out)!) + ".run";

    private JobFiles Files(ParseResult parsed)
    {
        var options = ReadOptions(parsed);
        options.Validate();
        return options.Files().Reads(_template.Name, parsed.GetValue(_template)).WritesRun(_run.Name, RunPath(parsed));
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = ReadOptions(parsed);
        using var progress = new ProgressPrinter();
        var job = new PretrainJob(options, progress);
        using var run = RunDirectory.Open(RunPath(parsed));
        run.OnDamage = Terminal.Damage;
        var replay = new ReplayFile(parsed, Options(), [_data, _out, _tokenizer, _template, .. _training.Paths], run.FullPath);
        replay.WriteUnlessThere();
        var summary = job.Run(run, cancellationToken);
        replay.Write();
        progress.Dispose();

        SealedJson.Write(run.PathOf("summary.json"), summary);
        Terminal.Line($"Read      {summary.Documents:N0} documents, {summary.CorpusTokens:N0} tokens, {summary.CorpusBytes / 1e6:N1} MB; left out {summary.Duplicates:N0} exact duplicates and {summary.Quarantined:N0} bad records");
        foreach (var note in summary.Notes) Terminal.Line($"Note      {note}");
        TrainingPrinter.Print(summary.Training, summary.Parameters, summary.Model);
        if (parsed.GetValue(_json)) Terminal.Json(summary);
        return CommandLine.Done;
    }

    private PretrainOptions ReadOptions(ParseResult parsed)
    {
        if (parsed.GetValue(_tokens) is { } tokens && parsed.GetValue(_epochs) is { } epochs)
            throw PursuitException.At("--epochs", $"{epochs} beside --tokens {tokens}", "one of the two: each says how long training lasts");
        var threads = _training.Threads(parsed);
        var options = new PretrainOptions
        {
            Corpus = new PoolOptions { Paths = parsed.GetValue(_data)!, Threads = threads },
            HeldOut = _training.HeldOut(parsed) is { Length: > 0 } paths ? new PoolOptions { Paths = paths, Threads = threads } : null,
            Out = parsed.GetValue(_out)!,
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
