using System.Text.Json;
using Pursuit.Data;
using Pursuit.Engine.Models;
using Pursuit.Runs;
using Pursuit.Tokenization;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Training;

/// <summary>
/// Trains a decoder from scratch: a tokenizer (given, or trained on the corpus), packed documents, the training itself,
/// and a model directory as Hugging Face lays it out. A killed job continues from its last checkpoint.
/// </summary>
public sealed class PretrainJob
{
    private readonly PretrainOptions _options;
    private readonly IProgress<WorkProgress>? _progress;

    /// <summary>Takes what to do.</summary>
    /// <param name="options">What to train, on what, and how.</param>
    /// <param name="progress">Told of each part's progress, or null.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public PretrainJob(PretrainOptions options, IProgress<WorkProgress>? progress = null)
    {
        options.Validate();
        (_options, _progress) = (options, progress);
    }

    /// <summary>
    /// Told of a checkpoint that isn't as it was written, which then goes: <see cref="Trainer.OnDamage"/>. Null (default) refuses it.
    /// </summary>
    public Action<string>? OnDamage { get; init; }

    /// <summary>Does it.</summary>
    /// <param name="run">Keeps the tokenizer, checkpoints and the loss curve.</param>
    /// <param name="cancellationToken">Stops it; the same job continues where it was.</param>
    /// <exception cref="PursuitException">
    /// The corpus is empty or bad, the loss stopped being a number, or a directory can't be written.
    /// </exception>
    public PretrainSummary Run(RunDirectory run, CancellationToken cancellationToken = default)
    {
        _options.Files().Refuse();
        ModelFiles.RequireWritable(_options.Out);
        using var corpus = Pool.Open(_options.Corpus, null, cancellationToken);
        var tokenizerDirectory = _options.Tokenizer ?? TrainTokenizer(run, corpus, cancellationToken);
        var words = DocumentTokenizer.Load(tokenizerDirectory);
        var begin = TokenizerConfig.Load(tokenizerDirectory).BosToken;
        var documents = TokenizedDocuments.Encode(corpus, words, _options.Workers.Threads, _progress, cancellationToken);
        var windows = new PackedWindows(
            documents, _options.Shape.Context, Math.Max(1, _options.BatchTokens / _options.Shape.Context), _options.Seed);
        var heldOut = ReadHeldOut(words, cancellationToken);

        var config = _options.Shape.ToConfig(
            words.Tokenizer.VocabularySize, begin is null ? null : words.Tokenizer.TokenToId(begin), words.EndToken);
        using var decoder = Decoder.Create(config, _options.Seed, _options.InitialDeviation, _options.Device);
        var start = RandomStart(config, _options.Seed, _options.InitialDeviation);
        using var trained = new AllWeights(decoder, tokenizerDirectory);
        using var trainer = new Trainer(
            trained, start, windows, heldOut, TrainerOptionsFor(windows), run, _progress)
        { OnDamage = OnDamage };
        var result = trainer.Run(cancellationToken);

        ModelFiles.CopyCompanions(tokenizerDirectory, _options.Out);
        ModelFiles.WriteGenerationConfig(_options.Out, config);
        decoder.Save(_options.Out);
        return new PretrainSummary(
            Path.GetFullPath(_options.Out),
            decoder.Layout.Count,
            config.VocabularySize,
            documents.Count,
            corpus.Ledger.DuplicateCount,
            corpus.Ledger.QuarantinedCount,
            documents.TokenCount,
            documents.Bytes,
            result)
        { Notes = corpus.Notes };
    }

    /// <summary>What first weights that are drawn depend on.</summary>
    internal static string RandomStart(ModelConfig config, ulong seed, float deviation) =>
        new Fingerprint("random/1").Add(
            "config", JsonSerializer.Serialize(config, RunJson.Compact)).Add("seed", seed).Add("deviation", deviation).Hash;

    private TrainerOptions TrainerOptionsFor(PackedWindows windows)
    {
        var tokens = _options.Tokens ?? (long)Math.Ceiling(_options.Epochs * windows.WindowsPerEpoch * _options.Shape.Context);
        var steps = Math.Max(1, (tokens + windows.TokensPerStep - 1) / windows.TokensPerStep);
        return _options.ToTrainer(steps);
    }

    private string TrainTokenizer(RunDirectory run, Pool corpus, CancellationToken cancellationToken)
    {
        var wanted = _options.NewTokenizer;
        var stage = run.OpenStage("tokenizer", new Fingerprint("bpe/1")
            .Add("corpus", corpus.Fingerprint).Add("sample", _options.TokenizerSampleMegabytes)
            .Add("vocabulary", wanted.VocabularySize).Add("pattern", wanted.Pattern.ToString()).Add("nfc", wanted.NormalizeNfc.ToString())
            .Add("minimum", wanted.MinimumFrequency).Add("special", wanted.SpecialTokens)
            .Add("bos", wanted.BosToken).Add("eos", wanted.EosToken).Add("pad", wanted.PadToken).Add("template", wanted.ChatTemplate));
        if (stage.IsComplete)
            return stage.FullPath;
        var bytes = corpus.Sources.Sum(s => s.ContentBytes);
        var every = Math.Max(1, (int)Math.Round(bytes / (_options.TokenizerSampleMegabytes * 1e6)));
        var sample = TokenizedDocuments.Texts(corpus, cancellationToken).Where((_, i) => i % every == 0).Select(t => t.Text);
        BpeTrainer.Train(sample, wanted, new TokenizerProgress(_progress), cancellationToken).Save(stage.FullPath);
        stage.Complete();
        return stage.FullPath;
    }

    private HeldOut? ReadHeldOut(DocumentTokenizer words, CancellationToken cancellationToken)
    {
        if (_options.HeldOut is not { } options)
            return null;
        using var pool = Pool.Open(options, null, cancellationToken);
        var documents = TokenizedDocuments.Encode(pool, words, _options.Workers.Threads, null, cancellationToken);
        var groups = RecordField.Read(pool, _options.GroupField, cancellationToken);
        return HeldOut.OfDocuments(documents, groups, _options.Shape.Context);
    }

    private sealed class TokenizerProgress(IProgress<WorkProgress>? progress) : IProgress<BpeTrainingProgress>
    {
        public void Report(BpeTrainingProgress value) =>
            progress?.Report(
                new WorkProgress($"tokenizer, {value.Stage}", value.Done, value.Total, value.Total > 0 ? "tokens" : "characters"));
    }
}

/// <summary>What came of a training from scratch.</summary>
/// <param name="Model">The model's directory.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="Vocabulary">Its token ids.</param>
/// <param name="Documents">Documents of the corpus.</param>
/// <param name="Duplicates">Input rows left out because an earlier one says the same.</param>
/// <param name="Quarantined">Input rows left out because they are no valid record.</param>
/// <param name="CorpusTokens">Tokens of the corpus, end tokens included.</param>
/// <param name="CorpusBytes">UTF-8 bytes of the corpus.</param>
/// <param name="Training">How the training ended.</param>
public sealed record PretrainSummary(
    string Model,
    long Parameters,
    int Vocabulary,
    int Documents,
    long Duplicates,
    long Quarantined,
    long CorpusTokens,
    long CorpusBytes,
    TrainingResult Training)
{
    /// <summary>What a person should know of the corpus's files, such as those that weren't read.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
