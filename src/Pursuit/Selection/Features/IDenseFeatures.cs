namespace Pursuit.Selection.Features;

/// <summary>
/// Dense features as methods read them: one matrix [rows, dimension] per checkpoint, with each row's norm. A gradient trajectory
/// has T checkpoints, each with projected gradients P g_i(t); an embedding counts as one. The feature is scale x
/// stored, so that a store may keep unit rows in bf16 and lose no range.
/// </summary>
/// <remarks>Implementations are safe to read from several threads at once.</remarks>
public interface IDenseFeatures : IDisposable
{
    /// <summary>What messages call these features: a path, as a rule.</summary>
    string Name { get; }

    /// <summary>Examples, N.</summary>
    int Rows { get; }

    /// <summary>Checkpoints, T; 1 for an embedding.</summary>
    int Checkpoints { get; }

    /// <summary>Numbers per example and checkpoint, d.</summary>
    int Dimension { get; }

    /// <summary>Bytes of one number in the store; what a pass reads is rows x checkpoints x dimension times this.</summary>
    int BytesPerElement { get; }

    /// <summary>Each checkpoint's share of the learning rate, [checkpoints], sums to 1; 1 for an embedding.</summary>
    IReadOnlyList<double> Etabar { get; }

    /// <summary>Rows per unit of parallel work; a tile never crosses a multiple of it. Results don't depend on it.</summary>
    int ShardRows { get; }

    /// <summary>Every row's norm, [rows]: ||P g_i(t)|| of a gradient.</summary>
    ReadOnlySpan<float> Norms(int checkpoint);

    /// <summary>What stored rows are multiplied by to give the features, [rows]; empty where that is 1.</summary>
    ReadOnlySpan<float> Scales(int checkpoint);

    /// <summary>Reads consecutive rows of one checkpoint, all within one shard.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">How many.</param>
    /// <param name="scratch">Room for rows x dimension numbers, used where the store's numbers need converting.</param>
    FeatureTile Read(int checkpoint, int firstRow, int rows, Span<float> scratch);

    /// <summary>
    /// Says that some rows will be read soon, all within one shard, so that features on a disk can fetch them meanwhile; a hint, which
    /// needn't be taken.
    /// </summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">How many.</param>
    void Prefetch(int checkpoint, int firstRow, int rows)
    {
        // Features in memory are there.
    }
}
