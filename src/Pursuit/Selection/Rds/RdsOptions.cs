using System.ComponentModel;

namespace Pursuit.Selection.Rds;

/// <summary>Options of <c>rds</c> and <c>rds-round-robin</c>.</summary>
public sealed record RdsOptions
{
    /// <summary>How alike two embeddings are. Default: <see cref="RdsSimilarity.Cosine"/>.</summary>
    [Description("how alike two embeddings are: cosine, or dot (their lengths count)")]
    public RdsSimilarity Similarity { get; init; } = RdsSimilarity.Cosine;
}

/// <summary>How alike two embeddings are.</summary>
public enum RdsSimilarity
{
    /// <summary>Their cosine.</summary>
    Cosine,

    /// <summary>Their inner product.</summary>
    Dot,
}
