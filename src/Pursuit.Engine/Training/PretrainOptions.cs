using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Training;

/// <summary>What to train from scratch, on what, and how.</summary>
public sealed record PretrainOptions : TrainingJobOptions
{
    /// <summary>
    /// Options with a highest learning rate of 0.002 that falls to a tenth along a cosine, and micro-batches of 2,048 tokens.
    /// </summary>
    public PretrainOptions()
    {
        (LearningRate, Decay, FinalShare) = (0.002, LearningRateDecay.Cosine, 0.1);
        Workers = new() { MicroBatchTokens = 2048 };
    }

    /// <summary>The corpus: records with a text each.</summary>
    public required PoolOptions Corpus { get; init; }

    /// <summary>The directory that gets the model.</summary>
    public required string Out { get; init; }

    /// <summary>A directory with the tokenizer to use, or null: one is trained on the corpus.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>The tokenizer to train where none is given.</summary>
    public BpeTrainingOptions NewTokenizer { get; init; } = new() { BosToken = "<|endoftext|>" };

    /// <summary>Bytes of text the tokenizer is trained on, spread evenly over the corpus, in MB. Above 0; default 16.</summary>
    public double TokenizerSampleMegabytes { get; init; } = 16;

    /// <summary>The model's size.</summary>
    public DecoderShape Shape { get; init; } = new();

    /// <summary>Tokens to train on, rounded up to whole steps; at least one step. Null: see <see cref="Epochs"/>.</summary>
    public long? Tokens { get; init; }

    /// <summary>Passes over the corpus where <see cref="Tokens"/> isn't given, above 0. Default 1.</summary>
    public double Epochs { get; init; } = 1;

    /// <summary>Tokens of a step's batch, rounded down to whole windows; at least one window. Default 16,384.</summary>
    public int BatchTokens { get; init; } = 16384;

    /// <summary>Standard deviation of the first weights, above 0. Default 0.02.</summary>
    public float InitialDeviation { get; init; } = 0.02f;

    /// <summary>What the job reads and writes, beside its run.</summary>
    /// <exception cref="PursuitException">A path of records doesn't exist.</exception>
    internal JobFiles Files() => new JobFiles()
        .ReadsRecords(ApiName.Data, Corpus.Paths)
        .ReadsRecords(ApiName.HeldOut, HeldOut?.Paths ?? [])
        .Reads(ApiName.Tokenizer, Tokenizer)
        .WritesInto(ApiName.Out, Out, ModelFiles.Names);

    /// <summary>Reports every fault in one message.</summary>
    /// <exception cref="PursuitException">A value is out of range.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (string.IsNullOrWhiteSpace(Out))
            faults.Add("no directory for the model was given");
        Shape.AddFaults(faults);
        if (!(TokenizerSampleMegabytes > 0))
            faults.Add(FormattableString.Invariant($"the tokenizer's sample is {TokenizerSampleMegabytes} MB, more than 0 is needed"));
        if (Tokens < 1)
            faults.Add($"tokens is {Tokens}, at least 1 is needed");
        if (!(Epochs > 0) || !double.IsFinite(Epochs))
            faults.Add(FormattableString.Invariant($"epochs is {Epochs}, more than 0 is needed"));
        if (BatchTokens < Shape.Context)
            faults.Add($"a batch of {BatchTokens} tokens, at least one window of {Shape.Context} is needed");
        AddWarmupFault(faults);
        if (!(InitialDeviation > 0) || !float.IsFinite(InitialDeviation))
            faults.Add(FormattableString.Invariant($"the initial deviation is {InitialDeviation}, a positive number is needed"));
        AddGroupFault(faults);
        if (faults.Count > 0)
            throw new PursuitException(FaultKind.Option, $"pretrain: {string.Join("; ", faults)}.");
        Corpus.Validate();
        HeldOut?.Validate();
        if (Tokenizer is null)
            NewTokenizer.Validate();
    }
}
