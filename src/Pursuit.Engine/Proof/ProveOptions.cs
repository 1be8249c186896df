using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Selection;

namespace Pursuit.Engine.Proof;

/// <summary>What of a selection a proof's trainings use.</summary>
public enum ProofUse
{
    /// <summary>Each example's weight is the factor on its loss.</summary>
    Weights,

    /// <summary>Each example is seen as often as its weight says, in as many steps as the others' epochs have.</summary>
    Repeats,

    /// <summary>Every chosen example counts alike.</summary>
    Uniform,
}

/// <summary>What to compare, on what, and how the models are trained.</summary>
public sealed record ProveOptions
{
    /// <summary>The candidates.</summary>
    public required PoolOptions Pool { get; init; }

    /// <summary>
    /// Per target, the file (or directory or glob) of examples that methods see; as many as <see cref="Tests"/>, or none.
    /// </summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>Per target, the file of examples that nothing but the final measurement sees. At least one.</summary>
    public required IReadOnlyList<string> Tests { get; init; }

    /// <summary>The model directory every training starts from; from scratch, the one that gives the shape and the tokenizer.</summary>
    public required string Model { get; init; }

    /// <summary>Trains new models on texts instead of tuning <see cref="Model"/> on answers. Default false.</summary>
    public bool FromScratch { get; init; }

    /// <summary>How much is chosen. At least one.</summary>
    public required IReadOnlyList<Budget> Budgets { get; init; }

    /// <summary>The methods; random, full and full-epoch are added.</summary>
    public required IReadOnlyList<ProofMethod> Methods { get; init; }

    /// <summary>"NAME.option=value" pairs for all methods of that name.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Features of the pool that were made elsewhere; null, the default, makes them within the run.</summary>
    public string? Features { get; init; }

    /// <summary>Features per target, beside <see cref="Features"/>; as many as <see cref="Targets"/>, or none.</summary>
    public IReadOnlyList<string> TargetFeatures { get; init; } = [];

    /// <summary>Another run whose features of the pool are used as they are; null makes them in this one.</summary>
    public string? FeaturesRun { get; init; }

    /// <summary>How gradient features are made.</summary>
    public GradientFeatureOptions FeatureOptions { get; init; } = new();

    /// <summary>How embeddings are made.</summary>
    public EmbeddingOptions EmbeddingOptions { get; init; } = new();

    /// <summary>The directory of the sentence encoder that methods with <c>on=encoder</c> compare by; null for none.</summary>
    public string? Encoder { get; init; }

    /// <summary>Reads <see cref="Encoder"/>, or the encoder of <see cref="FeaturesRun"/>; null where neither is needed.</summary>
    public IEncoderLoader? Encoders { get; init; }

    /// <summary>How an encoder's vectors are made.</summary>
    public EncoderOptions EncoderOptions { get; init; } = new();

    /// <summary>Seeds, 1 to 100. Default 3.</summary>
    public int Seeds { get; init; } = 3;

    /// <summary>
    /// Of the seeds, so many also train a whole epoch over everything, 0 to 100; with 0 nothing is compared with one. Null, the default:
    /// all of them.
    /// </summary>
    public int? EpochSeeds { get; init; }

    /// <summary>The first seed; the others follow it.</summary>
    public ulong FirstSeed { get; init; }

    /// <summary>
    /// What of the selections counts. Default weights; from scratch, where texts are packed together, uniform or repeats.
    /// </summary>
    public ProofUse Use { get; init; }

    /// <summary>
    /// Passes over the budget, at least 1; the steps follow from it. Default 4; from scratch 1 is usual, over the budget and over
    /// everything.
    /// </summary>
    public int Epochs { get; init; } = 4;

    /// <summary>Examples (from scratch: windows of <see cref="MaxLength"/> tokens) of a step, at least 1. Default 8.</summary>
    public int BatchExamples { get; init; } = 8;

    /// <summary>
    /// The highest learning rate, above 0. Default 0.0003, which falls to 0 along a line; from scratch 0.002 is usual, which falls to a
    /// tenth along a cosine.
    /// </summary>
    public double LearningRate { get; init; } = 0.0003;

    /// <summary>Share of the steps that warm up, 0 to 1. Default 0.03.</summary>
    public double Warmup { get; init; } = 0.03;

    /// <summary>
    /// Tokens an example is cut to, 8 to the model's longest. Null, the default: 2,048 or the model's longest, whichever is less.
    /// </summary>
    public int? MaxLength { get; init; }

    /// <summary>Variables for the model's chat template, as "name=value"; none by default.</summary>
    public IReadOnlyList<string> TemplateSettings { get; init; } = [];

    /// <summary>Answers to generate per test, from its first example on; 0 for none. Default 100.</summary>
    public int Generate { get; init; } = 100;

    /// <summary>How long it may take; seeds that don't fit are left out. Null: all seeds.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>Refuse, instead of warning, where the test stands in the pool or the target.</summary>
    public bool Strict { get; init; }

    /// <summary>
    /// How batches are spread over threads. Default micro-batches of 256 tokens, so that two threads share a small batch evenly.
    /// </summary>
    public DecoderPoolOptions Workers { get; init; } = new() { MicroBatchTokens = 256 };

    /// <summary>Where models compute. Default: the processor.</summary>
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>The methods with those that are always there, in the order of the tables.</summary>
    public IReadOnlyList<ProofMethod> AllMethods =>
    [
        .. Methods.Where(m => m.Label is not (ProofReport.Random or ProofReport.Full or ProofReport.FullEpoch)),
        ProofMethod.Parse(ProofReport.Random),
        ProofMethod.Parse(ProofReport.Full),
        .. EpochSeeds == 0 ? [] : (ProofMethod[])[ProofMethod.Parse(ProofReport.FullEpoch)],
    ];

    /// <summary>What the job reads; it writes its run alone.</summary>
    /// <exception cref="PursuitException">A path of records doesn't exist, or something is a pipe or a device.</exception>
    internal JobFiles Files()
    {
        var files = new JobFiles()
            .ReadsRecords(ApiName.Pool, Pool.Paths).ReadsRecords(ApiName.Target, Targets).ReadsRecords(ApiName.Test, Tests).Reads(
                ApiName.Features, Features ?? FeaturesRun).ReadsModel(ApiName.Model, Model).Reads(ApiName.Encoder, Encoder);
        foreach (var features in TargetFeatures) files.Reads(ApiName.TargetFeatures, features);
        return files;
    }

    /// <summary>What is wrong with the encoder for some methods; null where nothing is.</summary>
    internal Fault? EncoderFault(IReadOnlyList<ProofMethod> methods)
    {
        var encoded = methods.FirstOrDefault(m => m.On?.Kind == FeatureKind.Encoder);
        return encoded is not null && (Encoder, FeaturesRun) is (null, null)
            ? Fault.OfOption(ApiName.Encoder, $"missing; '{encoded.Label}' compares by an encoder's vectors")
            : encoded is null && Encoder is not null && FeaturesRun is null
            ? Fault.OfOption(ApiName.Encoder, "given, and no method works on it", "a method such as rds:on=encoder")
            : null;
    }

    /// <summary>Reports every fault in one message.</summary>
    /// <exception cref="PursuitException">A value is out of range, or something is missing.</exception>
    public void Validate()
    {
        Pool.Validate();
        Workers.Validate();
        FeatureOptions.Validate();
        EmbeddingOptions.Validate();
        EncoderOptions.Validate();
        foreach (var method in Methods)
        {
            ProofFeatures.Changed(FeatureOptions, method).Validate();
            ProofFeatures.Changed(EmbeddingOptions, method).Validate();
            ProofFeatures.Changed(EncoderOptions, method).Validate();
        }

        var faults = new List<Fault>();
        if (Tests.Count == 0) faults.Add(Fault.OfOption(ApiName.Test, "missing; what nothing else has seen is needed to judge by"));
        if (Budgets.Count == 0) faults.Add(Fault.OfOption(ApiName.Budget, "missing"));
        if (Targets.Count > 0 && Targets.Count != Tests.Count)
        {
            faults.Add(Fault.OfOption(
                ApiName.Target, $"{Targets.Count} for {Tests.Count} of {ApiName.Test}", "one of each per target, in the same order"));
        }

        if (Targets.Count == 0 && Methods.Where(m => m.NeedsTarget).Select(m => m.Label).ToArray() is { Length: > 0 } lacking)
        {
            faults.Add(Fault.OfOption(
                ApiName.Target, $"missing; {string.Join(", ", lacking.Select(l => $"'{l}'"))} can't choose without one"));
        }

        foreach (var (option, path) in TargetFeatures.Select(path => (ApiName.TargetFeatures, path)).Prepend((ApiName.Features, Features!)))
        {
            if (path is null || File.Exists(path) || Directory.Exists(path)) continue;
            faults.Add(
                new(FaultKind.Storage, option, $"no file or directory '{path}'", $"features, or the run of {ApiName.ModelFeatures}"));
        }

        if (Features is null && TargetFeatures.Count > 0)
        {
            faults.Add(Fault.OfOption(
                ApiName.TargetFeatures,
                $"given without {ApiName.Features}; a target's features are of use beside the pool's, made in the same way"));
        }

        if (Features is not null && Targets.Count > 0 && TargetFeatures.Count == 0)
        {
            faults.Add(Fault.OfOption(
                ApiName.TargetFeatures,
                $"missing beside {ApiName.Features}; the targets' features must be made as the pool's were (docs/formats/features.md)"));
        }

        if (TargetFeatures.Count > 0 && TargetFeatures.Count != Targets.Count)
        {
            faults.Add(Fault.OfOption(
                ApiName.TargetFeatures, $"{TargetFeatures.Count} for {Targets.Count} of {ApiName.Target}",
                "one per target, in the same order"));
        }

        foreach (var method in Methods.Where(m => m.FeatureSettings.Count > 0 && (Features ?? FeaturesRun) is not null))
        {
            faults.Add(Fault.OfOption(
                ApiName.Methods,
                $"'{method.Label}' with {ApiName.Features}, which are made already",
                $"no options of features, or no {ApiName.Features}"));
        }

        var isAuto = Methods.Any(m => m.IsAuto);
        if (EncoderFault(isAuto ? [.. Methods, .. AutoOptions.Of(Settings).Candidates(FeaturesRun)] : Methods) is { } unfit)
            faults.Add(unfit);
        if (isAuto && Features is not null)
        {
            faults.Add(Fault.OfOption(
                ApiName.Features,
                $"features made elsewhere, with '{ProofMethod.Auto}', which needs those of halves of a target",
                $"a run of {ApiName.ModelFeatures}, or nothing"));
        }
        if (Methods.GroupBy(m => m.Label).FirstOrDefault(g => g.Count() > 1) is { } twice)
            faults.Add(Fault.OfOption(ApiName.Methods, $"'{twice.Key}' twice"));
        if (Budgets.GroupBy(b => b.ToString()).FirstOrDefault(g => g.Count() > 1) is { } same)
            faults.Add(Fault.OfOption(ApiName.Budget, $"{same.Key} twice"));
        if (FromScratch && Use == ProofUse.Weights)
        {
            faults.Add(Fault.OfOption(
                ApiName.Use, $"weights with {ApiName.FromScratch}",
                "uniform or repeats, since texts packed together have no loss of their own"));
        }

        if (Seeds is < 1 or > 100) faults.Add(Fault.OfOption(ApiName.Seeds, $"{Seeds}", "1 to 100"));
        if (EpochSeeds is < 0 || EpochSeeds > Seeds)
            faults.Add(Fault.OfOption(ApiName.EpochSeeds, $"{EpochSeeds}", $"0 to {Seeds}, the seeds"));
        if (Epochs < 1) faults.Add(Fault.OfOption(ApiName.Epochs, $"{Epochs}", "at least 1"));
        if (BatchExamples < 1) faults.Add(Fault.OfOption(ApiName.Batch, $"{BatchExamples}", "at least 1"));
        if (!(LearningRate > 0) || !double.IsFinite(LearningRate))
            faults.Add(Fault.OfOption(ApiName.LearningRate, FormattableString.Invariant($"{LearningRate}"), "a number above 0"));
        if (!(Warmup is >= 0 and <= 1))
            faults.Add(Fault.OfOption(ApiName.Warmup, FormattableString.Invariant($"{Warmup}"), "a share of 0 to 1"));
        if (MaxLength < 8) faults.Add(Fault.OfOption(ApiName.MaxLength, $"{MaxLength}", "at least 8"));
        if (Generate < 0) faults.Add(Fault.OfOption(ApiName.Generate, $"{Generate}", "0 or more"));
        if (Time is { } time && time <= TimeSpan.Zero)
            faults.Add(Fault.OfOption(ApiName.Time, $"{time}", "more than nothing"));
        if (faults.Count > 0) throw new PursuitException(faults);
    }
}
