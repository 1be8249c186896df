using Pursuit.Selection.Features;

namespace Pursuit.Selection.Distributed;

/// <summary>A pool's embeddings whose passes several processes make, each over its own shards; to methods they are embeddings like any other.</summary>
internal sealed class TeamEmbeddings(IDenseFeatures inner, EmbeddingTeam team) : ForwardedFeatures(inner)
{
    /// <summary>The processes.</summary>
    public EmbeddingTeam Team => team;
}
