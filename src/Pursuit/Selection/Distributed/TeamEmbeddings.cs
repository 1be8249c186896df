using Pursuit.Selection.Features;

namespace Pursuit.Selection.Distributed;

/// <summary>A pool's embeddings whose passes several processes make, each over its own shards; to methods they are embeddings like any other.</summary>
internal sealed class TeamEmbeddings(IDenseFeatures inner, EmbeddingTeam team) : IDenseFeatures
{
    /// <summary>The processes.</summary>
    public EmbeddingTeam Team => team;

    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <inheritdoc/>
    public int Rows => inner.Rows;

    /// <inheritdoc/>
    public int Blocks => inner.Blocks;

    /// <inheritdoc/>
    public int Dimension => inner.Dimension;

    /// <inheritdoc/>
    public int BytesPerElement => inner.BytesPerElement;

    /// <inheritdoc/>
    public IReadOnlyList<double> Etabar => inner.Etabar;

    /// <inheritdoc/>
    public int ShardRows => inner.ShardRows;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Norms(int block) => inner.Norms(block);

    /// <inheritdoc/>
    public ReadOnlySpan<float> Scales(int block) => inner.Scales(block);

    /// <inheritdoc/>
    public FeatureTile Read(int block, int firstRow, int rows, Span<float> scratch) => inner.Read(block, firstRow, rows, scratch);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Whoever opened the inner embeddings disposes of them.
    }
}
