namespace Pursuit.Selection.Features;

/// <summary>Reads some rows of one block, converting into the scratch where need be.</summary>
internal delegate FeatureTile TileReader(int block, int firstRow, int rows, Span<float> scratch);

/// <summary>Features in files made elsewhere: a way to read tiles, with the norms computed on opening.</summary>
internal sealed class FileFeatures : IDenseFeatures
{
    private readonly TileReader _read;
    private readonly IDisposable _owner;
    private readonly float[][] _norms;

    /// <summary>Computes every row's norm, one pass.</summary>
    /// <param name="name">What messages call them.</param>
    /// <param name="shape">Blocks, rows, dimension.</param>
    /// <param name="bytesPerElement">Bytes of a number in the file.</param>
    /// <param name="read">Reads a tile.</param>
    /// <param name="owner">Disposed with the features.</param>
    /// <param name="cancellationToken">Stops between shards.</param>
    /// <exception cref="PursuitException">A row holds NaN or infinity.</exception>
    public FileFeatures(string name, (int Blocks, int Rows, int Dimension) shape, int bytesPerElement, TileReader read, IDisposable owner, CancellationToken cancellationToken)
    {
        _read = read;
        _owner = owner;
        Name = name;
        (Blocks, Rows, Dimension) = shape;
        BytesPerElement = bytesPerElement;
        Etabar = FeatureRows.Etabar(name, null, Blocks);
        _norms = FeatureRows.Norms(this, cancellationToken);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Blocks { get; }

    /// <inheritdoc/>
    public int Dimension { get; }

    /// <inheritdoc/>
    public int BytesPerElement { get; }

    /// <inheritdoc/>
    public IReadOnlyList<double> Etabar { get; }

    /// <inheritdoc/>
    public int ShardRows => FeatureRows.DefaultShardRows;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Norms(int block) => _norms[block];

    /// <inheritdoc/>
    public ReadOnlySpan<float> Scales(int block) => [];

    /// <inheritdoc/>
    public FeatureTile Read(int block, int firstRow, int rows, Span<float> scratch) => _read(block, firstRow, rows, scratch);

    /// <inheritdoc/>
    public void Dispose() => _owner.Dispose();
}
