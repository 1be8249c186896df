namespace Pursuit.Selection.Features;

/// <summary>Features that are others', for those who change a part of them. Whoever opened the others disposes of them.</summary>
/// <param name="inner">The others.</param>
internal abstract class ForwardedFeatures(IDenseFeatures inner) : IDenseFeatures
{
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
    public virtual FeatureTile Read(int block, int firstRow, int rows, Span<float> scratch) => inner.Read(block, firstRow, rows, scratch);

    /// <inheritdoc/>
    public virtual void Prefetch(int block, int firstRow, int rows) => inner.Prefetch(block, firstRow, rows);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        // Whoever opened the inner features disposes of them.
    }
}
