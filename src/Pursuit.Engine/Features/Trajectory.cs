namespace Pursuit.Engine.Features;

/// <summary>The states of a probe model along a warm-up, as a finished warm-up stage keeps them.</summary>
/// <param name="Checkpoints">The states in order.</param>
/// <param name="LearningRate">The highest learning rate; null: no warm-up, the model as it is.</param>
/// <param name="Trials">Held-out loss of each learning rate that was tried, in nats per answer token.</param>
/// <param name="WarmupRows">The pool rows that were trained on, ascending.</param>
/// <param name="Tokens">Tokens that went through the model.</param>
/// <param name="Seconds">Seconds it took.</param>
internal sealed record Trajectory(
    IReadOnlyList<TrajectoryPoint> Checkpoints,
    double? LearningRate,
    IReadOnlyList<RateTrial> Trials,
    IReadOnlyList<int> WarmupRows,
    long Tokens,
    double Seconds);

/// <summary>One state.</summary>
/// <param name="Name">Such as "epoch-1".</param>
/// <param name="Directory">Its directory within the stage; null: the model as it is.</param>
/// <param name="MeanLearningRate">The epoch's mean learning rate.</param>
internal sealed record TrajectoryPoint(string Name, string? Directory, double MeanLearningRate);

/// <summary>A learning rate and the loss it led to.</summary>
/// <param name="LearningRate">The highest learning rate.</param>
/// <param name="HeldOutLoss">Nats per answer token of examples that weren't trained on.</param>
internal sealed record RateTrial(double LearningRate, double HeldOutLoss);

/// <summary>A warm-up that is done.</summary>
/// <param name="Trajectory">Its checkpoints.</param>
/// <param name="Path">The stage's directory.</param>
/// <param name="Fingerprint">Everything it depends on.</param>
internal sealed record WarmedTrajectory(Trajectory Trajectory, string Path, string Fingerprint)
{
    /// <summary>A checkpoint's directory, counted from 0; null: the model as it is.</summary>
    public string? PathOf(int checkpoint) =>
        Trajectory.Checkpoints[checkpoint].Directory is { } own ? System.IO.Path.Combine(Path, own) : null;
}
