using Pursuit.Data;
using Pursuit.Selection.Features;

namespace Pursuit.Runs;

/// <summary>
/// Makes gradient features of examples, or finds those made before. Methods never call it: a job asks it for what a method
/// declares and hands over stores.
/// </summary>
public interface IGradientSource
{
    /// <summary>The pool's gradients, row by row in its canonical order; decides the trajectory that targets are described along.</summary>
    /// <exception cref="PursuitException">The model or the pool is unfit, or kept features belong to others; the message says what to do.</exception>
    ComputedGradients OfPool(Pool pool, CancellationToken cancellationToken);

    /// <summary>A target's gradients along the trajectory of a pool.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="target">The target's examples, of all its files.</param>
    /// <param name="cancellationToken">Stops between micro-batches; what is finished stays.</param>
    /// <exception cref="PursuitException">As of the pool; or no example of the target has an answer to learn.</exception>
    ComputedGradients OfTarget(Pool pool, Pool target, CancellationToken cancellationToken);
}

/// <summary>Gradient features, opened, with what they are.</summary>
/// <param name="Features">The features; whoever asked disposes of them.</param>
/// <param name="Fingerprint">Everything they depend on.</param>
/// <param name="Losses">What the examples lost where their gradients were taken.</param>
/// <param name="Report">How they were made.</param>
public sealed record ComputedGradients(IDenseFeatures Features, ExampleLosses Losses, string Fingerprint, GradientReport Report);

/// <summary>How gradient features were made, for summaries and reports.</summary>
public sealed record GradientReport
{
    /// <summary>Which gradients: factored, full or lora.</summary>
    public required string Kind { get; init; }

    /// <summary>none, symmetric or adam.</summary>
    public required string Preconditioning { get; init; }

    /// <summary>Numbers per example and checkpoint.</summary>
    public required int Dimension { get; init; }

    /// <summary>The checkpoints in order.</summary>
    public required IReadOnlyList<CheckpointReport> Checkpoints { get; init; }

    /// <summary>The warm-up's highest learning rate; null without a warm-up.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The pool rows the warm-up trained on.</summary>
    public IReadOnlyList<int> WarmupRows { get; init; } = [];

    /// <summary>Rows without an answer to learn, whose gradient is zero.</summary>
    public required int WithoutAnswer { get; init; }

    /// <summary>Tokens that went through the model, forward and backward, warm-up included.</summary>
    public required long Tokens { get; init; }

    /// <summary>Seconds of computing, over all processes that did a part.</summary>
    public required double Seconds { get; init; }

    /// <summary>Bytes of the store.</summary>
    public required long Bytes { get; init; }
}

/// <summary>One checkpoint of a trajectory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="MeanLearningRate">Its mean learning rate.</param>
/// <param name="MeanLoss">The examples' mean loss at it, in nats per answer token; null where the store doesn't say.</param>
/// <param name="CosineToPrevious">Mean cosine between examples' features here and at the checkpoint before; null for the first.</param>
/// <param name="EpsilonShare">Share of the coordinates where eps decides the preconditioning; null without one.</param>
public sealed record CheckpointReport(string Name, double MeanLearningRate, double? MeanLoss, double? CosineToPrevious, double? EpsilonShare);
