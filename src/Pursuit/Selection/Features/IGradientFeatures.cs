namespace Pursuit.Selection.Features;

/// <summary>
/// Gradient features as methods read them: for each of T checkpoints ("blocks") a matrix of projected gradients
/// P g_i(t), [rows, dimension], with each row's norm. The gradient is scale x stored, so that a store may keep unit rows in
/// bf16 and lose no range.
/// </summary>
/// <remarks>Implementations are safe to read from several threads at once.</remarks>
public interface IGradientFeatures : IDisposable
{
    /// <summary>What messages call these features: a path, as a rule.</summary>
    string Name { get; }

    /// <summary>Examples, N.</summary>
    int Rows { get; }

    /// <summary>Checkpoints, T.</summary>
    int Blocks { get; }

    /// <summary>Numbers per example and checkpoint, d.</summary>
    int Dimension { get; }

    /// <summary>Bytes of one number in the store; what a pass reads is rows x blocks x dimension times this.</summary>
    int BytesPerElement { get; }

    /// <summary>Each checkpoint's share of the learning rate, [blocks], sums to 1.</summary>
    IReadOnlyList<double> Etabar { get; }

    /// <summary>Rows per unit of parallel work; a tile never crosses a multiple of it. Results don't depend on it.</summary>
    int ShardRows { get; }

    /// <summary>||P g_i(t)|| of every row, [rows].</summary>
    ReadOnlySpan<float> Norms(int block);

    /// <summary>What stored rows are multiplied by to give P g_i(t), [rows]; empty where that is 1.</summary>
    ReadOnlySpan<float> Scales(int block);

    /// <summary>Reads consecutive rows of one block, all within one shard.</summary>
    /// <param name="block">The checkpoint.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">How many.</param>
    /// <param name="scratch">Room for rows x dimension numbers, used where the store's numbers need converting.</param>
    FeatureTile Read(int block, int firstRow, int rows, Span<float> scratch);
}
