using Pursuit.Data;
using Pursuit.Engine.Kernels;

namespace Pursuit.Engine.Training;

/// <summary>What a training from scratch and one that goes on from a model have in common; each brings its own defaults.</summary>
public abstract record TrainingJobOptions
{
    /// <summary>Held-out data that the model is evaluated on, or null.</summary>
    public PoolOptions? HeldOut { get; init; }

    /// <summary>
    /// A top-level text field of the held-out records that the evaluation is split by; null: "domain" or "source" where they have one.
    /// </summary>
    public string? GroupField { get; init; }

    /// <summary>The highest learning rate, above 0.</summary>
    public double LearningRate { get; init; }

    /// <summary>Share of the steps that warm up, 0 to 1. Default 0.03.</summary>
    public double Warmup { get; init; } = 0.03;

    /// <summary>How the learning rate falls.</summary>
    public LearningRateDecay Decay { get; init; }

    /// <summary>The last step's share of the highest learning rate, 0 to 1.</summary>
    public double FinalShare { get; init; }

    /// <summary>AdamW's constants.</summary>
    public AdamWOptions Optimizer { get; init; } = new();

    /// <summary>Seed of the order, and of first weights where they are drawn.</summary>
    public ulong Seed { get; init; }

    /// <summary>How batches are spread over threads.</summary>
    public DecoderPoolOptions Workers { get; init; } = new();

    /// <summary>Where it trains. Default: the processor.</summary>
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>Steps between checkpoints, besides those of epochs; null: none by steps.</summary>
    public long? CheckpointEverySteps { get; init; }

    /// <summary>Minutes between checkpoints, besides those of epochs; null: none by time. Default 5.</summary>
    public double? CheckpointEveryMinutes { get; init; } = 5;

    /// <summary>Steps between evaluations; null: at the end only.</summary>
    public long? EvaluateEverySteps { get; init; }

    /// <summary>How the training goes.</summary>
    /// <param name="steps">Its steps.</param>
    internal TrainerOptions ToTrainer(long steps) => new()
    {
        Schedule = new LearningRateSchedule
        {
            Peak = LearningRate,
            Steps = steps,
            WarmupSteps = (long)Math.Round(Warmup * steps),
            Decay = Decay,
            FinalShare = FinalShare,
        },
        Optimizer = Optimizer,
        Workers = Workers,
        CheckpointEverySteps = CheckpointEverySteps,
        CheckpointEveryMinutes = CheckpointEveryMinutes,
        EvaluateEverySteps = EvaluateEverySteps,
    };

    /// <summary>Names a warm-up out of range.</summary>
    private protected void AddWarmupFault(List<string> faults)
    {
        if (!(Warmup is >= 0 and <= 1))
            faults.Add(FormattableString.Invariant($"warm-up is {Warmup}, a share of 0 to 1 is needed"));
    }

    /// <summary>Names a field that splits nothing.</summary>
    private protected void AddGroupFault(List<string> faults)
    {
        if (GroupField is not null && HeldOut is null)
            faults.Add("a field to split the evaluation by, but no held-out data");
    }
}
