namespace Pursuit.Selection.Features;

/// <summary>Some rows of other features in another order: unique examples out of features that have a row per input row.</summary>
internal sealed class RemappedFeatures : IDenseFeatures
{
    private readonly IDenseFeatures _inner;
    private readonly int[] _rows;
    private readonly float[][] _norms;
    private readonly float[][] _scales;

    /// <summary>Row i here is row <paramref name="rows"/>[i] there.</summary>
    /// <param name="inner">Owned from here on.</param>
    /// <param name="rows">Rows of the inner features.</param>
    public RemappedFeatures(IDenseFeatures inner, int[] rows)
    {
        _inner = inner;
        _rows = rows;
        _norms = [.. Enumerable.Range(0, inner.Checkpoints).Select(b => Pick(inner.Norms(b)))];
        _scales = [.. Enumerable.Range(0, inner.Checkpoints).Select(b => inner.Scales(b).IsEmpty ? [] : Pick(inner.Scales(b)))];
    }

    /// <inheritdoc/>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public int Rows => _rows.Length;

    /// <inheritdoc/>
    public int Checkpoints => _inner.Checkpoints;

    /// <inheritdoc/>
    public int Dimension => _inner.Dimension;

    /// <inheritdoc/>
    public int BytesPerElement => _inner.BytesPerElement;

    /// <inheritdoc/>
    public IReadOnlyList<double> Etabar => _inner.Etabar;

    /// <inheritdoc/>
    public int ShardRows => FeatureRows.DefaultShardRows;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Norms(int checkpoint) => _norms[checkpoint];

    /// <inheritdoc/>
    public ReadOnlySpan<float> Scales(int checkpoint) => _scales[checkpoint];

    /// <inheritdoc/>
    public FeatureTile Read(int checkpoint, int firstRow, int rows, Span<float> scratch)
    {
        // Duplicates are few: most tiles are a run of the inner rows, and of one of its shards.
        var (first, last) = (_rows[firstRow], _rows[firstRow + rows - 1]);
        if (last - first == rows - 1 && first / _inner.ShardRows == last / _inner.ShardRows && IsRun(firstRow, rows))
            return _inner.Read(checkpoint, first, rows, scratch);
        var room = new float[Dimension];
        for (var r = 0; r < rows; r++)
            FeatureRows.CopyRow(_inner.Read(checkpoint, _rows[firstRow + r], 1, room), 0, scratch.Slice(r * Dimension, Dimension));
        return new FeatureTile(scratch[..(rows * Dimension)]);
    }

    /// <inheritdoc/>
    public void Prefetch(int checkpoint, int firstRow, int rows)
    {
        // Rows here that lie within one shard there, as nearly all do; across shards each fetches its own rows when it comes to them.
        var (first, last) = (_rows[firstRow], _rows[firstRow + rows - 1]);
        if (last >= first && first / _inner.ShardRows == last / _inner.ShardRows) _inner.Prefetch(checkpoint, first, last - first + 1);
    }

    /// <inheritdoc/>
    public void Dispose() => _inner.Dispose();

    private bool IsRun(int first, int rows)
    {
        for (var r = 1; r < rows; r++)
            if (_rows[first + r] != _rows[first] + r) return false;
        return true;
    }

    private float[] Pick(ReadOnlySpan<float> values)
    {
        var picked = new float[_rows.Length];
        for (var i = 0; i < picked.Length; i++) picked[i] = values[_rows[i]];
        return picked;
    }
}
