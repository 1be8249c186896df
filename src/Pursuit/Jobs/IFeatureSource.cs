using Pursuit.Data;
using Pursuit.Selection;
using Pursuit.Selection.Features;

namespace Pursuit.Jobs;

/// <summary>
/// Makes features of one kind, or finds those made before. Methods never call it: a job asks it for what a method declares and
/// hands over stores.
/// </summary>
public interface IFeatureSource
{
    /// <summary>The kind of features it makes.</summary>
    FeatureKind Kind { get; }

    /// <summary>
    /// Blocks and numbers per block that the features will have, about, before any is made; null where that can't be told.
    /// </summary>
    (int Blocks, int Dimension)? Shape => null;

    /// <summary>
    /// The pool's features, row by row in its canonical order; of gradients they decide the trajectory that targets are described along.
    /// </summary>
    /// <exception cref="PursuitException">
    /// The model or the pool is unfit, or kept features belong to others; the message says what to do.
    /// </exception>
    ComputedFeatures OfPool(Pool pool, CancellationToken cancellationToken);

    /// <summary>Makes this process's share of the pool's features, and completes them where it is the last to come.</summary>
    /// <returns>How they were made; null where other processes have shards still to make.</returns>
    /// <exception cref="PursuitException">As of <see cref="OfPool"/>.</exception>
    FeatureReport? MakeShare(Pool pool, CancellationToken cancellationToken);

    /// <summary>A target's features, made as those of a pool.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="target">The target's examples, of all its files.</param>
    /// <param name="cancellationToken">Stops between micro-batches; what is finished stays.</param>
    /// <exception cref="PursuitException">As of the pool; or no example of the target gives a feature.</exception>
    ComputedFeatures OfTarget(Pool pool, Pool target, CancellationToken cancellationToken);
}

/// <summary>Features, opened, with what they are.</summary>
/// <param name="Features">The features; whoever asked disposes of them.</param>
/// <param name="Fingerprint">Everything they depend on.</param>
/// <param name="Report">How they were made.</param>
/// <param name="Losses">What the examples lost where their gradients were taken; null for other features.</param>
public sealed record ComputedFeatures(IDenseFeatures Features, string Fingerprint, FeatureReport Report, ExampleLosses? Losses = null);
