using Pursuit.Data;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.Tokenization.ExampleEncoding;

namespace Pursuit.Engine.Training;

/// <summary>
/// Trains a model, or adapters of it, further on examples. Every epoch's end leaves a checkpoint with its moments and mean learning rate; a
/// killed job continues from its last checkpoint.
/// </summary>
public sealed class FineTuneJob
{
    private const int UsualMaxLength = 2048;

    private readonly FineTuneOptions _options;
    private readonly IProgress<WorkProgress>? _progress;

    /// <summary>Takes what to do.</summary>
    /// <param name="options">Which model, on what, and how.</param>
    /// <param name="progress">Told of each part's progress, or null.</param>
    /// <exception cref="PursuitException">An option is out of range.</exception>
    public FineTuneJob(FineTuneOptions options, IProgress<WorkProgress>? progress = null)
    {
        options.Validate();
        (_options, _progress) = (options, progress);
    }

    /// <summary>Does it.</summary>
    /// <param name="run">Keeps the checkpoints and the loss curve.</param>
    /// <param name="cancellationToken">Stops it; the same job continues where it was.</param>
    /// <exception cref="PursuitException">
    /// Data or model are bad, the loss stopped being a number, or a directory can't be written.
    /// </exception>
    public FineTuneSummary Run(RunDirectory run, CancellationToken cancellationToken = default)
    {
        if (_options.Lora is not null && ModelDirectory.Open(_options.Model).AdapterPath is not null)
            throw PursuitException.At(
                _options.Model,
                "PEFT's adapters, and new adapters asked for",
                "a model for new adapters",
                $"Train these adapters further with {ApiName.Adapter}, merge them into a model first, or train all weights.");
        _options.Files().Refuse();
        ModelFiles.RequireWritable(_options.Out);
        var use = _options.Lora is null && _options.Adapter is null ? WeightUse.Change : WeightUse.Read;
        using var decoder = Decoder.Load(_options.Model, _options.Device, use);
        var encoder = LoadEncoder(decoder.Config);
        using var data = Pool.Open(_options.Data, null, cancellationToken);
        var (examples, empty) = Encode(data, encoder, cancellationToken);
        var batches = MakeBatches(examples);
        var steps = _options.Steps ?? batches.EpochEnds[^1];
        var heldOut = ReadHeldOut(encoder, cancellationToken);

        using var adapters = _options.Adapter is { } from
            ? LoraAdapters.Load(decoder, from)
            : _options.Lora is { } lora ? LoraAdapters.Create(decoder, lora, _options.Seed) : null;
        using ITrainedSet trained = adapters is null
            ? new AllWeights(decoder, _options.Model)
            : new TrainedAdapters(decoder, adapters, _options.Model, _options.Seed);
        var options = _options.ToTrainer(steps) with { EpochEnds = [.. batches.EpochEnds.Where(end => end <= steps)] };
        using var trainer = new Trainer(trained, Start(), batches, heldOut, options, run, _progress);
        var result = trainer.Run(cancellationToken);

        if (adapters is null)
        {
            ModelFiles.CopyCompanions(_options.Model, _options.Out);
            decoder.Save(_options.Out);
        }
        else
        {
            adapters.Save(_options.Out, _options.Model);
        }

        return new FineTuneSummary(
            Path.GetFullPath(_options.Out),
            trained.Gradients.Parameters.Sum(p => (long)p.Length),
            examples.Count,
            empty,
            data.Ledger.DuplicateCount,
            data.Ledger.QuarantinedCount,
            result)
        { Notes = data.Notes };
    }

    /// <summary>Names the weights the training starts from; new adapters follow from the seed, which is part of what is trained.</summary>
    private string Start()
    {
        var model = ModelFiles.Fingerprint(_options.Model);
        return _options.Adapter is { } adapter ? $"{model} {ModelFiles.AdapterFingerprint(adapter)}" : model;
    }

    private ExampleEncoder LoadEncoder(ModelConfig config)
    {
        var longest = config.MaximumPositions;
        if (_options.MaxLength > longest)
            throw PursuitException.At(
                "the maximum length",
                $"{_options.MaxLength} tokens",
                $"at most {longest}, the longest sequence of the model",
                $"Give a smaller {ApiName.MaxLength}.");
        var encoder = ModelEncoder.Load(_options.Model, _options.MaxLength ?? Math.Min(UsualMaxLength, longest), _options.TemplateSettings);
        if (encoder.Tokenizer.VocabularySize > config.VocabularySize)
            throw ModelFiles.OtherTokenizer(_options.Model, encoder.Tokenizer.VocabularySize, config.VocabularySize);
        return encoder;
    }

    private (List<TrainingExample> Examples, int Empty) Encode(Pool pool, ExampleEncoder encoder, CancellationToken cancellationToken)
    {
        var selected = _options.Selection is { } path ? SelectedWeights.Read(path) : null;
        var examples = new List<TrainingExample>(pool.Count);
        var empty = 0;
        foreach (var (example, encoded) in EncodeAll(pool, encoder, "encoding", cancellationToken))
        {
            if (encoded.AllMasked)
            {
                empty++;
                continue;
            }

            var place = FormattableString.Invariant($"{pool.Sources[example.Locator.Source].Path}, line {example.Locator.Line}");
            var (weight, repeats) = selected?.Find(example.ContentId, place, _options.SelectionUse) ?? (1f, 1);
            examples.Add(new TrainingExample(encoded.Ids, encoded.Trained, weight, repeats, place));
        }

        return examples.Count > 0
            ? (examples, empty)
            : throw PursuitException.At(
                string.Join(", ", _options.Data.Paths),
                $"{pool.Count} examples, none with a token to learn",
                $"at least one with an assistant's answer that fits in {ApiName.MaxLength}");
    }

    private ExampleBatches MakeBatches(List<TrainingExample> examples)
    {
        ExampleBatches Make(int epochs) =>
            new(
                examples,
                _options.BatchTokens is null ? _options.BatchExamples : null,
                _options.BatchTokens,
                epochs,
                _options.Reduction,
                _options.Seed);
        if (_options.Steps is not { } steps)
            return Make(_options.Epochs);
        // Batches of tokens differ in number from epoch to epoch, so count until there are enough.
        var epochs = (int)Math.Min(int.MaxValue, steps / Make(1).EpochEnds[0] + 1);
        var batches = Make(epochs);
        while (batches.EpochEnds[^1] < steps)
            batches = Make(++epochs);
        return batches;
    }

    private HeldOut? ReadHeldOut(ExampleEncoder encoder, CancellationToken cancellationToken)
    {
        if (_options.HeldOut is not { } options)
            return null;
        using var pool = Pool.Open(options, null, cancellationToken);
        var groups = RecordField.Read(pool, _options.GroupField, cancellationToken);
        var pieces = EncodeAll(pool, encoder, "encoding held-out data", cancellationToken).Select(
            (e, i) => new HeldOutPiece(e.Encoded.Ids, e.Encoded.Trained, i)).ToList();
        return new HeldOut(pieces, new long[pieces.Count], groups);
    }

    private IEnumerable<(Example Example, EncodedExample Encoded)> EncodeAll(
        Pool pool, ExampleEncoder encoder, string work, CancellationToken cancellationToken)
    {
        const int Block = 256;
        var done = 0;
        foreach (var block in pool.Read(cancellationToken).Chunk(Block))
        {
            var encoded = new EncodedExample[block.Length];
            Parallel.For(
                0,
                block.Length,
                new ParallelOptions { MaxDegreeOfParallelism = _options.Workers.Threads, CancellationToken = cancellationToken },
                i => encoded[i] = encoder.Encode(block[i]));
            for (var i = 0; i < block.Length; i++)
                yield return (block[i], encoded[i]);
            _progress?.Report(new WorkProgress(work, done += block.Length, pool.Count, "examples"));
        }
    }
}

/// <summary>What came of a fine-tuning.</summary>
/// <param name="Model">The directory of the trained model or adapters.</param>
/// <param name="Parameters">The parameters that were trained: the model's or the adapters'.</param>
/// <param name="Examples">Examples it was trained on.</param>
/// <param name="WithoutAnswer">Examples left out because no token of them is learned.</param>
/// <param name="Duplicates">Input rows left out because an earlier one says the same.</param>
/// <param name="Quarantined">Input rows left out because they are no valid record.</param>
/// <param name="Training">How the training ended.</param>
public sealed record FineTuneSummary(
    string Model, long Parameters, int Examples, int WithoutAnswer, long Duplicates, long Quarantined, TrainingResult Training)
{
    /// <summary>What a person should know of the data's files, such as those that weren't read.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
