namespace Pursuit.Engine.Training;

/// <summary>How a training runs, whatever it trains on.</summary>
internal sealed record TrainerOptions
{
    /// <summary>The learning rate of every step, and how many steps there are.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>AdamW's constants.</summary>
    public AdamWOptions Optimizer { get; init; } = new();

    /// <summary>How batches are spread over threads. The micro-batch decides how sums are grouped, so it is part of the result.</summary>
    public DecoderPoolOptions Workers { get; init; } = new();

    /// <summary>Steps between checkpoints, at least 1; null: none by steps.</summary>
    public long? CheckpointEverySteps { get; init; }

    /// <summary>Minutes between checkpoints, above 0; null: none by time. Default 5.</summary>
    public double? CheckpointEveryMinutes { get; init; } = 5;

    /// <summary>Steps done at the end of each epoch, ascending; a checkpoint is written there and kept. Default none.</summary>
    public IReadOnlyList<long> EpochEnds { get; init; } = [];

    /// <summary>Steps between evaluations on the held-out data, at least 1; null: at the end only.</summary>
    public long? EvaluateEverySteps { get; init; }

    /// <summary>Checkpoints kept besides those of epochs, at least 1. Default 2.</summary>
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>Reports every fault in one message.</summary>
    /// <exception cref="PursuitException">A value is out of range.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        Schedule.AddFaults(faults);
        Optimizer.AddFaults(faults);
        if (Schedule.Steps > int.MaxValue)
            faults.Add($"steps is {Schedule.Steps}, at most {int.MaxValue} are possible");
        if (CheckpointEverySteps < 1)
            faults.Add($"a checkpoint every {CheckpointEverySteps} steps, at least 1 is needed");
        if (CheckpointEveryMinutes is { } minutes && (!(minutes > 0) || !double.IsFinite(minutes)))
            faults.Add(FormattableString.Invariant($"a checkpoint every {minutes} minutes, a positive number is needed"));
        if (EpochEnds.Where((end, i) => end <= (i == 0 ? 0 : EpochEnds[i - 1]) || end > Schedule.Steps).Any())
            faults.Add($"epochs that end at steps {string.Join(", ", EpochEnds)}, rising numbers from 1 to {Schedule.Steps} are needed");
        if (EvaluateEverySteps < 1)
            faults.Add($"an evaluation every {EvaluateEverySteps} steps, at least 1 is needed");
        if (KeepCheckpoints < 1)
            faults.Add($"{KeepCheckpoints} checkpoints to keep, at least 1 is needed");
        if (faults.Count > 0)
            throw new PursuitException(FaultKind.Option, $"training: {string.Join("; ", faults)}.");
        Workers.Validate();
    }
}
