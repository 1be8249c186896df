namespace Pursuit.Selection.Features;

/// <summary>Features held in memory in single precision.</summary>
public sealed class MemoryFeatures : IDenseFeatures
{
    private readonly float[][] _blocks;
    private readonly float[][] _norms;

    /// <summary>Wraps matrices of projected gradients.</summary>
    /// <param name="name">What messages call them.</param>
    /// <param name="dimension">Numbers per row and block.</param>
    /// <param name="blocks">[blocks] of [rows, dimension], row-major; not copied.</param>
    /// <param name="etabar">The checkpoints' weights, scaled here to sum 1; null for equal ones.</param>
    /// <param name="shardRows">Rows per unit of parallel work.</param>
    /// <exception cref="PursuitException">Shapes disagree, a weight is negative, or a row holds NaN or infinity.</exception>
    public MemoryFeatures(string name, int dimension, float[][] blocks, IReadOnlyList<double>? etabar = null, int shardRows = FeatureRows.DefaultShardRows)
    {
        if (blocks.Length == 0 || dimension < 1 || blocks.Any(b => b.Length != blocks[0].Length || b.Length % dimension != 0))
            throw PursuitException.At(name, $"{blocks.Length} blocks of [{string.Join(", ", blocks.Select(b => b.Length))}] numbers", $"at least one block, all of rows x {dimension} numbers");
        Name = name;
        Dimension = dimension;
        Rows = blocks[0].Length / dimension;
        ShardRows = shardRows;
        _blocks = blocks;
        Etabar = FeatureRows.Etabar(name, etabar, blocks.Length);
        _norms = FeatureRows.Norms(this, CancellationToken.None);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Blocks => _blocks.Length;

    /// <inheritdoc/>
    public int Dimension { get; }

    /// <inheritdoc/>
    public int BytesPerElement => sizeof(float);

    /// <inheritdoc/>
    public IReadOnlyList<double> Etabar { get; }

    /// <inheritdoc/>
    public int ShardRows { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Norms(int block) => _norms[block];

    /// <inheritdoc/>
    public ReadOnlySpan<float> Scales(int block) => [];

    /// <inheritdoc/>
    public FeatureTile Read(int block, int firstRow, int rows, Span<float> scratch) =>
        new(_blocks[block].AsSpan(firstRow * Dimension, rows * Dimension));

    /// <inheritdoc/>
    public void Dispose()
    {
        // Plain arrays: nothing to give back.
    }
}
