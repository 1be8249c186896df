using Pursuit.Data;
using Pursuit.Engine.Features;
using Pursuit.Engine.Kernels;
using Pursuit.Engine.Training;
using Pursuit.Jobs;
using Pursuit.Proof;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Engine.Proof;

/// <summary>Which methods' scores to hold against trainings, on what, and how the models are trained.</summary>
public sealed record ValidateOptions
{
    /// <summary>The candidates.</summary>
    public required PoolOptions Pool { get; init; }

    /// <summary>The files of target examples that scores are toward and losses are measured on, one per target. At least one.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>The model directory every training starts from.</summary>
    public required string Model { get; init; }

    /// <summary>The methods; random scores are added.</summary>
    public required IReadOnlyList<ProofMethod> Methods { get; init; }

    /// <summary>"NAME.option=value" pairs for all methods of that name.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

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

    /// <summary>Random examples of the pool that trainings draw on, at least 16; fewer where the pool has fewer. Default 600.</summary>
    public int Examples { get; init; } = 600;

    /// <summary>Random subsets of those, a training each, at least 4. Default 32.</summary>
    public int Subsets { get; init; } = 32;

    /// <summary>Share of the examples in each subset, 0 to 1, both excluded. Default one half.</summary>
    public double Share { get; init; } = 0.5;

    /// <summary>Share of the examples taken away for the loss difference, 0 to 1, both excluded. Default 0.05.</summary>
    public double Removed { get; init; } = 0.05;

    /// <summary>Passes over the examples of a training, at least 1. Default 2.</summary>
    public int Epochs { get; init; } = 2;

    /// <summary>Examples of a step, at least 1. Default 8.</summary>
    public int BatchExamples { get; init; } = 8;

    /// <summary>The highest learning rate, above 0, which falls to 0 along a line. Default 0.0003.</summary>
    public double LearningRate { get; init; } = 0.0003;

    /// <summary>Tokens an example is cut to. Null, the default: 2,048 or the model's longest, whichever is less.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Variables for the model's chat template, as "name=value"; none by default.</summary>
    public IReadOnlyList<string> TemplateSettings { get; init; } = [];

    /// <summary>How long it may take; subsets that don't fit are left out. Null: all.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>Seed of the subsets, of the trainings' order and of the intervals.</summary>
    public ulong Seed { get; init; }

    /// <summary>How batches are spread over threads. Default micro-batches of 256 tokens.</summary>
    public DecoderPoolOptions Workers { get; init; } = new() { MicroBatchTokens = 256 };

    /// <summary>Where models compute. Default: the processor.</summary>
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>The trainings as a proof's: the targets' examples are what is measured.</summary>
    internal ProveOptions Trainings => new()
    {
        Pool = Pool,
        Tests = Targets,
        Model = Model,
        Budgets = [new Budget(1, false, BudgetUnit.Rows)],
        Methods = Methods,
        FeaturesRun = FeaturesRun,
        FeatureOptions = FeatureOptions,
        EmbeddingOptions = EmbeddingOptions,
        Encoder = Encoder,
        Encoders = Encoders,
        EncoderOptions = EncoderOptions,
        Seeds = 1,
        FirstSeed = Seed,
        Use = ProofUse.Uniform,
        Epochs = Epochs,
        BatchExamples = BatchExamples,
        LearningRate = LearningRate,
        MaxLength = MaxLength,
        TemplateSettings = TemplateSettings,
        Generate = 0,
        Workers = Workers,
        Device = Device,
    };

    /// <summary>What the job reads; it writes its run alone.</summary>
    /// <exception cref="PursuitException">A path of records doesn't exist, or something is a pipe or a device.</exception>
    internal JobFiles Files() => new JobFiles()
        .ReadsRecords(ApiName.Pool, Pool.Paths)
        .ReadsRecords(ApiName.Target, Targets)
        .Reads(ApiName.Features, FeaturesRun)
        .ReadsModel(ApiName.Model, Model)
        .Reads(ApiName.Encoder, Encoder);

    /// <summary>Reports every fault in one message.</summary>
    /// <exception cref="PursuitException">A value is out of range, something is missing, or a method has no scores to validate.</exception>
    public void Validate()
    {
        if (Targets.Count == 0)
            throw new PursuitException([Fault.OfOption(ApiName.Target, "missing; scores are toward a target's examples")]);
        (Trainings with { Targets = Targets }).Validate();
        var faults = new List<Fault>();
        foreach (var method in Methods.Where(m => m.Name != ProofReport.Random && !IsAttributor(m)))
        {
            faults.Add(Fault.OfOption(
                ApiName.Methods, $"'{method.Name}', which gives examples no score toward each target example",
                $"of: {string.Join(", ", Possible)}"));
        }

        if (Methods.All(m => m.Name == ProofReport.Random))
            faults.Add(Fault.OfOption(ApiName.Methods, "none but random", $"at least one of: {string.Join(", ", Possible)}"));
        if (Examples < ValidationSample.FewestExamples)
            faults.Add(Fault.OfOption(ApiName.Examples, $"{Examples}", $"at least {ValidationSample.FewestExamples}"));
        if (Subsets < ValidationTrainings.FewestSubsets)
            faults.Add(Fault.OfOption(ApiName.Subsets, $"{Subsets}", $"at least {ValidationTrainings.FewestSubsets}"));
        if (!(Share is > 0 and < 1))
            faults.Add(Fault.OfOption(ApiName.Share, FormattableString.Invariant($"{Share}"), "a share between 0 and 1"));
        if (!(Removed is > 0 and < 1))
            faults.Add(Fault.OfOption(ApiName.Removed, FormattableString.Invariant($"{Removed}"), "a share between 0 and 1"));
        if (faults.Count > 0) throw new PursuitException(faults);
    }

    /// <summary>The methods whose scores can be validated.</summary>
    internal static IReadOnlyList<string> Possible { get; } =
        [.. MethodRegistry.Methods.Where(m => MethodRegistry.Create(m.Name) is IAttributor).Select(m => m.Name)];

    private static bool IsAttributor(ProofMethod method) => Possible.Contains(method.Name);
}
