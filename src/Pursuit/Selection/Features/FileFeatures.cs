namespace Pursuit.Selection.Features;

/// <summary>Reads some rows of one checkpoint, converting into the scratch where need be.</summary>
internal delegate FeatureTile TileReader(int checkpoint, int firstRow, int rows, Span<float> scratch);

/// <summary>Features in files made elsewhere: a way to read tiles, with the norms computed on opening.</summary>
internal sealed class FileFeatures : IDenseFeatures
{
    private readonly TileReader _read;
    private readonly IDisposable _owner;
    private readonly float[][] _norms;

    /// <summary>Computes every row's norm, one pass.</summary>
    /// <param name="name">What messages call them.</param>
    /// <param name="shape">Checkpoints, rows, dimension.</param>
    /// <param name="bytesPerElement">Bytes of a number in the file.</param>
    /// <param name="read">Reads a tile.</param>
    /// <param name="owner">Disposed with the features.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    /// <exception cref="PursuitException">A row holds NaN or infinity.</exception>
    public FileFeatures(
        string name,
        (int Checkpoints, int Rows, int Dimension) shape,
        int bytesPerElement,
        TileReader read,
        IDisposable owner,
        CancellationToken cancellationToken)
    {
        _read = read;
        _owner = owner;
        Name = name;
        (Checkpoints, Rows, Dimension) = shape;
        BytesPerElement = bytesPerElement;
        Etabar = FeatureRows.Etabar(name, null, Checkpoints);
        _norms = FeatureRows.Norms(this, cancellationToken);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Checkpoints { get; }

    /// <inheritdoc/>
    public int Dimension { get; }

    /// <inheritdoc/>
    public int BytesPerElement { get; }

    /// <inheritdoc/>
    public IReadOnlyList<double> Etabar { get; }

    /// <inheritdoc/>
    public int ShardRows => FeatureRows.DefaultShardRows;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Norms(int checkpoint) => _norms[checkpoint];

    /// <inheritdoc/>
    public ReadOnlySpan<float> Scales(int checkpoint) => [];

    /// <inheritdoc/>
    public FeatureTile Read(int checkpoint, int firstRow, int rows, Span<float> scratch) => _read(checkpoint, firstRow, rows, scratch);

    /// <inheritdoc/>
    public void Dispose() => _owner.Dispose();
}
