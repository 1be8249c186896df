namespace Pursuit.Engine.Training;

/// <summary>How the learning rate falls after its warm-up.</summary>
public enum LearningRateDecay
{
    /// <summary>Half a cosine.</summary>
    Cosine,

    /// <summary>A straight line.</summary>
    Linear,

    /// <summary>Not at all.</summary>
    Constant,
}

/// <summary>
/// The learning rate of every step: a straight rise to the peak over the warm-up, then a fall to
/// <see cref="FinalShare"/> of the peak at the last step.
/// </summary>
internal sealed record LearningRateSchedule
{
    /// <summary>The highest learning rate, reached at the warm-up's last step. Above 0.</summary>
    public required double Peak { get; init; }

    /// <summary>Steps in all, at least 1.</summary>
    public required long Steps { get; init; }

    /// <summary>Steps of the warm-up, 0 to <see cref="Steps"/>. Default 0.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>How it falls. Default a cosine.</summary>
    public LearningRateDecay Decay { get; init; } = LearningRateDecay.Cosine;

    /// <summary>The last step's share of the peak, 0 to 1. Default 0.1.</summary>
    public double FinalShare { get; init; } = 0.1;

    /// <summary>The learning rate of a step.</summary>
    /// <param name="step">The step, from 0.</param>
    public double At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, Steps);
        if (step < WarmupSteps)
            return Peak * (step + 1) / WarmupSteps;
        if (Decay == LearningRateDecay.Constant || Steps == 1)
            return Peak;
        // The warm-up's last step is the fall's first point, so that the peak isn't held for two steps.
        var start = Math.Max(WarmupSteps - 1, 0);
        var progress = (double)(step - start) / (Steps - 1 - start);
        var share = Decay == LearningRateDecay.Linear ? 1 - progress : (1 + Math.Cos(Math.PI * progress)) / 2;
        return Peak * (FinalShare + (1 - FinalShare) * share);
    }

    /// <summary>The mean over steps <paramref name="first"/> to <paramref name="end"/> - 1.</summary>
    public double Mean(long first, long end)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(first, end);
        var sum = 0.0;
        for (var step = first; step < end; step++)
            sum += At(step);
        return sum / (end - first);
    }

    internal void AddFaults(List<string> faults)
    {
        if (!(Peak > 0) || !double.IsFinite(Peak))
            faults.Add(FormattableString.Invariant($"learning rate is {Peak}, a positive number is needed"));
        if (Steps < 1)
            faults.Add($"steps is {Steps}, at least 1 is needed");
        if (WarmupSteps < 0 || WarmupSteps > Math.Max(Steps, 0))
            faults.Add($"warm-up is {WarmupSteps} of {Steps} steps, 0 to all of them are possible");
        if (!(FinalShare is >= 0 and <= 1))
            faults.Add(FormattableString.Invariant($"final share is {FinalShare}, 0 to 1 is needed"));
        if (!Enum.IsDefined(Decay))
            faults.Add($"decay is {(int)Decay}, one of {string.Join(", ", Enum.GetNames<LearningRateDecay>())} is needed");
    }
}
