namespace Pursuit.Selection.Features;

/// <summary>Features held in memory in single precision.</summary>
public sealed class MemoryFeatures : IDenseFeatures
{
    private readonly float[][] _checkpoints;
    private readonly float[][] _norms;

    /// <summary>Wraps matrices of projected gradients.</summary>
    /// <param name="name">What messages call them.</param>
    /// <param name="dimension">Numbers per row and checkpoint.</param>
    /// <param name="checkpoints">[checkpoints] of [rows, dimension], row-major; not copied.</param>
    /// <param name="etabar">The checkpoints' weights, scaled here to sum 1; null for equal ones.</param>
    /// <param name="shardRows">Rows per unit of parallel work.</param>
    /// <exception cref="PursuitException">Shapes disagree, a weight is negative, or a row holds NaN or infinity.</exception>
    public MemoryFeatures(
        string name, int dimension, float[][] checkpoints, IReadOnlyList<double>? etabar = null,
        int shardRows = FeatureRows.DefaultShardRows)
    {
        if (checkpoints.Length == 0 || dimension < 1 || !checkpoints.All(IsWhole))
        {
            throw PursuitException.At(
                name,
                $"{checkpoints.Length} blocks of [{string.Join(", ", checkpoints.Select(c => c.Length))}] numbers",
                $"at least one block, all of rows x {dimension} numbers");
        }

        Name = name;
        Dimension = dimension;
        Rows = checkpoints[0].Length / dimension;
        ShardRows = shardRows;
        _checkpoints = checkpoints;
        Etabar = FeatureRows.Etabar(name, etabar, checkpoints.Length);
        _norms = FeatureRows.Norms(this, CancellationToken.None);

        bool IsWhole(float[] values) => values.Length == checkpoints[0].Length && values.Length % dimension == 0;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Checkpoints => _checkpoints.Length;

    /// <inheritdoc/>
    public int Dimension { get; }

    /// <inheritdoc/>
    public int BytesPerElement => sizeof(float);

    /// <inheritdoc/>
    public IReadOnlyList<double> Etabar { get; }

    /// <inheritdoc/>
    public int ShardRows { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Norms(int checkpoint) => _norms[checkpoint];

    /// <inheritdoc/>
    public ReadOnlySpan<float> Scales(int checkpoint) => [];

    /// <inheritdoc/>
    public FeatureTile Read(int checkpoint, int firstRow, int rows, Span<float> scratch) =>
        new(_checkpoints[checkpoint].AsSpan(firstRow * Dimension, rows * Dimension));

    /// <inheritdoc/>
    public void Dispose()
    {
        // Plain arrays: nothing to give back.
    }
}
