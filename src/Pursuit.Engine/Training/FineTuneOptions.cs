using Pursuit.Data;
using Pursuit.Engine.Adapters;
using Pursuit.Engine.Models;
using Pursuit.Jobs;

namespace Pursuit.Engine.Training;

/// <summary>What a selection's facts mean to a training.</summary>
public enum SelectionUse
{
    /// <summary>Each example's weight is the factor on its loss.</summary>
    Weights,

    /// <summary>Each example is seen as often as its repeats say, with equal weight.</summary>
    Repeats,
}

/// <summary>Which model to train further, on what, and how.</summary>
public sealed record FineTuneOptions
{
    /// <summary>The examples: loss on the assistant's words, or on all of a text.</summary>
    public required PoolOptions Data { get; init; }

    /// <summary>The model directory to start from.</summary>
    public required string Model { get; init; }

    /// <summary>New adapters to train instead of the model's weights, or null.</summary>
    public LoraOptions? Lora { get; init; }

    /// <summary>A directory with adapters in PEFT's layout to train further instead of the model's weights, or null.</summary>
    public string? Adapter { get; init; }

    /// <summary>The directory that gets the trained model, or the trained adapters.</summary>
    public required string Out { get; init; }

    /// <summary>The <c>.selection.jsonl</c> of the examples, or null: every example counts alike.</summary>
    public string? Selection { get; init; }

    /// <summary>What the selection's facts mean. Default weights.</summary>
    public SelectionUse SelectionUse { get; init; } = SelectionUse.Weights;

    /// <summary>Held-out examples the model is evaluated on, or null.</summary>
    public PoolOptions? HeldOut { get; init; }

    /// <summary>A top-level text field of the held-out records that the evaluation is split by; null: "domain" or "source" where they have one.</summary>
    public string? GroupField { get; init; }

    /// <summary>Tokens an example is cut to, 2 to the model's longest sequence. Null, the default: 2,048 or the model's longest, whichever is less.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Variables for the model's chat template, as "name=value"; none by default.</summary>
    public IReadOnlyList<string> TemplateSettings { get; init; } = [];

    /// <summary>Passes over the examples, at least 1, where <see cref="Steps"/> isn't given. Default 1.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Steps, at least 1; null: by epochs.</summary>
    public long? Steps { get; init; }

    /// <summary>Examples of a batch, at least 1. Default 32; ignored where <see cref="BatchTokens"/> is given.</summary>
    public int BatchExamples { get; init; } = 32;

    /// <summary>Most tokens of a batch, at least 1; null: batches of a number of examples.</summary>
    public int? BatchTokens { get; init; }

    /// <summary>How the examples' losses make the objective. Default the mean over examples of each one's mean.</summary>
    public LossReduction Reduction { get; init; } = LossReduction.ExampleMean;

    /// <summary>The highest learning rate, above 0. Default 0.0003.</summary>
    public double LearningRate { get; init; } = 0.0003;

    /// <summary>Share of the steps that warm up, 0 to 1. Default 0.03.</summary>
    public double Warmup { get; init; } = 0.03;

    /// <summary>How the learning rate falls. Default a line.</summary>
    public LearningRateDecay Decay { get; init; } = LearningRateDecay.Linear;

    /// <summary>The last step's share of the highest learning rate, 0 to 1. Default 0.</summary>
    public double FinalShare { get; init; }

    /// <summary>AdamW's constants. Default beta2 0.999 and no weight decay, as fine-tuning usually has them.</summary>
    public AdamWOptions Optimizer { get; init; } = new() { Beta2 = 0.999f, WeightDecay = 0 };

    /// <summary>Seed of the order.</summary>
    public ulong Seed { get; init; }

    /// <summary>How batches are spread over threads.</summary>
    public DecoderPoolOptions Workers { get; init; } = new();

    /// <summary>Steps between checkpoints besides those of epochs; null: none by steps.</summary>
    public long? CheckpointEverySteps { get; init; }

    /// <summary>Minutes between checkpoints besides those of epochs; null: none by time. Default 5.</summary>
    public double? CheckpointEveryMinutes { get; init; } = 5;

    /// <summary>Steps between evaluations; null: at the end only.</summary>
    public long? EvaluateEverySteps { get; init; }

    /// <summary>What the job reads and writes, beside its run.</summary>
    /// <exception cref="PursuitException">A path of records doesn't exist.</exception>
    public JobFiles Files() => new JobFiles()
        .ReadsRecords("--data", Data.Paths)
        .ReadsRecords("--heldout", HeldOut?.Paths ?? [])
        .Reads("--selection", Selection)
        .ReadsModel("--model", Model)
        .Reads("--adapter", Adapter)
        .WritesInto("--out", Out, ModelFiles.Names);

    /// <summary>Reports every fault in one message.</summary>
    /// <exception cref="PursuitException">A value is out of range.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (string.IsNullOrWhiteSpace(Model))
            faults.Add("no model was given");
        if (string.IsNullOrWhiteSpace(Out))
            faults.Add("no directory for the trained model was given");
        if (Lora is not null && Adapter is not null)
            faults.Add($"new adapters and those of {Adapter} at once, which have their own rank and modules");
        if (MaxLength < 2)
            faults.Add($"the maximum length is {MaxLength}, at least 2 is needed");
        if (Epochs < 1)
            faults.Add($"epochs is {Epochs}, at least 1 is needed");
        if (Steps < 1)
            faults.Add($"steps is {Steps}, at least 1 is needed");
        if (BatchExamples < 1)
            faults.Add($"a batch of {BatchExamples} examples, at least 1 is needed");
        if (BatchTokens < 1)
            faults.Add($"a batch of {BatchTokens} tokens, at least 1 is needed");
        if (!(Warmup is >= 0 and <= 1))
            faults.Add(FormattableString.Invariant($"warm-up is {Warmup}, a share of 0 to 1 is needed"));
        if (GroupField is not null && HeldOut is null)
            faults.Add("a field to split the evaluation by, but no held-out data");
        if (faults.Count > 0)
            throw new PursuitException($"train: {string.Join("; ", faults)}.");
        Lora?.Validate();
        Data.Validate();
        HeldOut?.Validate();
    }
}
