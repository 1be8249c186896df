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
    public int Checkpoints => inner.Checkpoints;

    /// <inheritdoc/>
    public int Dimension => inner.Dimension;

    /// <inheritdoc/>
    public int BytesPerElement => inner.BytesPerElement;

    /// <inheritdoc/>
    public IReadOnlyList<double> Etabar => inner.Etabar;

    /// <inheritdoc/>
    public int ShardRows => inner.ShardRows;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Norms(int checkpoint) => inner.Norms(checkpoint);

    /// <inheritdoc/>
    public ReadOnlySpan<float> Scales(int checkpoint) => inner.Scales(checkpoint);

    /// <inheritdoc/>
    public virtual FeatureTile Read(int checkpoint, int firstRow, int rows, Span<float> scratch) =>
        inner.Read(checkpoint, firstRow, rows, scratch);

    /// <inheritdoc/>
    public virtual void Prefetch(int checkpoint, int firstRow, int rows) => inner.Prefetch(checkpoint, firstRow, rows);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        // Whoever opened the inner features disposes of them.
    }
}
