using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Tokenization.Training;

namespace Pursuit.Engine.Training;

/// <summary>What to train from scratch, on what, and how.</summary>
public sealed record PretrainOptions
{
    /// <summary>The corpus: records with a text each.</summary>
    public required PoolOptions Corpus { get; init; }

    /// <summary>Held-out texts the model is evaluated on at the end, or null.</summary>
    public PoolOptions? HeldOut { get; init; }

    /// <summary>A top-level text field of the held-out records that the evaluation is split by; null: "domain" or "source" where they have one.</summary>
    public string? GroupField { get; init; }

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

    /// <summary>The highest learning rate, above 0. Default 0.002.</summary>
    public double LearningRate { get; init; } = 0.002;

    /// <summary>Share of the steps that warm up, 0 to 1. Default 0.03.</summary>
    public double Warmup { get; init; } = 0.03;

    /// <summary>How the learning rate falls. Default a cosine.</summary>
    public LearningRateDecay Decay { get; init; } = LearningRateDecay.Cosine;

    /// <summary>The last step's share of the highest learning rate, 0 to 1. Default 0.1.</summary>
    public double FinalShare { get; init; } = 0.1;

    /// <summary>AdamW's constants.</summary>
    public AdamWOptions Optimizer { get; init; } = new();

    /// <summary>Standard deviation of the first weights, above 0. Default 0.02.</summary>
    public float InitialDeviation { get; init; } = 0.02f;

    /// <summary>Seed of the first weights and of the order.</summary>
    public ulong Seed { get; init; }

    /// <summary>How batches are spread over threads.</summary>
    public DecoderPoolOptions Workers { get; init; } = new() { MicroBatchTokens = 2048 };

    /// <summary>Steps between checkpoints; null: none by steps.</summary>
    public long? CheckpointEverySteps { get; init; }

    /// <summary>Minutes between checkpoints; null: none by time. Default 5.</summary>
    public double? CheckpointEveryMinutes { get; init; } = 5;

    /// <summary>Steps between evaluations; null: at the end only.</summary>
    public long? EvaluateEverySteps { get; init; }

    /// <summary>What the job reads and writes, beside its run.</summary>
    /// <exception cref="PursuitException">A path of records doesn't exist.</exception>
    public JobFiles Files() => new JobFiles()
        .ReadsRecords("--data", Corpus.Paths)
        .ReadsRecords("--heldout", HeldOut?.Paths ?? [])
        .Reads("--tokenizer", Tokenizer)
        .WritesInto("--out", Out, ModelFiles.Names);

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
        if (!(Warmup is >= 0 and <= 1))
            faults.Add(FormattableString.Invariant($"warm-up is {Warmup}, a share of 0 to 1 is needed"));
        if (!(InitialDeviation > 0) || !float.IsFinite(InitialDeviation))
            faults.Add(FormattableString.Invariant($"the initial deviation is {InitialDeviation}, a positive number is needed"));
        if (GroupField is not null && HeldOut is null)
            faults.Add("a field to split the evaluation by, but no held-out data");
        if (faults.Count > 0)
            throw new PursuitException($"pretrain: {string.Join("; ", faults)}.");
        Corpus.Validate();
        HeldOut?.Validate();
        if (Tokenizer is null)
            NewTokenizer.Validate();
    }
}
