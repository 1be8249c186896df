using Pursuit.Selection.Features;

namespace Pursuit.Selection.Distributed;

/// <summary>
/// A pool's features whose passes several processes make, each over its own shards. To methods they are features like any other:
/// what reads them row by row reads them here, what scans, sums or gathers through <see cref="GradientRows"/> is shared out.
/// </summary>
internal sealed class TeamFeatures(IDenseFeatures inner, RowTeam team) : IDenseFeatures
{
    /// <summary>The processes.</summary>
    public RowTeam Team => team;

    /// <summary>The rows this process scans.</summary>
    public RowRange Own => team.Own;

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
    public void Prefetch(int block, int firstRow, int rows) => inner.Prefetch(block, firstRow, rows);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Whoever opened the inner features disposes of them.
    }
}
