namespace Pursuit.Selection;

/// <summary>Kinds of dense features a probe model gives.</summary>
public enum FeatureKind
{
    /// <summary>Gradient trajectories.</summary>
    Gradient,

    /// <summary>Embeddings.</summary>
    Embedding,
}
