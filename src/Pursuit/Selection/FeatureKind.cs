namespace Pursuit.Selection;

/// <summary>Kinds of dense features that models give.</summary>
public enum FeatureKind
{
    /// <summary>Gradient trajectories.</summary>
    Gradient,

    /// <summary>Embeddings.</summary>
    Embedding,

    /// <summary>Vectors of a sentence encoder, which serve where embeddings do.</summary>
    Encoder,
}
