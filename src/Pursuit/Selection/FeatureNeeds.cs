namespace Pursuit.Selection;

/// <summary>What a method must be given besides the pool's content ids and the budget.</summary>
[Flags]
public enum FeatureNeeds
{
    /// <summary>Nothing more.</summary>
    None = 0,

    /// <summary>Each example's tokens and supervised tokens (a tokenizer, no model).</summary>
    TokenCounts = 1,

    /// <summary>The lengths of examples to imitate: the target's, or those of an earlier selection.</summary>
    ReferenceLengths = 2,

    /// <summary>The pool's gradient features.</summary>
    PoolGradients = 4,

    /// <summary>The target's gradient features.</summary>
    TargetGradients = 8,

    /// <summary>The target's gradient features where there is a target; without one the method works for the pool itself.</summary>
    OptionalTargetGradients = 16,

    /// <summary>The pool's embeddings.</summary>
    PoolEmbeddings = 32,

    /// <summary>The target's embeddings.</summary>
    TargetEmbeddings = 64,

    /// <summary>What the pool's examples say.</summary>
    PoolTexts = 1024,

    /// <summary>What the target's examples say.</summary>
    TargetTexts = 2048,

    /// <summary>Token statistics of the pool by a probe model.</summary>
    TokenStatistics = 4096,

    /// <summary>Token statistics with those of each answer alone: a model that knows conversations.</summary>
    AnswerStatistics = 8192,

    /// <summary>Token statistics of the pool by a second model, the reference.</summary>
    ReferenceStatistics = 16384,

    /// <summary>A judge model's answers to a question about each of the pool's examples.</summary>
    JudgeAnswers = 32768,

    /// <summary>Token statistics of the pool by every checkpoint of a training.</summary>
    TrajectoryStatistics = 65536,

    /// <summary>How much the gradients at each of the pool's examples' inputs vary over the checkpoints of a training.</summary>
    GradientVariances = 131072,
}

/// <summary>What a method's needs come to.</summary>
internal static class FeatureNeedsExtensions
{
    /// <summary>True where the method reads dense features of the pool, gradients or embeddings.</summary>
    public static bool ReadsFeatures(this FeatureNeeds needs) => (needs & (FeatureNeeds.PoolGradients | FeatureNeeds.PoolEmbeddings)) != 0;

    /// <summary>True where the method reads what models say of the pool.</summary>
    public static bool ReadsStatistics(this FeatureNeeds needs) =>
        (needs & (FeatureNeeds.TokenStatistics | FeatureNeeds.JudgeAnswers | FeatureNeeds.TrajectoryStatistics
            | FeatureNeeds.GradientVariances)) != 0;

    /// <summary>The kind of dense features that a method which reads some was made for.</summary>
    public static FeatureKind OwnKind(this FeatureNeeds needs) =>
        needs.HasFlag(FeatureNeeds.PoolEmbeddings) ? FeatureKind.Embedding : FeatureKind.Gradient;

    /// <summary>True where it can't do without such features of a target.</summary>
    public static bool NeedsTargetFeatures(this FeatureNeeds needs) =>
        (needs & (FeatureNeeds.TargetGradients | FeatureNeeds.TargetEmbeddings)) != 0;

    /// <summary>True where it reads such features of a target, if there is one.</summary>
    public static bool ReadsTargetFeatures(this FeatureNeeds needs) =>
        needs.NeedsTargetFeatures() || needs.HasFlag(FeatureNeeds.OptionalTargetGradients);
}
