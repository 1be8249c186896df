namespace Pursuit.Engine.Training;

/// <summary>AdamW with decoupled weight decay (Loshchilov and Hutter, 2019).</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the first moment, in [0, 1). Default 0.9.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>
    /// Decay of the second moment, in [0, 1). Default 0.95, as decoders are trained from scratch; 0.999 suits fine-tuning.
    /// </summary>
    public float Beta2 { get; init; } = 0.95f;

    /// <summary>Added to the root of the second moment. Above 0; default 1e-8.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>
    /// Share of a matrix that a learning rate of 1 would take away per step; vectors don't decay. 0 or more; default 0.1.
    /// </summary>
    public float WeightDecay { get; init; } = 0.1f;

    /// <summary>
    /// The gradient's largest Euclidean norm over all tensors; longer ones are scaled down to it. Above 0, or null for none. Default 1.
    /// </summary>
    public double? ClipNorm { get; init; } = 1;

    internal void AddFaults(List<string> faults)
    {
        if (!(Beta1 is >= 0 and < 1))
            faults.Add(FormattableString.Invariant($"beta1 is {Beta1}, 0 up to but not 1 is needed"));
        if (!(Beta2 is >= 0 and < 1))
            faults.Add(FormattableString.Invariant($"beta2 is {Beta2}, 0 up to but not 1 is needed"));
        if (!(Epsilon > 0) || !float.IsFinite(Epsilon))
            faults.Add(FormattableString.Invariant($"epsilon is {Epsilon}, a positive number is needed"));
        if (!(WeightDecay >= 0) || !float.IsFinite(WeightDecay))
            faults.Add(FormattableString.Invariant($"weight decay is {WeightDecay}, 0 or more is needed"));
        if (ClipNorm is { } norm && (!(norm > 0) || !double.IsFinite(norm)))
            faults.Add(FormattableString.Invariant($"clip norm is {norm}, a positive number is needed"));
    }
}
