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
public sealed record FineTuneOptions : TrainingJobOptions
{
    /// <summary>
    /// Options with a highest learning rate of 0.0003 that falls to 0 along a line, and AdamW with beta2 0.999 and no weight decay, as
    /// fine-tuning usually has it.
    /// </summary>
    public FineTuneOptions()
    {
        (LearningRate, Decay) = (0.0003, LearningRateDecay.Linear);
        Optimizer = new() { Beta2 = 0.999f, WeightDecay = 0 };
    }

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

    /// <summary>
    /// Tokens an example is cut to, 2 to the model's longest sequence. Null, the default: 2,048 or the model's longest, whichever is less.
    /// </summary>
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

    /// <summary>What the job reads and writes, beside its run.</summary>
    /// <exception cref="PursuitException">A path of records doesn't exist.</exception>
    internal JobFiles Files() => new JobFiles()
        .ReadsRecords(ApiName.Data, Data.Paths)
        .ReadsRecords(ApiName.HeldOut, HeldOut?.Paths ?? [])
        .Reads(ApiName.Selection, Selection)
        .ReadsModel(ApiName.Model, Model)
        .Reads(ApiName.Adapter, Adapter)
        .WritesInto(ApiName.Out, Out, ModelFiles.Names);

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
        AddWarmupFault(faults);
        AddGroupFault(faults);
        if (faults.Count > 0)
            throw new PursuitException(FaultKind.Option, $"train: {string.Join("; ", faults)}.");
        Lora?.Validate();
        Data.Validate();
        HeldOut?.Validate();
    }
}
