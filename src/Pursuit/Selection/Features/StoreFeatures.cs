using Pursuit.Storage;

namespace Pursuit.Selection.Features;

/// <summary>Features in a store of ours (docs/formats/feature-store.md): bf16 and int8 rows straight from the mapped shards.</summary>
internal sealed class StoreFeatures : IDenseFeatures
{
    private readonly FeatureStore _store;
    private readonly TensorType _type;
    private readonly float[][] _norms;
    private readonly float[][] _scales;

    /// <summary>Wraps an open store.</summary>
    /// <param name="store">Owned from here on.</param>
    /// <exception cref="PursuitException">
    /// The store's checkpoints differ in dimension, are scaled in a way that isn't known, or have more rows than a pool can.
    /// </exception>
    public StoreFeatures(FeatureStore store)
    {
        _store = store;
        var manifest = store.Manifest;
        _type = manifest.ElementType;
        var dimensions = manifest.Blocks.Select(b => b.Dim).Distinct().ToArray();
        if (dimensions.Length != 1)
            throw PursuitException.At(
                Name,
                $"blocks of {string.Join(", ", dimensions)} numbers",
                "the same number at every checkpoint",
                "Project every checkpoint to the same dimension.");
        if (manifest.Normalization is not ("none" or "row"))
            throw PursuitException.At(
                Name, $"normalisation '{manifest.Normalization}'", "'none' (vectors as they are) or 'row' (each divided by its norm)");
        if (manifest.Rows is < 1 or > int.MaxValue)
            throw PursuitException.At(Name, $"{manifest.Rows:N0} rows", $"1 to {int.MaxValue:N0}");
        Etabar = FeatureRows.Etabar(Name, [.. manifest.Blocks.Select(b => b.MeanLearningRate)], Checkpoints);
        _norms = Collect(store.Norms);
        _scales = manifest.Normalization == "row" ? _norms : [.. Enumerable.Repeat(Array.Empty<float>(), Checkpoints)];
        if (manifest.ElementType == TensorType.Int8) _scales = WithScales(Collect(store.Scales));
        FeatureRows.RefuseNonFinite(Name, _norms);
    }

    /// <inheritdoc/>
    public string Name => _store.Path;

    /// <inheritdoc/>
    public int Rows => (int)_store.Manifest.Rows;

    /// <inheritdoc/>
    public int Checkpoints => _store.Manifest.Blocks.Count;

    /// <inheritdoc/>
    public int Dimension => _store.Manifest.Blocks[0].Dim;

    /// <inheritdoc/>
    public int BytesPerElement => _type.Bits() / 8;

    /// <inheritdoc/>
    public IReadOnlyList<double> Etabar { get; }

    /// <inheritdoc/>
    public int ShardRows => FeatureManifest.ShardRows;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Norms(int checkpoint) => _norms[checkpoint];

    /// <inheritdoc/>
    public ReadOnlySpan<float> Scales(int checkpoint) => _scales[checkpoint];

    /// <inheritdoc/>
    public FeatureTile Read(int checkpoint, int firstRow, int rows, Span<float> scratch)
    {
        if (_type == TensorType.BFloat16)
        {
            var (shard, row) = Math.DivRem(firstRow, ShardRows);
            return new FeatureTile(_store.BFloat16Rows(shard, checkpoint).Slice(row * Dimension, rows * Dimension));
        }

        if (_type == TensorType.Int8)
        {
            var (shard, row) = Math.DivRem(firstRow, ShardRows);
            return new FeatureTile(_store.Int8Rows(shard, checkpoint).Slice(row * Dimension, rows * Dimension));
        }

        var tile = scratch[..(rows * Dimension)];
        _store.ReadRows(checkpoint, firstRow, rows, tile);
        return new FeatureTile(tile);
    }

    /// <inheritdoc/>
    public void Prefetch(int checkpoint, int firstRow, int rows) => _store.Prefetch(checkpoint, firstRow, rows);

    /// <inheritdoc/>
    public void Dispose() => _store.Dispose();

    /// <summary>A number per row and checkpoint out of every shard, [checkpoints][rows].</summary>
    private float[][] Collect(ShardNumbers numbers)
    {
        var all = new float[Checkpoints][];
        for (var checkpoint = 0; checkpoint < all.Length; checkpoint++) all[checkpoint] = new float[Rows];
        for (var shard = 0; shard < _store.Manifest.ShardCount; shard++)
        {
            var part = numbers(shard);
            for (var i = 0; i < part.Length; i++) all[i % Checkpoints][shard * ShardRows + i / Checkpoints] = part[i];
        }

        return all;
    }

    /// <summary>What stored bytes are multiplied by: their scale, times the norm where rows were divided by it.</summary>
    private float[][] WithScales(float[][] byteScales)
    {
        for (var checkpoint = 0; checkpoint < Checkpoints; checkpoint++)
            if (_scales[checkpoint].Length > 0)
                System.Numerics.Tensors.TensorPrimitives.Multiply(byteScales[checkpoint], _scales[checkpoint], byteScales[checkpoint]);
        return byteScales;
    }

    private delegate ReadOnlySpan<float> ShardNumbers(int shard);
}
