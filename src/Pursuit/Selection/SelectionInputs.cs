using Pursuit.Selection.Features;

namespace Pursuit.Selection;

/// <summary>Gradients, for methods that need <see cref="FeatureNeeds.PoolGradients"/>.</summary>
public sealed record GradientInputs
{
    /// <summary>The pool's gradients, row by row as <see cref="SelectionProblem.ContentIds"/>.</summary>
    public IDenseFeatures? Pool { get; init; }

    /// <summary>The target examples' gradients; null where a method may work without a target and there is none.</summary>
    public IDenseFeatures? Target { get; init; }

    /// <summary>
    /// The pool's losses along the trajectory its gradients were taken on; null where these were brought along or nothing needs them.
    /// </summary>
    public ExampleLosses? Losses { get; init; }
}

/// <summary>Embeddings, for methods that need <see cref="FeatureNeeds.PoolEmbeddings"/>.</summary>
public sealed record EmbeddingInputs
{
    /// <summary>The pool's embeddings, row by row as <see cref="SelectionProblem.ContentIds"/>.</summary>
    public IDenseFeatures? Pool { get; init; }

    /// <summary>The target examples' embeddings, for methods that need <see cref="FeatureNeeds.TargetEmbeddings"/>.</summary>
    public IDenseFeatures? Target { get; init; }
}

/// <summary>Texts, for methods that need <see cref="FeatureNeeds.PoolTexts"/>.</summary>
public sealed record TextInputs
{
    /// <summary>What the pool's examples say.</summary>
    public ITextFeatures? Pool { get; init; }

    /// <summary>What the target's examples say.</summary>
    public ITextFeatures? Target { get; init; }
}

/// <summary>What models say of the pool.</summary>
public sealed record StatisticsInputs
{
    /// <summary>What a probe model says of the pool's tokens, for methods that need <see cref="FeatureNeeds.TokenStatistics"/>.</summary>
    public ITokenStatistics? Pool { get; init; }

    /// <summary>What a reference model says of them, for methods that need <see cref="FeatureNeeds.ReferenceStatistics"/>.</summary>
    public ITokenStatistics? Reference { get; init; }

    /// <summary>What a judge answers about the pool's examples, for methods that need <see cref="FeatureNeeds.JudgeAnswers"/>.</summary>
    public JudgeAnswers? Judge { get; init; }

    /// <summary>
    /// What the checkpoints of a training say of the pool's tokens, the first one first, for methods that need
    /// <see cref="FeatureNeeds.TrajectoryStatistics"/>; null for none.
    /// </summary>
    public IReadOnlyList<ITokenStatistics>? Trajectory { get; init; }

    /// <summary>
    /// The variance over a training's checkpoints of the gradient at each example's inputs, [pool], NaN for an example without an answer;
    /// for methods that need <see cref="FeatureNeeds.GradientVariances"/>.
    /// </summary>
    public IReadOnlyList<float>? GradientVariances { get; init; }

    /// <summary>True where there is nothing.</summary>
    internal bool IsEmpty => Pool is null && Judge is null && Trajectory is null && GradientVariances is null;
}
